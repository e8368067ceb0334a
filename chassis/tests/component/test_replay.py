"""One consumer alone reads again what an owner sends it from its journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

from chassis.parking import parked_keys
from chassis.problems import NotFound
from chassis.replay import Wanted, replay
from chassis.tests.component.products import (
    TENANT,
    Owner,
    Reader,
    eventually,
    outbox_is_empty,
    pair,
)
from cli.local.broker import Broker
from events.catalogue import DEAL, PRODUCT
from events.sales import Product
from events.topics import replay_topic

TOPIC = PRODUCT.topic.name

LONG = 300.0
"""Seconds: whoever loses a lease has what is newest said again, be it lost here."""


async def lose_versions_to_come(owner: Owner) -> None:
    """From now on, what is committed never reaches the broker."""
    await owner.transactions.database.pool.execute(
        """create function lost() returns trigger language plpgsql as $$
           begin return null; end $$;
           create trigger lost before insert on outbox for each row execute function lost()"""
    )


async def lose_no_more(owner: Owner) -> None:
    await owner.transactions.database.pool.execute("drop trigger lost on outbox")


async def versions_of(reader: Reader, id: UUID) -> list[int]:
    return sorted(version for product, version in await reader.reacted() if product == id)


async def sent_to(owner: Owner, settings: Any, consumer: str, **more: Any) -> int:
    wanted = Wanted(to=consumer, topics=(TOPIC,), **more)
    return (await replay(owner.transactions.database, settings, "sales", wanted))[TOPIC]


async def with_a_gap(owner: Owner, reader: Reader) -> Product:
    """A product whose second version the reader waits for, having seen the first and third."""
    first = await owner.create("first")

    async def seen() -> bool:
        return await versions_of(reader, first.id) == [1]

    await eventually(seen)
    await lose_versions_to_come(owner)
    second = await owner.rename(first, "second")
    await lose_no_more(owner)
    await owner.rename(second, "third")

    async def parked() -> bool:
        return [key.gap for key in await parked_keys(reader.database)] == [True]

    await eventually(parked)
    return first


async def test_a_replay_brings_what_was_lost_and_repeats_nothing(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker, lease_seconds=LONG) as (owner, reader, settings):
        product, other = await with_a_gap(owner, reader), await owner.create("other")
        assert await versions_of(reader, product.id) == [1]
        assert await sent_to(owner, settings, "reader.reactions") == 4

        async def freed() -> bool:
            return await versions_of(reader, product.id) == [1, 2, 3]

        await eventually(freed)
        assert await parked_keys(reader.database) == []
        # Everything once more: when the last of it has been read, nothing has changed.
        assert await sent_to(owner, settings, "reader.reactions") == 4
        marker = await owner.create("marker")
        await sent_to(owner, settings, "reader.reactions", key=marker.id)

        async def marked() -> bool:
            return await versions_of(reader, marker.id) == [1]

        await eventually(marked)
        assert set((await reader.reacted()).values()) == {1}
        assert await versions_of(reader, other.id) == [1]


async def test_a_replay_is_for_whom_and_what_it_names(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker, lease_seconds=LONG) as (owner, reader, settings):
        await lose_versions_to_come(owner)
        one, other = await owner.create("one"), await owner.create("other")
        middle = await owner.transactions.database.pool.fetchval("select clock_timestamp()")
        late = await owner.create("late")
        assert await sent_to(owner, settings, "reader.replica", tenant=uuid4()) == 0
        assert await sent_to(owner, settings, "reader.replica", tenant=TENANT, key=one.id) == 1
        assert await sent_to(owner, settings, "reader.replica", since=middle) == 1

        async def kept() -> bool:
            return set(await reader.kept()) == {one.id, late.id}

        await eventually(kept)
        assert other.id not in await reader.kept()
        assert not await reader.reacted()
        wanted = Wanted(to="reader.replica", topics=("crm.contacts.touch",))
        with pytest.raises(NotFound):
            await replay(owner.transactions.database, settings, "sales", wanted)


async def test_what_a_consumer_does_not_read_is_set_aside_when_it_is_replayed(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker, lease_seconds=LONG) as (owner, reader, settings):
        await eventually(lambda: outbox_is_empty(owner))
        producer = AIOKafkaProducer(bootstrap_servers=settings.kafka)
        await producer.start()
        name = replay_topic("reader.replica").name
        for value in (f'{{"type": "{DEAL.type_of("won")}"}}', '{"type": 1}', "[", "{}"):
            await producer.send_and_wait(name, value.encode(), key=b"x", partition=0)
        await producer.stop()

        async def set_aside() -> bool:
            rows = await reader.database.pool.fetch("select topic from undecodable")
            return [row["topic"] for row in rows] == [name] * 4

        await eventually(set_aside)


async def test_a_replay_does_not_count_for_freshness(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker, lease_seconds=LONG) as (owner, reader, _):
        await owner.create("one")

        async def fresh() -> bool:
            return await reader.as_of() is not None

        await eventually(fresh)
        topics = await reader.database.pool.fetch("select distinct topic from projection")
        assert [row["topic"] for row in topics] == [TOPIC]
