"""From a commit to its effect in another service, through relay, broker and inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic

from chassis.consumers import Subscription
from chassis.database import Connection, Database
from chassis.decoding import AnyEvent
from chassis.generations import Genesis
from chassis.kafka import admin, end, make_topics, open_reader
from chassis.settings import PlatformSettings
from chassis.tests.component.products import (
    Owner,
    Reader,
    eventually,
    key_of,
    outbox_is_empty,
    owner_of_products,
    pair,
    reader_of_products,
    records_of,
    settings_for,
    slots_held_by_another,
    working,
)
from chassis.transactions import now
from cli.local.broker import Broker
from events.catalogue import PRODUCT
from events.sales import Product


async def test_every_version_reaches_every_consumer_exactly_once(
    new_database: Callable[[], str], new_store: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker, new_store) as (owner, reader, _):
        products = [await owner.create(f"product {n}") for n in range(50)]
        renamed = [await owner.rename(product, product.name + "!") for product in products]

        async def all_seen() -> bool:
            return len(await reader.reacted()) == 100

        async def all_kept() -> bool:
            return await reader.kept() == {product.id: product.name for product in renamed}

        await eventually(all_seen)
        await eventually(all_kept)
        assert set((await reader.reacted()).values()) == {1}
        await eventually(lambda: outbox_is_empty(owner))


async def test_a_killed_broker_costs_no_event_and_repeats_none(
    new_database: Callable[[], str], new_store: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker, new_store) as (owner, reader, _):
        before = [await owner.create(f"before {n}") for n in range(20)]

        async def seen_before() -> bool:
            return len(await reader.kept()) == 20

        await eventually(seen_before)
        generation = await reader.database.pool.fetchval("select id from generation")
        own_broker.kill()
        during = [await owner.create(f"during {n}") for n in range(20)]
        own_broker.start()
        after = [await owner.create(f"after {n}") for n in range(20)]

        async def all_seen() -> bool:
            return len(await reader.reacted()) == 60

        async def all_kept() -> bool:
            return set(await reader.kept()) == {p.id for p in (*before, *during, *after)}

        await eventually(all_seen)
        await eventually(all_kept)
        assert set((await reader.reacted()).values()) == {1}
        is_same = generation == await reader.database.pool.fetchval("select id from generation")
        assert is_same == own_broker.is_durable


async def test_a_broker_that_lost_its_memory_is_refilled(
    new_database: Callable[[], str], new_store: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker, new_store) as (owner, reader, settings):
        before = [await owner.create(f"before {n}") for n in range(20)]

        async def seen(count: int) -> bool:
            return len(await reader.reacted()) == count

        await eventually(lambda: seen(20))
        own_broker.stop()
        own_broker.forget()
        during = [await owner.create(f"during {n}") for n in range(20)]
        own_broker.start()
        await eventually(lambda: seen(40))

        async def holds_everything() -> bool:
            held = {key_of(record) for record in await records_of(PRODUCT.topic, settings)}
            return held == {product.id for product in (*before, *during)}

        # Whoever comes later finds all of it in the new broker, too.
        await eventually(holds_everything)
        assert set((await reader.reacted()).values()) == {1}


@pytest.mark.parametrize("made_anew", [False, True], ids=["gone", "made anew by another"])
async def test_a_topic_that_was_lost_is_filled_again(
    new_database: Callable[[], str],
    new_store: Callable[[], str],
    own_broker: Broker,
    *,
    made_anew: bool,
) -> None:
    async with pair(new_database, own_broker, new_store) as (owner, reader, settings):
        before: list[Product] = []
        for n in range(20):
            before.append(await owner.create(f"before {n}"))
            # One by one: Tansu's ends count what is sent together as one.
            await eventually(lambda: outbox_is_empty(owner))

        async def seen(count: int) -> bool:
            return len(await reader.reacted()) == count

        await eventually(lambda: seen(20))
        await eventually(lambda: is_noted(owner, settings))
        async with admin(settings) as client:
            await client.delete_topics([PRODUCT.topic.name])
            if made_anew:
                await make_topics(client, [PRODUCT.topic], settings)
        after = [await owner.create(f"after {n}") for n in range(5)]
        await eventually(lambda: seen(25))

        async def holds_everything() -> bool:
            held = {key_of(record) for record in await records_of(PRODUCT.topic, settings)}
            return held == {product.id for product in (*before, *after)}

        await eventually(holds_everything)
        assert set((await reader.reacted()).values()) == {1}


async def is_noted(owner: Owner, settings: PlatformSettings) -> bool:
    """Whether the owner knows of each partition where the broker says that it ends."""
    places = [TopicPartition(PRODUCT.topic.name, n) for n in range(PRODUCT.topic.partitions)]
    # Where a topic was lost, aiokafka's own `stop` leaves what is still asking, and connects anew.
    reader = await open_reader(settings)
    try:
        ends = await reader.end_offsets(places)
    finally:
        await end(reader)
    told = {place.partition: end for place, end in ends.items() if end > 0}
    database = owner.transactions.any_database
    rows: Sequence[Any]
    if isinstance(database, Database):
        rows = await database.pool.fetch(
            "select slot, high_water from relay_slot where topic = $1 and high_water > 0",
            PRODUCT.topic.name,
        )
    else:
        noted = {"topic": PRODUCT.topic.name, "high_water": {"$gt": 0}}
        rows = await database["relay_slot"].find(noted)
    return {row["slot"]: row["high_water"] for row in rows} == told


async def test_a_projection_is_never_newer_than_what_has_been_sent(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker) as (owner, reader, settings):
        started = now()

        async def is_later_than(moment: datetime) -> bool:
            found = await reader.as_of()
            return found is not None and found > moment

        await eventually(lambda: is_later_than(started))
        database = owner.transactions.database
        async with slots_held_by_another(database):
            await asyncio.sleep(settings.relay_lease_seconds)
            await owner.create("unsent")
            unsent = await database.pool.fetchval("select min(recordedtime) from outbox")
            await eventually(lambda: is_later_than(unsent - timedelta(milliseconds=1)))
            await asyncio.sleep(1)
            assert await reader.as_of() == unsent
        # It gives them back.
        await eventually(lambda: is_later_than(unsent))


class Stalled(Reader):
    """Its store goes away before the third of what it reads, and stays away."""

    async def keep(self, connection: Connection, events: Sequence[AnyEvent]) -> None:
        self.is_out = any(event.aggregateversion > 2 for event in events)
        await super().keep(connection, events)


async def test_a_batch_that_is_applied_in_part_is_not_taken_for_all_of_it(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    # Each record is applied by itself, though they are sent as one batch.
    settings = settings_for(own_broker).model_copy(update={"consumer_batch": 1})
    async with (
        owner_of_products(new_database, settings) as owner,
        reader_of_products(new_database) as plain,
    ):
        async with slots_held_by_another(owner.transactions.database):
            await asyncio.sleep(settings.relay_lease_seconds)
            product = await owner.create("version 1")
            for version in range(2, 11):
                product = await owner.rename(product, f"version {version}")
        await eventually(lambda: outbox_is_empty(owner))
        reader = Stalled(plain.database)
        replica, reactions = (consumer.name for consumer in reader.consumers)
        async with working(reader.worker(settings)):

            async def as_of(consumer: str) -> datetime | None:
                found: datetime | None = await reader.database.pool.fetchval(
                    "select max(as_of) from projection where consumer = $1", consumer
                )
                return found

            async def is_stalled() -> bool:
                return reader.is_out

            await eventually(is_stalled)
            stalled = now()

            async def a_while_passes() -> bool:
                moment = await as_of(reactions)
                return moment is not None and moment > stalled + timedelta(seconds=1)

            await eventually(a_while_passes)
            assert await reader.kept() == {product.id: "version 2"}
            assert await as_of(replica) is None


async def test_a_reaction_that_fails_parks_its_key_and_no_other(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker) as (owner, reader, _):
        reader.poison = "poison"
        bad = await owner.create("poison")
        await owner.rename(bad, "after the poison")
        good = await owner.create("good")

        async def parked() -> bool:
            rows = await reader.database.pool.fetch("select version from parked order by version")
            return [row["version"] for row in rows] == [1, 2]

        await eventually(parked)

        async def good_seen() -> bool:
            return list(await reader.reacted()) == [(good.id, 1)]

        await eventually(good_seen)

        async def kept() -> bool:
            return (await reader.kept()).get(bad.id) == "after the poison"

        # The replica has no quarrel with the name.
        await eventually(kept)


async def test_topics_that_a_client_made_too_early_are_made_anew(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    settings = settings_for(own_broker)
    async with admin(settings) as client:
        await client.create_topics([NewTopic(PRODUCT.topic.name, 4, 1)])
        early = await client.describe_topics([PRODUCT.topic.name])
        assert len(early[0]["partitions"]) != PRODUCT.topic.partitions
    async with pair(new_database, own_broker) as (owner, reader, _):
        product = await owner.create("first")

        async def seen() -> bool:
            return product.id in await reader.kept()

        await eventually(seen)
        async with admin(settings) as client:
            described = await client.describe_topics([PRODUCT.topic.name])
            assert len(described[0]["partitions"]) == PRODUCT.topic.partitions


async def test_a_generation_whose_topics_came_back_otherwise_than_declared_is_over(
    own_broker: Broker,
) -> None:
    settings = settings_for(own_broker)
    genesis = Genesis(settings)
    try:
        former = await genesis.begin()
        assert await genesis.begin() == former
        async with admin(settings) as client:
            await client.delete_topics([PRODUCT.topic.name])

            async def is_otherwise() -> bool:
                # As long as it is not gone altogether there is nothing to make.
                await client.create_topics([NewTopic(PRODUCT.topic.name, 4, 1)])
                (described,) = await client.describe_topics([PRODUCT.topic.name])
                return len(described["partitions"]) == 4

            await eventually(is_otherwise)
            assert await genesis.begin() != former
            described = await client.describe_topics([PRODUCT.topic.name])
            assert len(described[0]["partitions"]) == PRODUCT.topic.partitions
    finally:
        await genesis.close()


async def test_a_worker_whose_groups_do_not_come_about_notices_that_the_broker_is_another(
    new_database: Callable[[], str], own_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(own_broker)

    async def for_ever(_: Subscription) -> None:
        await asyncio.Event().wait()

    async with reader_of_products(new_database) as reader:
        with monkeypatch.context() as patched:
            patched.setattr(Subscription, "start", for_ever)
            async with working(reader.worker(settings)) as worker:

                async def refilled() -> bool:
                    return bool(await reader.database.pool.fetchval("select id from generation"))

                await eventually(refilled)
                patched.undo()
                own_broker.stop()
                own_broker.forget()
                own_broker.start()

                async def at_work() -> bool:
                    return not worker.missing()

                await eventually(at_work)
