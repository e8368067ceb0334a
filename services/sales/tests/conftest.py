"""Sales at work for a test, in a tenant of its own."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from chassis.testing import Running, migrate_now, running
from cli.local.postgres import PostgresServer
from sales.app import SERVICE


@pytest.fixture(scope="session")
def sales_database(postgres_server: PostgresServer) -> str:
    """The URL of a migrated database that all tests of this run share."""
    name = f"sales_{uuid4().hex}"
    postgres_server.create_database(name)
    return migrate_now(SERVICE, postgres_server.database_url(name))


@pytest.fixture
async def sales(sales_database: str) -> AsyncIterator[Running]:
    async with running(SERVICE, sales_database) as service:
        yield service


@pytest.fixture
def tenant() -> UUID:
    return uuid4()
