"""From the store to the broker: nothing lost, nothing out of order, on either store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import msgspec
import pytest

from chassis.database import Database
from chassis.generations import refill
from chassis.kafka import admin, make_topics
from chassis.leases import Leases
from chassis.mongodb.database import MongoDatabase
from chassis.relay import Relay
from chassis.replay import Wanted, replay
from chassis.settings import PlatformSettings
from chassis.storage import AnyDatabase, slots_of
from chassis.tests.component.products import (
    TENANT,
    Owner,
    Record,
    eventually,
    key_of,
    outbox_is_empty,
    records_of,
    settings_for,
)
from chassis.tests.component.stores import counts, opened_for_products
from chassis.tides import measured
from chassis.transactions import Transactions
from cli.local.broker import Broker
from events.catalogue import PRODUCT
from events.topics import Topic, replay_topic

TOPICS = (PRODUCT.topic,)
_MOMENT = timedelta(microseconds=1)


@pytest.fixture
async def database(new_store: Callable[[], str]) -> AsyncIterator[AnyDatabase]:
    async with opened_for_products(new_store()) as opened:
        yield opened


GENERATION = "now"


@pytest.fixture
async def owner(database: AnyDatabase) -> Owner:
    await refill(database, GENERATION)
    return Owner(Transactions("sales", database))


@pytest.fixture
async def settings(own_broker: Broker) -> PlatformSettings:
    settings = settings_for(own_broker)
    async with admin(settings) as client:
        await make_topics(client, TOPICS, settings)
    return settings


async def versions_in(topic: Topic, settings: PlatformSettings) -> dict[UUID, list[int]]:
    """The versions of each key, in the order in which the broker has them."""
    found: dict[UUID, list[int]] = {}
    for record in await records_of(topic, settings):
        found.setdefault(key_of(record), []).append(version_of(record))
    return found


def version_of(record: Record) -> int:
    return int(msgspec.json.decode(record.value or b"")["aggregateversion"])


async def acknowledge_all(database: AnyDatabase) -> None:
    if isinstance(database, Database):
        await database.pool.execute("delete from outbox")
    else:
        await counts(database)
        await database["journal"].update_many({}, {"$unset": {"waiting": ""}})


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_was_sent_and_not_acknowledged_is_sent_again_in_order(
    database: AnyDatabase, owner: Owner, settings: PlatformSettings
) -> None:
    first, second = await owner.create("first"), await owner.create("second")
    first = await owner.rename(first, "first, renamed")
    dying = Relay("sales", TOPICS, database, settings)
    sent = asyncio.Event()

    async def die(_: Any, positions: list[int], generation: str) -> None:
        assert generation == GENERATION
        assert positions
        sent.set()
        await asyncio.Event().wait()

    storage = type(owner.transactions.storage)
    with mock.patch.object(storage, "acknowledged", die):
        relaying = asyncio.create_task(dying.run(GENERATION))
        async with asyncio.timeout(20):
            await sent.wait()
        await stop(relaying)
    await owner.rename(first, "first, once more")
    relaying = asyncio.create_task(Relay("sales", TOPICS, database, settings).run(GENERATION))
    await eventually(lambda: outbox_is_empty(owner))
    await stop(relaying)
    found = await versions_in(PRODUCT.topic, settings)
    assert found == {first.id: [1, 2, 1, 2, 3], second.id: [1, 1]}


async def test_a_relay_that_froze_is_succeeded_and_what_it_may_be_sending_is_said_again(
    database: AnyDatabase, owner: Owner, settings: PlatformSettings
) -> None:
    product = await owner.rename(await owner.create("a"), "b")
    frozen = Leases(database, TOPICS, settings.relay_lease_seconds)
    await frozen.renew()
    successor = Relay("sales", TOPICS, database, settings)
    relaying = asyncio.create_task(successor.run(GENERATION))

    async def said_again() -> bool:
        return await versions_in(PRODUCT.topic, settings) == {product.id: [1, 2, 2]}

    await eventually(said_again)
    assert frozen.hold() == frozenset()
    await eventually(lambda: outbox_is_empty(owner))
    await stop(relaying)


async def test_an_acknowledgement_of_a_former_generation_takes_nothing_away(
    database: AnyDatabase, owner: Owner
) -> None:
    """A relay that was frozen while the broker was lost, and the outbox filled again."""
    await owner.create("sent to a broker that is gone")
    storage = owner.transactions.storage
    (row,) = await storage.next_rows(slots_of(TOPICS), 10)
    await refill(database, "the next")
    await storage.acknowledged([row["position"]], GENERATION)
    assert not await outbox_is_empty(owner)
    await storage.acknowledged([row["position"]], "the next")
    assert await outbox_is_empty(owner)


async def test_a_generation_is_filled_once_with_the_newest_of_all_and_every_step_of_a_day(
    database: AnyDatabase, owner: Owner
) -> None:
    old = await owner.rename(await owner.create("old"), "old, renamed")
    await counts(database)
    if isinstance(database, MongoDatabase):
        moved = await database["journal"].find({})
        for row in moved:
            long_ago = {"recordedtime": row["recordedtime"] - timedelta(days=3)}
            await database["journal"].update({"_id": row["_id"]}, {"$set": long_ago})
    else:
        await database.pool.execute(
            "update journal set recordedtime = recordedtime - interval '3 days'"
        )
    await acknowledge_all(database)
    await owner.rename(await owner.create("young"), "young, renamed")
    await acknowledge_all(database)
    assert await refill(database, "first") == 3
    assert old.version == 2
    await acknowledge_all(database)
    assert await refill(database, "first") == 0
    assert await refill(database, "second") == 3
    await acknowledge_all(database)
    assert await refill(database, "first") == 3


async def test_a_tide_stands_before_what_is_not_sent_and_rises_when_it_is(
    database: AnyDatabase, owner: Owner
) -> None:
    before = await measured(database)
    await owner.create("unsent")
    held = await measured(database)
    assert before <= held
    await asyncio.sleep(1.2)
    assert await measured(database) == await measured(database), "it is held"
    await acknowledge_all(database)
    assert await measured(database) > held


async def test_a_replay_sends_the_journal_again_to_one_consumer_alone(
    database: AnyDatabase, owner: Owner, settings: PlatformSettings
) -> None:
    one = await owner.rename(await owner.create("one"), "one, renamed")
    other = await owner.create("other")

    async def sent(**more: Any) -> int:
        wanted = Wanted(to="reader", topics=(PRODUCT.topic.name,), **more)
        return (await replay(database, settings, "sales", wanted))[PRODUCT.topic.name]

    assert await sent(tenant=TENANT) == 3
    found = await versions_in(replay_topic("reader"), settings)
    assert found == {one.id: [1, 2], other.id: [1]}
    assert await sent(key=one.id) == 2
    assert await sent(tenant=one.id) == 0
    assert await records_of(PRODUCT.topic, settings) == []
