"""A tide never says more than that everything before it has reached the broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import uuid4

import pytest

from chassis.database import Connection, Database
from chassis.schema import CURRENT
from chassis.tides import measured


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, 4)
    await opened.open()
    for statement in CURRENT:
        await opened.pool.execute(statement)
    yield opened
    await opened.close()


async def journal(connection: Connection) -> datetime:
    """Journal an event that waits to be sent; when it was recorded."""
    recorded: datetime = await connection.fetchval(
        """with recorded as (
               insert into journal (tenant, topic, slot, subject, version, type, event, body, time)
               values ($1, 'crm.sales.deal', 0, $1, 1, 'type', $1, '{}', now())
               returning position, topic, slot, recordedtime),
           queued as (
               insert into outbox (position, topic, slot, recordedtime) select * from recorded)
           select recordedtime from recorded""",
        uuid4(),
    )
    return recorded


async def now(database: Database) -> datetime:
    moment: datetime = await database.pool.fetchval("select clock_timestamp()")
    return moment


async def test_with_nothing_to_send_the_tide_is_the_present(database: Database) -> None:
    before = await now(database)
    assert before <= await measured(database) <= await now(database)


async def test_an_event_that_is_not_sent_holds_the_tide(database: Database) -> None:
    async with database.pool.acquire() as connection:
        recorded = await journal(connection)
        assert await measured(database) == recorded
        await connection.execute("delete from outbox")
    assert await measured(database) > recorded


async def test_an_open_transaction_holds_the_tide_before_it_commits(database: Database) -> None:
    async with database.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        recorded = await journal(connection)
        assert await measured(database) < recorded
        await transaction.commit()
    assert await measured(database) == recorded


async def test_a_transaction_that_only_reads_does_not_hold_it(database: Database) -> None:
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.fetchval("select count(*) from journal")
        before = await now(database)
        assert await measured(database) >= before
