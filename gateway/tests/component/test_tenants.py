"""Creating tenants: who may, what comes into being, and that it is all or nothing."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from chassis.database import Connection
from gateway.testing.offices import PASSWORD, Office, made, tenant_draft
from gateway.testing.processes import BOOTSTRAP_TOKEN

BOOTSTRAP = {"Authorization": f"Bearer {BOOTSTRAP_TOKEN}"}


async def test_a_tenant_begins_with_a_root_department_and_an_administrator(
    stranger: httpx.AsyncClient,
) -> None:
    draft = tenant_draft("begins-well")
    answer = await stranger.post("/v1/tenants", json=draft, headers=BOOTSTRAP)
    assert answer.status_code == 201
    body = answer.json()
    tenant, department, user = body["tenant"], body["department"], body["user"]
    assert (tenant["slug"], tenant["currency"], tenant["version"]) == ("begins-well", "RUB", 1)
    assert department["path"] == [department["id"]]
    assert (department["city"], department["time_zone"]) == ("Москва", "Europe/Moscow")
    assert (user["status"], user["roles"]) == ("active", ["administrator"])
    assert user["department"] == department["id"]
    written = answer.headers["Meridian-Written"]
    assert {token.split("/")[0] for token in written.split(", ")} == {
        "crm.directory.tenant",
        "crm.directory.department",
        "crm.directory.user",
    }


async def test_each_of_the_three_has_its_event_and_none_knows_the_password(
    office: Office, database: Connection
) -> None:
    rows = await database.fetch(
        "select type, body::text as body from journal where tenant = $1 order by position",
        office.tenant,
    )
    assert [row["type"] for row in rows] == [
        "crm.directory.tenant.created.v1",
        "crm.directory.department.created.v1",
        "crm.directory.user.activated.v1",
    ]
    assert not any(PASSWORD in row["body"] or "argon2" in row["body"] for row in rows)


@pytest.mark.parametrize("token", ["", "Bearer wrong", BOOTSTRAP_TOKEN, f"Basic {BOOTSTRAP_TOKEN}"])
async def test_nobody_creates_tenants_without_the_bootstrap_token(
    stranger: httpx.AsyncClient, token: str
) -> None:
    headers = {"Authorization": token} if token else {}
    answer = await stranger.post("/v1/tenants", json=tenant_draft("not-made"), headers=headers)
    assert answer.status_code == 401


async def test_a_slug_belongs_to_one_tenant_even_when_two_ask_at_once(
    stranger: httpx.AsyncClient, database: Connection
) -> None:
    answers = await asyncio.gather(
        *(
            stranger.post("/v1/tenants", json=tenant_draft("wanted"), headers=BOOTSTRAP)
            for _ in range(3)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["type"] == "urn:meridian:problem:tenant-exists"
    tenant = await database.fetchval("select id from tenants where slug = 'wanted'")
    for table in ("tenants", "departments", "users", "password"):
        count = await database.fetchval(f"select count(*) from {table} where tenant = $1", tenant)
        assert count == 1, table


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "Not A Slug"}, "slug"),
        ({"slug": "newline\n"}, "slug"),
        ({"time_zone": "Moscow"}, "time_zone"),
        ({"currency": "roubles"}, "currency"),
        ({"administrator": {"name": "A", "login": "a", "password": "short"}}, None),
        ({"unknown": 1}, "unknown"),
    ],
)
async def test_a_wrong_draft_names_the_field_and_makes_nothing(
    stranger: httpx.AsyncClient,
    database: Connection,
    change: dict[str, object],
    field: str | None,
) -> None:
    before = await database.fetchval("select count(*) from journal")
    draft = tenant_draft("wrong-draft") | change
    answer = await stranger.post("/v1/tenants", json=draft, headers=BOOTSTRAP)
    assert answer.status_code == 422
    assert field is None or answer.json()["field"] == field
    assert await database.fetchval("select count(*) from journal") == before


async def test_everybody_reads_their_own_tenant(
    new_office: Callable[[], Awaitable[Office]],
) -> None:
    ours, theirs = await new_office(), await new_office()
    assert made(await ours.admin.get("/v1/tenant"))["id"] == str(ours.tenant)
    assert made(await theirs.admin.get("/v1/tenant"))["id"] == str(theirs.tenant)


async def test_me_says_who_one_is_and_what_one_may_do(office: Office) -> None:
    user, agent = await office.employed("agent")
    me = made(await agent.get("/v1/me"))
    assert me["user"] == user
    assert me["tenant"]["slug"] == office.slug
    assert me["department"]["id"] == office.root
    assert me["permissions"]["deals:write"] == "own"
    assert "users:write" not in me["permissions"]
