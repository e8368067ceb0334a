"""The gateway's log on a database of its own, written and read as at work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from chassis.testing import migrate_now
from cli.local.postgres import PostgresServer
from gateway.app import SERVICE
from gateway.testing.deliveries import Desk, opened_desk
from gateway.testing.processes import Gateway

_NAME = "delivery"


@pytest.fixture(scope="session")
def delivery_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A migrated database; each test has tenants of its own."""
    postgres_server.create_database(_NAME)
    yield migrate_now(SERVICE, postgres_server.database_url(_NAME))
    postgres_server.drop_database(_NAME)


@pytest.fixture
async def desk(delivery_url: str) -> AsyncIterator[Desk]:
    async with opened_desk(delivery_url) as desk:
        yield desk


@pytest.fixture
async def broker_side(gateway: Gateway) -> AsyncIterator[Desk]:
    """What writes the log of the gateway that everybody asks: another process than that one."""
    async with opened_desk(gateway.database_url) as desk:
        yield desk
