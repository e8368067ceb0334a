"""Replaying: an owner sends events of its journal again, for one consumer alone.

They go to the consumer's own topic, `crm.replay.<consumer>`, never to live ones:
nobody else notices. They are the same documents under the same ids, so `applied`
decides as ever, and nothing that took effect once does so again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaProducer

from chassis.database import Database
from chassis.kafka import admin, make_topics
from chassis.partitions import partition_of
from chassis.problems import NotFound
from chassis.producers import abandon, open_producer
from chassis.settings import PlatformSettings
from events.envelope import complete, headers_of, partition_key
from events.topics import Topic, owned_by, replay_topic

_ROWS = 1_000
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events to send again, and to whom; None stands for all."""

    to: str
    topics: tuple[str, ...]
    tenant: UUID | None = None
    key: UUID | None = None
    since: datetime | None = None


async def replay(
    database: Database, settings: PlatformSettings, owner: str, wanted: Wanted
) -> Counter[str]:
    """Send what is wanted, in journal order; returns how many events of each topic.

    What is committed meanwhile is not included: it arrives as ever. Raises
    `NotFound` for a topic that `owner` does not publish, and `BROKER_FAILURES`;
    then some events may have been sent, which harms nobody.
    """
    own = {topic.name for topic in owned_by(owner)}
    for name in wanted.topics:
        if name not in own:
            raise NotFound(f"{name} is not a topic of {owner}")
    topic = replay_topic(wanted.to)
    async with admin(settings) as client:
        await make_topics(client, [topic], settings)
    sent: Counter[str] = Counter(dict.fromkeys(wanted.topics, 0))
    producer = await open_producer(settings)
    try:
        last = await database.pool.fetchval("select last_value from journal_position")
        position = 0
        while rows := await _rows(database, wanted, position, last):
            # An idempotent producer would wait for a broker that is away for ever.
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await asyncio.gather(*[await _send(producer, topic, row) for row in rows])
            sent.update(row["topic"] for row in rows)
            position = rows[-1]["position"]
    finally:
        await abandon(producer)
    return sent


async def _rows(database: Database, wanted: Wanted, after: int, last: int) -> list[asyncpg.Record]:
    return await database.pool.fetch(
        """select position, topic, tenant, subject, type, event, traceparent, body, recordedtime
           from journal
           where position > $1 and position <= $2 and topic = any($3::text[])
             and ($4::uuid is null or tenant = $4) and ($5::uuid is null or subject = $5)
             and ($6::timestamptz is null or recordedtime >= $6)
           order by position limit $7""",
        after,
        last,
        wanted.topics,
        wanted.tenant,
        wanted.key,
        wanted.since,
        _ROWS,
    )


async def _send(
    producer: AIOKafkaProducer, topic: Topic, row: asyncpg.Record
) -> asyncio.Future[Any]:
    key = partition_key(row["tenant"], str(row["subject"]))
    future: asyncio.Future[Any] = await producer.send(
        topic.name,
        complete(row["body"].encode(), row["recordedtime"], row["position"]),
        key=key,
        partition=partition_of(key, topic.partitions),
        headers=headers_of(row["event"], row["type"], row["tenant"], row["traceparent"]),
    )
    return future
