"""What FastStream and aiokafka would get wrong, and consumers therefore do themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ConsumerStoppedError

from chassis.consumers import PatientReader, Subscription
from chassis.inbox import Consumer, Replica
from chassis.kafka import admin, make_topics
from chassis.settings import PlatformSettings
from chassis.tests.component.products import (
    Reader,
    eventually,
    outbox_is_empty,
    owner_of_products,
    pair,
    reader_of_products,
    records_of,
    settings_for,
    working,
)
from chassis.tides import Tides
from chassis.transactions import Transactions
from chassis.worker import Worker
from cli.local.broker import Broker
from events.catalogue import DEAL, PRODUCT, REASON
from events.topics import Topic, replay_topic

GENERATION = "a generation"


async def committed(client: AIOKafkaAdminClient, group: str, topic: Topic) -> int | None:
    """The offset that `group` has committed in the first partition of `topic`."""
    place = TopicPartition(topic.name, 0)
    offsets = await client.list_consumer_group_offsets(group, partitions=[place])
    offset = offsets[place].offset if place in offsets else -1
    return offset if offset >= 0 else None


async def is_committed_whole(
    client: AIOKafkaAdminClient, group: str, settings: PlatformSettings
) -> bool:
    """Whether all there is of products is committed: what a relay doubts, it says again."""
    held = len(await records_of(PRODUCT.topic, settings))
    return held > 0 and await committed(client, group, PRODUCT.topic) == held


async def generation_of(reader: Reader) -> str:
    found: str = await reader.database.pool.fetchval("select id from generation")
    return found


@asynccontextmanager
async def subscribed(
    consumer: Consumer, reader: Reader, settings: PlatformSettings
) -> AsyncIterator[Subscription]:
    """`consumer` alone, without a worker around it."""
    tides = Tides(settings)
    transactions = Transactions("reader", reader.database)
    subscription = Subscription(consumer, transactions, settings, GENERATION, tides)
    async with admin(settings) as client:
        await make_topics(client, [replay_topic(consumer.name)], settings)
    await tides.start()
    await subscription.start()
    try:
        yield subscription
    finally:
        await subscription.stop()
        await tides.stop()


async def is_in_trouble(worker: Worker) -> bool:
    """Whether it says that it does not get on, and why: the reader's `is_out`."""
    return any("OSError: a store is away" in why for why in worker.missing())


def places(subscription: Subscription) -> frozenset[TopicPartition]:
    """The partitions of live topics that this member of the group reads."""
    reader = subscription._subscriber.consumer
    assigned = reader.assignment() if reader is not None else ()
    replays = replay_topic(subscription.consumer.name).name
    return frozenset(place for place in assigned if place.topic != replays)


async def test_nothing_is_committed_before_it_is_applied(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    settings = settings_for(own_broker)
    async with (
        owner_of_products(new_database, settings) as owner,
        reader_of_products(new_database) as reader,
        working(reader.worker(settings)) as worker,
        admin(settings) as client,
    ):

        async def is_ready() -> bool:
            return not worker.missing()

        await eventually(is_ready)
        reader.is_out = True
        product = await owner.create("while a store is away")

        await eventually(lambda: is_in_trouble(worker))
        replica = f"reader.replica@{await generation_of(reader)}"
        assert await committed(client, replica, PRODUCT.topic) is None
        reader.is_out = False

        async def is_committed() -> bool:
            return await is_committed_whole(client, replica, settings)

        await eventually(is_committed)
        assert await reader.kept() == {product.id: "while a store is away"}
        await eventually(is_ready)


async def test_only_what_was_applied_is_committed_of_several_partitions(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    settings = settings_for(own_broker)
    async with (
        owner_of_products(new_database, settings) as owner,
        reader_of_products(new_database) as reader,
        admin(settings) as client,
    ):
        both = Consumer(
            "reader.both", (Replica(PRODUCT, reader.keep), Replica(REASON, reader.keep))
        )
        await owner.create("a product")
        await eventually(lambda: outbox_is_empty(owner))
        async with subscribed(both, reader, settings) as subscription:

            async def is_kept() -> bool:
                return bool(await reader.kept())

            await eventually(is_kept)
            assert places(subscription) == {
                TopicPartition(PRODUCT.topic.name, 0),
                TopicPartition(REASON.topic.name, 0),
            }
            group = f"reader.both@{GENERATION}"

            async def is_committed() -> bool:
                # Once more where the broker was slow: then the relay says it again.
                return (await committed(client, group, PRODUCT.topic) or 0) >= 1

            await eventually(is_committed)
            # An `ack()` without offsets would have committed this one, too.
            assert await committed(client, group, REASON.topic) is None


async def test_a_failure_that_nobody_foresaw_skips_nothing(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker) as (owner, reader, _):
        first = await owner.create("first")

        async def seen(count: int) -> bool:
            return len(await reader.kept()) == count == len(await reader.reacted())

        await eventually(lambda: seen(1))
        await reader.database.pool.execute("alter table applied rename to gone")
        second = await owner.create("second")
        await eventually(lambda: outbox_is_empty(owner))
        await asyncio.sleep(0.5)
        third = await owner.create("third")
        await reader.database.pool.execute("alter table gone rename to applied")
        await eventually(lambda: seen(3))
        assert set(await reader.kept()) == {first.id, second.id, third.id}
        assert set((await reader.reacted()).values()) == {1}


async def test_offsets_that_could_not_be_committed_are_committed_later(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    if not own_broker.is_durable:
        pytest.skip("a broker that forgets begins a new generation, with other groups")
    settings = settings_for(own_broker)
    async with (
        owner_of_products(new_database, settings) as owner,
        reader_of_products(new_database) as reader,
        working(reader.worker(settings)) as worker,
    ):
        reader.is_out = True
        await owner.create("applied while the broker is away")
        await eventually(lambda: is_in_trouble(worker))
        own_broker.kill()
        reader.is_out = False

        async def is_kept() -> bool:
            return bool(await reader.kept())

        await eventually(is_kept)
        own_broker.start()
        group = f"reader.replica@{await generation_of(reader)}"
        async with admin(settings) as client:

            async def is_committed() -> bool:
                return await is_committed_whole(client, group, settings)

            await eventually(is_committed)

        async def has_reacted() -> bool:
            return bool(await reader.reacted())

        await eventually(has_reacted)
        assert set((await reader.reacted()).values()) == {1}


async def test_the_versions_of_a_key_take_effect_in_their_order(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker) as (owner, reader, _):
        product = await owner.create("version 1")
        for version in range(2, 101):
            product = await owner.rename(product, f"version {version}")

        async def all_seen() -> bool:
            return len(await reader.reacted()) == 100

        await eventually(all_seen)
        assert await reader.order_of_reactions(product) == list(range(1, 101))


async def test_a_group_that_is_new_begins_at_the_beginning(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    settings = settings_for(own_broker)
    async with owner_of_products(new_database, settings) as owner:
        early = [await owner.create(f"product {n}") for n in range(3)]
        await eventually(lambda: outbox_is_empty(owner))
        async with reader_of_products(new_database) as reader, working(reader.worker(settings)):

            async def all_seen() -> bool:
                return set(await reader.kept()) == {product.id for product in early}

            await eventually(all_seen)


async def test_members_of_a_group_share_its_partitions_and_take_over_from_each_other(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    settings = settings_for(own_broker)
    every = frozenset(TopicPartition(DEAL.topic.name, n) for n in range(DEAL.topic.partitions))
    async with admin(settings) as client:
        await make_topics(client, [DEAL.topic], settings)
    async with reader_of_products(new_database) as reader:
        deals = Consumer("reader.deals", (Replica(DEAL, reader.keep),))
        async with subscribed(deals, reader, settings) as first:

            async def has_every() -> bool:
                return places(first) == every

            await eventually(has_every)
            async with subscribed(deals, reader, settings) as second:

                async def is_shared() -> bool:
                    return len(places(first)) == len(places(second)) == len(every) // 2

                await eventually(is_shared)
                assert places(first) | places(second) == every
            await eventually(has_every)


async def test_two_members_that_apply_the_same_events_have_one_effect(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    settings = settings_for(own_broker)
    async with (
        owner_of_products(new_database, settings) as owner,
        reader_of_products(new_database) as reader,
        working(reader.worker(settings)),
    ):
        products = [await owner.create(f"product {n}") for n in range(20)]
        # It joins while the other is at work, which from then on may commit nothing.
        async with working(reader.worker(settings)):
            products += [await owner.create(f"later {n}") for n in range(20)]

            async def all_seen() -> bool:
                return len(await reader.reacted()) == 40 == len(await reader.kept())

            await eventually(all_seen)
        assert set((await reader.reacted()).values()) == {1}
        assert set(await reader.kept()) == {product.id for product in products}


async def test_a_poll_waits_for_records_instead_of_ending_empty(own_broker: Broker) -> None:
    topic = "polled"
    async with admin(settings_for(own_broker)) as client:
        await client.create_topics([NewTopic(topic, 1, 1)])
    producer = AIOKafkaProducer(bootstrap_servers=own_broker.bootstrap, acks="all")
    reader = PatientReader(bootstrap_servers=own_broker.bootstrap, auto_offset_reset="earliest")
    await producer.start()
    await reader.start()
    try:
        reader.assign([TopicPartition(topic, 0)])
        polling = asyncio.create_task(reader.getmany(timeout_ms=1))
        # Many polls of a millisecond fit into it.
        assert not (await asyncio.wait({polling}, timeout=0.2))[0]
        await producer.send_and_wait(topic, b"a record", partition=0)
        (records,) = (await polling).values()
        assert [record.value for record in records] == [b"a record"]
        polling = asyncio.create_task(reader.getmany(timeout_ms=1))
        await asyncio.sleep(0)
    finally:
        await reader.stop()
        await producer.stop()
    with pytest.raises(ConsumerStoppedError):
        await polling
