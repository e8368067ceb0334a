"""Slots have one owner at a time, by the database's clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from chassis.database import Database
from chassis.partitions import partition_of
from chassis.relay import Leases
from chassis.schema import V1
from events.envelope import partition_key
from events.topics import PRODUCT, REASON, Topic

TOPICS: tuple[Topic, ...] = (PRODUCT, REASON)
SECONDS = 0.6


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, 4)
    await opened.open()
    for statement in V1:
        await opened.pool.execute(statement)
    yield opened
    await opened.close()


async def journal(database: Database, versions: int) -> list[int]:
    """The positions of so many versions of one product, acknowledged already."""
    tenant, subject = uuid4(), uuid4()
    slot = partition_of(partition_key(tenant, str(subject)), PRODUCT.partitions)
    return [
        await database.pool.fetchval(
            """insert into journal (tenant, topic, slot, subject, version, type, event, body, time)
               values ($1, $2, $3, $4, $5, 'type', $6, '{}', now()) returning position""",
            tenant,
            PRODUCT.name,
            slot,
            subject,
            version,
            uuid4(),
        )
        for version in range(1, versions + 1)
    ]


async def test_a_held_slot_is_not_taken(database: Database) -> None:
    first, second = (Leases(database, TOPICS, 60) for _ in range(2))
    await first.renew()
    await second.renew()
    assert len(first.hold()) == sum(topic.partitions for topic in TOPICS)
    assert second.hold() == frozenset()


async def test_the_slots_of_a_silent_relay_pass_on_and_it_knows_that(database: Database) -> None:
    frozen, successor = (Leases(database, TOPICS, SECONDS) for _ in range(2))
    await frozen.renew()
    await asyncio.sleep(SECONDS + 0.05)
    assert frozen.hold() == frozenset()
    await successor.renew()
    assert successor.hold()
    await frozen.renew()
    assert frozen.hold() == frozenset()


async def test_released_slots_are_free_at_once(database: Database) -> None:
    first, second = (Leases(database, TOPICS, 60) for _ in range(2))
    await first.renew()
    await first.release()
    await second.renew()
    assert first.hold() == frozenset()
    assert second.hold()


async def test_a_successor_sends_the_newest_event_of_recent_keys_again(database: Database) -> None:
    positions = await journal(database, versions=3)
    await Leases(database, TOPICS, 60).renew()
    rows = await database.pool.fetch("select position from outbox")
    assert [row["position"] for row in rows] == [positions[-1]]
