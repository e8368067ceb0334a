"""A replica consumer beside a naive one, and beside the bare statement that it ends in.

    .venv/bin/python -m tests.load.consuming [--kafka] [--journal 10000 1000000]

Ours: analytics' own consumer, events of deals from the broker to its tables.
Peers: a FastStream subscriber that takes one message, and writes it in one SQLAlchemy
transaction; and `insert … select from unnest` of the same rows, which are in memory already.

The consumers are timed by the server: from its first commit that has events of the round to its
last, without the events of the first. So joining a group counts for neither.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any
from uuid import UUID, uuid4

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from faststream.kafka import KafkaBroker
from sqlalchemy import MetaData, Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import create_async_engine

from analytics.consumer import CONSUMER
from analytics.facts.deals import DEALS
from chassis.consumers import Subscription
from chassis.database import Database
from chassis.kafka import admin, make_topics
from chassis.producers import abandon, open_producer
from chassis.settings import PlatformSettings
from chassis.tides import Tides
from chassis.transactions import Transactions
from events.envelope import Event
from events.sales import Deal
from events.topics import replay_topic
from tests.load.comparison import Comparison, run
from tests.load.deals import (
    TOPIC,
    Told,
    analytics_with_past,
    new_deal,
    sales_with_past,
    send,
    told,
    write,
)
from tests.load.ground import Ground, opened

EVENTS = 20_000
EVENTS_OF_NAIVE = 1_000
_PLACES = [TopicPartition(TOPIC.name, number) for number in range(TOPIC.partitions)]


async def measure(ground: Ground, journal: int, rounds: int) -> list[Comparison]:
    naive = Comparison("replica consumer, against one message, one transaction", "/s", 20)
    bare = Comparison("replica consumer, against the bare unnest upsert", "/s", 0.35)
    sales, analytics = await sales_with_past(ground, 1), await analytics_with_past(ground, journal)
    async with admin(ground.platform) as client:
        await make_topics(client, [replay_topic(CONSUMER.name)], ground.platform)
    async with opened(sales) as owner, opened(analytics) as reader:
        for _ in range(rounds):
            tenant = uuid4()
            await write(owner, tenant, [new_deal(number) for number in range(EVENTS)])
            events = await told(owner, tenant)
            ours = await _consumed(ground, reader, tenant, events)
            await _forget(reader, tenant)
            upserted = await _upserted(reader, events)
            await _forget(reader, tenant)
            one_by_one = await _one_by_one(
                ground, reader, analytics, tenant, events[:EVENTS_OF_NAIVE]
            )
            await _forget(reader, tenant)
            bare.add(ours, upserted)
            naive.add(ours, one_by_one)
    return [naive, bare]


async def _forget(database: Database, tenant: UUID) -> None:
    for table in ("deal_fact", "applied"):
        await database.pool.execute(f"delete from {table} where tenant = $1", tenant)
        await database.pool.execute(f"vacuum {table}", timeout=600)


async def _catch_up(ground: Ground, group: str) -> None:
    """Let a consumer group have read everything there is so far."""
    reader = AIOKafkaConsumer(
        bootstrap_servers=ground.platform.kafka, group_id=group, enable_auto_commit=False
    )
    await reader.start()
    try:
        reader.assign(_PLACES)
        await reader.commit(await reader.end_offsets(_PLACES))
    finally:
        await reader.stop()


async def _feed(ground: Ground, events: list[Told]) -> None:
    producer = await open_producer(ground.platform)
    try:
        await send(producer, events)
    finally:
        await abandon(producer)


async def _rate(database: Database, tenant: UUID, many: int) -> float:
    """Rows a second from the first commit of the tenant's rows to the last."""
    async with asyncio.timeout(120):
        while (
            await database.pool.fetchval("select count(*) from deal_fact where tenant = $1", tenant)
            < many
        ):
            await asyncio.sleep(0.2)
    return float(
        await database.pool.fetchval(
            """with commits as (
                   select pg_xact_commit_timestamp(xmin) as at, count(*) as rows
                   from deal_fact where tenant = $1 group by 1)
               select sum(rows) filter (where at > first) / extract(epoch from max(at) - first)
               from commits, (select min(at) as first from commits) as beginning group by first""",
            tenant,
        )
    )


async def _consumed(ground: Ground, database: Database, tenant: UUID, events: list[Told]) -> float:
    tides = Tides(ground.platform)
    reading = Subscription(
        CONSUMER, Transactions("analytics", database), ground.platform, uuid4().hex, tides
    )
    await _catch_up(ground, reading.group)
    await _feed(ground, events)
    await tides.start()
    await reading.start()
    try:
        return await _rate(database, tenant, len(events))
    finally:
        await reading.stop()
        await tides.stop()


async def _one_by_one(
    ground: Ground, database: Database, url: str, tenant: UUID, events: list[Told]
) -> float:
    broker = KafkaBroker(ground.platform.kafka, logger=None)
    group = f"naive-{uuid4().hex}"
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.connect() as connection:
        table = await connection.run_sync(
            lambda synchronous: Table("deal_fact", MetaData(), autoload_with=synchronous)
        )
    names = [*DEALS.shape.columns]
    decoder = msgspec.json.Decoder(Event[Deal])

    @broker.subscriber(TOPIC.name, group_id=group, auto_offset_reset="earliest")
    async def keep(body: bytes) -> None:
        event = decoder.decode(body)
        # A seal is what it would not have; the table demands one.
        row = dict(zip(names, _row(event), strict=True)) | _arrays(event) | {"seal": 0}
        inserted = insert(table).values(row)
        async with engine.begin() as transaction:
            await transaction.execute(
                inserted.on_conflict_do_update(
                    index_elements=["tenant", "id"],
                    set_={name: inserted.excluded[name] for name in names[2:]},
                    where=table.c.version < inserted.excluded.version,
                )
            )

    await _catch_up(ground, group)
    await _feed(ground, events)
    await broker.start()
    try:
        return await _rate(database, tenant, len(events))
    finally:
        await broker.stop()
        await engine.dispose()


async def _upserted(database: Database, events: list[Told]) -> float:
    decoder = msgspec.json.Decoder(Event[Deal])
    rows = [_row(decoder.decode(told.value)) for told in events]
    size = PlatformSettings().consumer_batch
    batches = [
        [list(column) for column in zip(*rows[start : start + size], strict=True)]
        for start in range(0, len(rows), size)
    ]
    async with database.pool.acquire() as connection:
        began = time.perf_counter()
        for columns in batches:
            await connection.execute(DEALS._upsert, *columns)
        return len(rows) / (time.perf_counter() - began)


def _row(event: Event[Deal]) -> tuple[Any, ...]:
    """The row that a projection makes of an event."""
    state = event.data.after
    assert state is not None
    return (event.tenantid, state.id, event.aggregateversion, *DEALS._row(state))


def _arrays(event: Event[Deal]) -> dict[str, list[Any]]:
    """What of that row is an array, as SQLAlchemy takes it."""
    state = event.data.after
    assert state is not None
    return {
        "entered_stages": [entry.stage for entry in state.history],
        "entered_on": [entry.entered_on for entry in state.history],
        "line_products": [line.product for line in state.lines],
        "line_quantities": [line.quantity for line in state.lines],
        "line_prices": [line.price.amount for line in state.lines],
    }


if __name__ == "__main__":
    sys.exit(run(__doc__, measure))
