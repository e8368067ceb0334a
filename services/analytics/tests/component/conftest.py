"""Analytics on a real database; every test has a tenant of its own."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from random import Random

import httpx
import pytest

from analytics.app import SERVICE
from analytics.consumer import CONSUMER
from chassis.inbox import Inbox
from chassis.testing import Running, migrate_now, running
from cli.local.postgres import PostgresServer
from events.values import Reach
from services.analytics.tests.component.world import World

AS_OF = datetime(2026, 7, 1, 12, tzinfo=UTC)


PLACES = [
    (handler.aggregate.topic.name, partition)
    for handler in CONSUMER.handlers
    for partition in range(handler.aggregate.topic.partitions)
]


@pytest.fixture(scope="session")
def migrated(postgres_server: PostgresServer) -> str:
    """The URL of a database at analytics' newest revision, caught up once."""
    postgres_server.create_database("analytics")
    return migrate_now(SERVICE, postgres_server.database_url("analytics"))


@pytest.fixture
async def analytics(migrated: str) -> AsyncIterator[Running]:
    async with running(SERVICE, migrated) as service:
        await service.database.pool.execute(
            """insert into projection (consumer, topic, partition, as_of)
               select 'analytics', topic, partition, $3
               from unnest($1::text[], $2::integer[]) as places(topic, partition)
               on conflict (consumer, topic, partition) do update set as_of = excluded.as_of""",
            [topic for topic, _ in PLACES],
            [partition for _, partition in PLACES],
            AS_OF,
        )
        yield service


@pytest.fixture
def inbox(analytics: Running) -> Inbox:
    """What takes analytics' events in."""
    return Inbox(CONSUMER, analytics.transactions)


@pytest.fixture
def world() -> World:
    """A company of which analytics knows nothing yet."""
    return World(Random(20260701))


@pytest.fixture
async def reported(world: World, inbox: Inbox) -> World:
    """A company of which analytics knows everything."""
    made = world.events()
    assert await inbox.apply_events(made) == len(made)
    return world


ClientOf = Callable[[World, Reach], httpx.AsyncClient]


@pytest.fixture
def reader_of(analytics: Running) -> ClientOf:
    """A function: somebody who reads a world's reports as its reader, within a reach."""

    def reader(world: World, reach: Reach) -> httpx.AsyncClient:
        return analytics.client(
            world.tenant,
            permissions={"reports:read": reach},
            user=world.reader.id,
            department_path=world.departments["north"].path,
        )

    return reader
