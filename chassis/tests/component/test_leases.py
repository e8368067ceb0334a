"""Slots have one owner at a time, by the database's clock, on either store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from chassis.database import Database
from chassis.leases import Leases, Turn
from chassis.mongodb.turns import Turn as TurnOnMongoDB
from chassis.storage import AnyDatabase
from chassis.tests.component.stores import opened_at
from events.topics import DEAL, REASON, Topic

TOPICS: tuple[Topic, ...] = (DEAL, REASON)
SECONDS = 0.6


@pytest.fixture
async def database(new_store: Callable[[], str]) -> AsyncIterator[AnyDatabase]:
    async with opened_at(new_store(), TOPICS) as opened:
        yield opened


ALL = sum(topic.partitions for topic in TOPICS)


async def test_a_relay_alone_holds_every_slot(database: AnyDatabase) -> None:
    alone = Leases(database, TOPICS, 60)
    await alone.renew()
    assert len(alone.hold()) == ALL


async def test_a_held_slot_is_not_taken(database: AnyDatabase) -> None:
    first, second = (Leases(database, TOPICS, 60) for _ in range(2))
    await first.renew()
    await second.renew()
    assert second.hold() == frozenset()


async def test_relays_come_to_share_the_slots_evenly_and_hold_none_twice(
    database: AnyDatabase,
) -> None:
    relays = [Leases(database, TOPICS, 60) for _ in range(3)]
    for _ in range(4):
        for relay in relays:
            await relay.renew()
            held = [slot for each in relays for slot in each.hold()]
            assert len(held) == len(set(held))
    assert sorted(len(relay.hold()) for relay in relays) == [3, 5, 5]


async def test_what_is_given_back_stays_leased_while_it_settles(database: AnyDatabase) -> None:
    first, second = (Leases(database, TOPICS, 60) for _ in range(2))
    await first.renew()
    await second.renew()
    await first.renew()
    assert len(first.hold()) == -(-ALL // 2)
    await second.renew()
    assert second.hold() == frozenset()
    await first.renew()
    await second.renew()
    assert len(second.hold()) == ALL // 2


async def test_the_slots_of_a_silent_relay_pass_on_and_it_knows_that(database: AnyDatabase) -> None:
    frozen, successor = (Leases(database, TOPICS, SECONDS) for _ in range(2))
    await frozen.renew()
    await asyncio.sleep(SECONDS + 0.05)
    assert frozen.hold() == frozenset()
    await successor.renew()
    assert successor.hold()
    await frozen.renew()
    assert frozen.hold() == frozenset()


async def test_what_a_clock_promised_before_it_was_set_back_does_not_hold(
    database: AnyDatabase,
) -> None:
    dead, successor = (Leases(database, TOPICS, SECONDS) for _ in range(2))
    await dead.renew()
    for kept in ("relay_slot", "relay_member"):
        if isinstance(database, Database):
            await database.pool.execute(f"update {kept} set until = until + interval '1 day'")
            continue
        for lease in await database[kept].find({}):
            later = {"until": lease["until"] + timedelta(days=1)}
            await database[kept].update({"_id": lease["_id"]}, {"$set": later})
    await successor.renew()
    assert len(successor.hold()) == ALL


async def test_a_turn_that_was_given_before_the_clock_was_set_back_is_over(
    database: AnyDatabase,
) -> None:
    if isinstance(database, Database):
        first, second = (Turn(database, "one", 60) for _ in range(2))
        assert await first.take()
        assert not await second.take()
        await database.pool.execute("update turn set until = until + interval '1 hour'")
        assert await second.take()
        return
    one, other = (TurnOnMongoDB(database, "one") for _ in range(2))
    assert await one.take()
    assert not await other.take()
    (held,) = await database["turn"].find({})
    later = {"until": held["until"] + timedelta(hours=1)}
    await database["turn"].update({"_id": held["_id"]}, {"$set": later})
    assert await other.take()


async def test_released_slots_are_free_at_once(database: AnyDatabase) -> None:
    first, second = (Leases(database, TOPICS, 60) for _ in range(2))
    await first.renew()
    await first.release()
    await second.renew()
    assert first.hold() == frozenset()
    assert second.hold()


async def test_a_turn_is_one_holders_until_it_is_given_back_or_over(
    new_database: Callable[[], str],
) -> None:
    async with opened_at(new_database(), TOPICS) as database:
        assert isinstance(database, Database)
        await take_turns(database)


async def take_turns(database: Database) -> None:
    first, second = (Turn(database, "one", 60) for _ in range(2))
    assert await first.take()
    assert await first.take()
    assert not await second.take()
    assert await Turn(database, "other", 60).take()
    await first.release()
    assert await second.take()
    assert not await first.take()
    # As if the second were frozen for longer than its turn.
    await database.pool.execute("update turn set until = clock_timestamp() where name = 'one'")
    assert await first.take()
    assert not await second.take()
    await second.release()
    assert not await second.take()
