"""Two gateway processes with one Redis."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from cli.local.ports import any_ports
from cli.local.postgres import PostgresServer
from cli.local.valkey import Valkey
from gateway.testing.offices import Office, open_office
from gateway.testing.processes import Gateway, running

SERVICES = ("contacts", "sales", "marketing", "analytics")
NAMES = ("one", "other")


@pytest.fixture
def gateways(
    postgres_server: PostgresServer, own_valkey: Valkey, tmp_path: Path
) -> Iterator[list[Gateway]]:
    """Two of them, which together grant five requests an hour with one token."""
    postgres_server.create_database("two_gateways")
    ports = dict(any_ports([*NAMES, *SERVICES]))
    own = [ports.pop(name) for name in NAMES]
    settings = {
        "GATEWAY_LIMITS_URL": own_valkey.url,
        "GATEWAY_LIMITS_SECONDS": "30",
        "GATEWAY_BREAKER_FAILURES": "1",
        "GATEWAY_LIMIT_WINDOW_SECONDS": "3600",
        "GATEWAY_KEY_REQUESTS": "5",
    }
    with running(
        port=own[0], upstream_ports=ports, settings=settings, log=tmp_path / "one.log",
        database_url=postgres_server.database_url("two_gateways"),
    ) as one, running(
        port=own[1], upstream_ports=ports, settings=settings, log=tmp_path / "other.log",
        database_url=postgres_server.database_url("two_gateways"),
    ) as other:  # fmt: skip
        yield [one, other]


@pytest.fixture
async def office(gateways: list[Gateway]) -> AsyncIterator[Office]:
    async with AsyncExitStack() as clients:
        yield await open_office(gateways[0], "shared", clients)


async def test_a_token_is_good_for_so_many_requests_wherever_it_is_sent(
    gateways: list[Gateway], office: Office, own_valkey: Valkey, tmp_path: Path
) -> None:
    headers = {"Authorization": office.admin.headers["Authorization"]}

    async def ask(gateway: Gateway, path: str = "/v1/me") -> httpx.Response:
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as client:
            return await client.get(path)

    one, other = gateways
    answers = [await ask(gateway) for gateway in (one, other, one, other, one, other, one)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert answers[3].headers["RateLimit"].startswith('"key";r=1;t=')
    own_valkey.kill()
    alone = [await ask(gateway) for gateway in (one, other)]
    assert [answer.headers["RateLimit"].split(";")[1] for answer in alone] == ["r=4"] * 2
    assert (await ask(one, "/readyz")).status_code == 200
    assert "meridian_edge_limits_alone_total 1.0" in (await ask(one, "/metrics")).text
    assert "counted by this gateway alone" in (tmp_path / "one.log").read_text()
