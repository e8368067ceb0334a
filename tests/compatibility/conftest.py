"""Services at work on databases of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count

import pytest

from chassis.database import Database
from chassis.migrations import migrate
from chassis.service import Service
from chassis.testing import Running, running
from cli.local.postgres import PostgresServer
from tests.compatibility.story import tables

StartService = Callable[[Service], Awaitable[Running]]
Databases = dict[str, str]


@pytest.fixture(scope="session")
def databases() -> Databases:
    """The URLs of migrated databases by their names; migrating takes longer than most tests."""
    return {}


@pytest.fixture
async def start(
    databases: Databases, postgres_server: PostgresServer
) -> AsyncIterator[StartService]:
    """A function that sets a service to work on an empty database."""
    numbers = count()
    async with AsyncExitStack() as stack:

        async def started(service: Service) -> Running:
            name = f"compatible_{service.name}_{next(numbers)}"
            if name not in databases:
                postgres_server.create_database(name)
                await migrate(service.migrations, postgres_server.database_url(name))
                databases[name] = postgres_server.database_url(name)
            service_at_work = await stack.enter_async_context(running(service, databases[name]))
            await _empty(service_at_work.database)
            return service_at_work

        yield started


async def _empty(database: Database) -> None:
    names = ", ".join(f'"{name}"' for name in await tables(database, but=("alembic_version",)))
    await database.pool.execute(f"truncate {names} restart identity cascade")
