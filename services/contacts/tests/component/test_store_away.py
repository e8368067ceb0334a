"""What contacts says while its store is away, and that nothing is half done: on either store."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from chassis.service import bring_up_to_date
from chassis.testing import Running, running
from chassis.testing_records import STORES
from cli.local.ferretdb import FerretDB
from cli.local.ports import any_ports
from cli.local.postgres import PostgresServer
from contacts.app import SERVICE
from services.contacts.tests.conftest import EVERYTHING


@dataclass
class OwnServer:
    """A server for one test, which may end and begin again; `url` is that of a database."""

    url: str
    end: Callable[[], None]
    begin: Callable[[], None]


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[PostgresServer]:
    port = any_ports(["postgres"])["postgres"]
    log = tmp_path / "postgres.log"
    server = PostgresServer(tmp_path / "data", port, log, settings={"fsync": "off"})
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=STORES)
def server(request: pytest.FixtureRequest) -> OwnServer:
    if request.param == "mongodb":
        ferretdb: FerretDB = request.getfixturevalue("own_ferretdb")
        return OwnServer(ferretdb.url("contacts"), ferretdb.kill, ferretdb.start)
    postgres: PostgresServer = request.getfixturevalue("own_postgres")
    postgres.create_database("contacts")
    return OwnServer(postgres.database_url("contacts"), postgres.stop, postgres.start)


@pytest.fixture
async def contacts(server: OwnServer) -> AsyncIterator[Running]:
    await bring_up_to_date(SERVICE, server.url)
    async with running(SERVICE, server.url) as service:
        yield service


@pytest.fixture
def anna(contacts: Running, tenant: UUID) -> httpx.AsyncClient:
    return contacts.client(tenant, permissions=EVERYTHING)


async def test_while_the_store_is_away_contacts_is_not_ready_and_refuses_clearly(
    contacts: Running, anna: httpx.AsyncClient, server: OwnServer, tenant: UUID
) -> None:
    body, headers = {"name": "Ромашка"}, {"Idempotency-Key": "only once"}
    assert (await anna.get("/readyz")).status_code == 200
    await asyncio.to_thread(server.end)
    ready, made, listed = await asyncio.gather(
        anna.get("/readyz"),
        anna.post("/v1/companies", json=body, headers=headers),
        anna.get("/v1/companies"),
    )
    assert (ready.status_code, made.status_code, listed.status_code) == (503, 503, 503)
    assert "the database does not answer" in ready.text
    assert made.json()["type"] == "urn:meridian:problem:unavailable"
    await asyncio.to_thread(server.begin)
    again = await anna.post("/v1/companies", json=body, headers=headers)
    assert again.status_code == 201, again.text
    assert (await anna.get("/readyz")).status_code == 200
    assert [told.aggregateversion for told in await contacts.journal(tenant)] == [1]


async def test_a_store_that_dies_in_the_middle_of_requests_leaves_each_done_once_or_not_at_all(
    contacts: Running, anna: httpx.AsyncClient, server: OwnServer, tenant: UUID
) -> None:
    async def create(n: int) -> int:
        headers = {"Idempotency-Key": f"company {n}"}
        body = {"name": f"Компания {n}"}
        return (await anna.post("/v1/companies", json=body, headers=headers)).status_code

    creating = [asyncio.create_task(create(n)) for n in range(40)]
    await asyncio.wait(creating, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.to_thread(server.end)
    first = Counter(await asyncio.gather(*creating))
    assert set(first) <= {201, 503}
    await asyncio.to_thread(server.begin)
    assert {await create(n) for n in range(40)} == {201}
    items = (await anna.get("/v1/companies", params={"limit": "100"})).json()["items"]
    assert Counter(item["name"] for item in items) == {f"Компания {n}": 1 for n in range(40)}
    assert Counter(told.aggregateversion for told in await contacts.journal(tenant)) == {1: 40}
