"""One gateway for all tests of a run; each makes a tenant of its own."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest

from chassis.database import Connection
from cli.local.ports import any_ports
from cli.local.postgres import PostgresServer
from gateway.testing.offices import Office, client_of, open_office
from gateway.testing.processes import Gateway, running
from gateway.testing.upstreams import Upstream, serving

SERVICES = ("contacts", "sales", "marketing", "analytics")
SETTINGS = {
    "GATEWAY_UPSTREAM_DEADLINE_SECONDS": "2",
    "GATEWAY_COMPOSITION_DEADLINE_SECONDS": "0.5",
    "GATEWAY_SIGN_IN_FAILURES": "4",
    "GATEWAY_SIGN_IN_ADDRESS_FAILURES": "1000",
}


@pytest.fixture(scope="session")
def gateway(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    postgres_server.create_database("gateway")
    ports = dict(any_ports(["gateway", *SERVICES]))
    with running(
        port=ports.pop("gateway"),
        upstream_ports=ports,
        database_url=postgres_server.database_url("gateway"),
        log=tmp_path_factory.mktemp("gateway") / "gateway.log",
        settings=SETTINGS,
    ) as gateway:
        yield gateway


@pytest.fixture
async def database(gateway: Gateway) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(gateway.database_url)
    yield connection
    await connection.close()


_numbers = itertools.count(1)


@pytest.fixture
async def new_office(gateway: Gateway) -> AsyncIterator[Callable[[], Awaitable[Office]]]:
    """A function that makes a tenant and signs its administrator in."""
    async with AsyncExitStack() as clients:
        yield lambda: open_office(gateway, f"office-{next(_numbers)}", clients)


@pytest.fixture
async def office(new_office: Callable[[], Awaitable[Office]]) -> Office:
    return await new_office()


@pytest.fixture
async def stranger(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(gateway) as client:
        yield client


@pytest.fixture
async def contacts(gateway: Gateway) -> AsyncIterator[Upstream]:
    async with serving(Upstream(), gateway.upstream_ports["contacts"]) as upstream:
        yield upstream


@pytest.fixture
async def sales(gateway: Gateway) -> AsyncIterator[Upstream]:
    async with serving(Upstream(), gateway.upstream_ports["sales"]) as upstream:
        yield upstream


@pytest.fixture
async def marketing(gateway: Gateway) -> AsyncIterator[Upstream]:
    async with serving(Upstream(), gateway.upstream_ports["marketing"]) as upstream:
        yield upstream
