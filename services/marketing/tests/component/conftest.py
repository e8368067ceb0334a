"""Marketing on a real database; every test has a tenant of its own."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.testing import Running, migrate_now, reaching, running
from cli.local.postgres import PostgresServer
from marketing.app import SERVICE

EVERYTHING = reaching("all", "channels", "campaigns", "spend", "forms", "leads")


@pytest.fixture(scope="session")
def migrated(postgres_server: PostgresServer) -> str:
    """The URL of a database at marketing's newest revision."""
    postgres_server.create_database("marketing")
    return migrate_now(SERVICE, postgres_server.database_url("marketing"))


@pytest.fixture
async def marketing(migrated: str) -> AsyncIterator[Running]:
    async with running(SERVICE, migrated) as service:
        yield service


@pytest.fixture
def tenant() -> UUID:
    return uuid4()


@pytest.fixture
def marketer(marketing: Running, tenant: UUID) -> httpx.AsyncClient:
    """Somebody who may do everything in `tenant`."""
    return marketing.client(tenant, permissions=EVERYTHING, department_path=(tenant, uuid4()))


@pytest.fixture
def stranger(marketing: Running) -> httpx.AsyncClient:
    """Somebody without an identity."""
    return marketing.client_of(None)


@pytest.fixture
async def channel(marketer: httpx.AsyncClient) -> str:
    """The id of a channel."""
    answer = await marketer.post("/v1/channels", json={"name": "Яндекс Директ", "kind": "search"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture
async def campaign(marketer: httpx.AsyncClient, channel: str) -> str:
    """The id of a campaign over `channel`, without a budget."""
    answer = await marketer.post("/v1/campaigns", json={"name": "Весна", "channel": channel})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
