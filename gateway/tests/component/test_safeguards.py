"""A gateway of small limits: who asks too much, and what is written down of refusals."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from cli.local.ports import any_ports
from cli.local.postgres import PostgresServer
from gateway.testing.offices import PASSWORD, Office, open_office
from gateway.testing.processes import Gateway, running
from gateway.testing.upstreams import Upstream, serving

SERVICES = ("contacts", "sales", "marketing", "analytics")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("strict") / "gateway.log"


@pytest.fixture(scope="module")
def strict(postgres_server: PostgresServer, log: Path) -> Iterator[Gateway]:
    """A gateway that grants thirty requests an hour, five to a token, twelve to an address."""
    postgres_server.create_database("strict")
    ports = dict(any_ports(["gateway", *SERVICES]))
    with running(
        port=ports.pop("gateway"),
        upstream_ports=ports,
        database_url=postgres_server.database_url("strict"),
        log=log,
        settings={
            "GATEWAY_LIMIT_WINDOW_SECONDS": "3600",
            "GATEWAY_TENANT_REQUESTS": "30",
            "GATEWAY_USER_REQUESTS": "20",
            "GATEWAY_KEY_REQUESTS": "5",
            "GATEWAY_ADDRESS_REQUESTS": "12",
            "GATEWAY_TRUSTED_PROXIES": "127.0.0.0/8",
            "GATEWAY_SIGN_IN_FAILURES": "3",
            "GATEWAY_SIGN_IN_ADDRESS_FAILURES": "9",
        },
    ) as gateway:
        yield gateway


@pytest.fixture
async def strict_office(strict: Gateway) -> AsyncIterator[Office]:
    async with AsyncExitStack() as clients:
        yield await open_office(strict, f"strict-{uuid4().hex[:8]}", clients)


@pytest.fixture
async def people(strict: Gateway) -> AsyncIterator[Upstream]:
    async with serving(Upstream(), strict.upstream_ports["contacts"]) as upstream:
        yield upstream


def text_of(log: Path) -> str:
    return log.read_text()


def refusals(log: Path) -> list[dict[str, Any]]:
    entries = [json.loads(line) for line in text_of(log).splitlines() if line[:1] == "{"]
    return [entry for entry in entries if entry["message"] == "refused"]


async def refusal_of(log: Path, office: Office) -> dict[str, Any]:
    """The one refusal of `office`, once it is written: a service's comes behind its answer."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        while not found:
            found = [one for one in refusals(log) if one.get("tenant") == str(office.tenant)]
            await asyncio.sleep(0.01)
    (entry,) = found
    return entry


async def test_a_token_is_good_for_so_many_requests(
    strict_office: Office, people: Upstream, log: Path
) -> None:
    answers = [await strict_office.admin.get("/v1/people") for _ in range(5)]
    assert [answer.headers["RateLimit"].split(";")[1] for answer in answers] == [
        f"r={left}" for left in (4, 3, 2, 1, 0)
    ]
    assert answers[0].headers["RateLimit-Policy"] == (
        '"tenant";q=30;w=3600, "user";q=20;w=3600, "key";q=5;w=3600'
    )
    refused = await strict_office.admin.get("/v1/people")
    assert refused.status_code == 429
    assert refused.json()["type"] == "urn:meridian:problem:too-many-requests"
    assert refused.json()["violated-policies"] == ["key"]
    assert 0 < int(refused.headers["Retry-After"]) <= 720
    assert refused.headers["RateLimit"].startswith('"key";r=0;t=')
    assert len(people.asked) == 5
    entry = await refusal_of(log, strict_office)
    assert entry["status"] == "429"
    assert entry["problem"] == "too-many-requests"
    assert entry["user"] == strict_office.administrator["id"]


@pytest.mark.usefixtures("people")
async def test_another_token_of_the_user_goes_on_until_the_users_are_used_up(
    strict_office: Office,
) -> None:
    statuses = []
    for address in range(5):
        strict_office.stranger.headers["X-Forwarded-For"] = f"192.0.2.{address}"
        admin = await strict_office.signed_in("anna")
        statuses += [(await admin.get("/v1/people")).status_code for _ in range(5)]
    assert statuses == [200] * 20 + [429] * 5


async def test_who_guesses_is_stopped_by_address_whatever_the_login(
    strict: Gateway, strict_office: Office, log: Path
) -> None:
    async with httpx.AsyncClient(
        base_url=strict.url, headers={"X-Forwarded-For": "198.51.100.7"}
    ) as guesser:
        body = {"tenant": strict_office.slug, "password": "sesame"}
        statuses = [
            (await guesser.post("/v1/sessions", json=body | {"login": f"guess-{n}"})).status_code
            for n in range(8)
        ]
        wrong_token = {"Authorization": "Bearer nonsense"}
        statuses += [
            (await guesser.get("/v1/people", headers=wrong_token)).status_code for _ in range(4)
        ]
        assert statuses == [401] * 12
        refused = await guesser.post(f"/v1/forms/{uuid4()}/submissions", json={})
        assert refused.status_code == 429
        assert refused.json()["violated-policies"] == ["address"]
        assert (await guesser.get("/v1/people", headers=wrong_token)).status_code == 429
    strict_office.stranger.headers["X-Forwarded-For"] = "198.51.100.8"
    assert (await strict_office.sign_in("anna", PASSWORD)).status_code == 201
    written = text_of(log)
    for personal in ("198.51.100.7", "guess-1", "sesame", "anna", "nonsense"):
        assert personal not in written


async def test_guesses_of_strangers_lock_nobody_out_where_they_have_been_before(
    strict_office: Office,
) -> None:
    stranger = strict_office.stranger
    stranger.headers["X-Forwarded-For"] = "2001:db8:0:7::1"
    await strict_office.signed_in("anna")
    statuses = []
    for address in range(5):
        stranger.headers["X-Forwarded-For"] = f"203.0.113.{address}"
        statuses.append((await strict_office.sign_in("anna", "sesame")).status_code)
    assert statuses == [401] * 3 + [429] * 2
    stranger.headers["X-Forwarded-For"] = "2001:db8:0:7::2"
    assert (await strict_office.sign_in("anna")).status_code == 201
    own = [(await strict_office.sign_in("anna", "sesame")).status_code for _ in range(4)]
    assert own == [401] * 3 + [429]


async def test_an_address_guesses_at_many_logins_no_faster(strict_office: Office) -> None:
    strict_office.stranger.headers["X-Forwarded-For"] = "203.0.113.99"
    answers = [await strict_office.sign_in(f"guess-{n}", "sesame") for n in range(10)]
    assert [answer.status_code for answer in answers] == [401] * 9 + [429]
    assert "violated-policies" not in answers[-1].json()


async def test_what_a_service_forbids_is_written_down_too(
    strict_office: Office, people: Upstream, log: Path
) -> None:
    people.status = 403
    strict_office.stranger.headers["X-Forwarded-For"] = "198.51.100.9"
    admin = await strict_office.signed_in("anna")
    await admin.get("/v1/people/7?email=a%40b.example")
    entry = await refusal_of(log, strict_office)
    assert (entry["status"], entry["problem"], entry["route"]) == (
        "403",
        "by-service",
        "/v1/people",
    )
    assert "b.example" not in text_of(log)
