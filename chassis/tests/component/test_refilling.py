"""When an owner sends again what it has sent before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from chassis.database import Database
from chassis.generations import refill
from chassis.tests.component.products import opened
from events.topics import PRODUCT


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        for _ in range(3):
            await database.pool.execute(
                """insert into journal
                   (tenant, topic, slot, subject, version, type, event, body, time)
                   values ($1, $2, 0, $1, 1, 'type', $1, '{}', now())""",
                uuid4(),
                PRODUCT.name,
            )
        yield database


async def acknowledge_all(database: Database) -> None:
    await database.pool.execute("delete from outbox")


async def test_a_generation_is_filled_once(database: Database) -> None:
    assert await refill(database, "first") == 3
    await acknowledge_all(database)
    assert await refill(database, "first") == 0


async def test_a_generation_that_comes_back_is_filled_again(database: Database) -> None:
    """It has missed what was sent to the other, as when a platform goes from Kafka and returns."""
    for generation in ("kafka", "tansu", "kafka"):
        assert await refill(database, generation) == 3
        await acknowledge_all(database)
    assert await refill(database, "kafka") == 0
