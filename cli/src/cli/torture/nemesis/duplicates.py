"""Sending records again, byte for byte: the newest, and some as old as the topics remember."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from cli.torture.nemesis.fault import Missed
from cli.torture.stage import Stage
from events.topics import TOPICS

MARK = ("torture", b"duplicate")
"""The header that tells a duplicate from what it repeats; nobody else looks at it."""

_SECONDS = 25.0
_MOST_AT_ONCE = 60


async def recent(stage: Stage, dice: Random, _: float) -> str:
    """The newest records of some partitions."""
    return await _strike(stage, dice, late=False)


async def late(stage: Stage, dice: Random, _: float) -> str:
    """The oldest records of some partitions."""
    return await _strike(stage, dice, late=True)


async def _strike(stage: Stage, dice: Random, *, late: bool) -> str:
    try:
        async with asyncio.timeout(_SECONDS):
            records = await _records(stage, dice, late=late)
            await _send(stage, records)
    except (KafkaError, OSError, TimeoutError) as error:
        raise Missed(f"the broker is away: {error!r}") from None
    if not records:
        raise Missed("the topics are empty")
    return f"{len(records)} records of {len({record.topic for record in records})} topics"


async def _send(stage: Stage, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=stage.addresses.kafka, acks="all", request_timeout_ms=10_000
    )
    try:
        await producer.start()
        for record in records:
            if record.partition not in await producer.partitions_for(record.topic):
                raise Missed(f"{record.topic} was lost meanwhile, and is not as declared yet")
            await producer.send_and_wait(
                record.topic,
                record.value,
                key=record.key,
                partition=record.partition,
                headers=[*record.headers, MARK],
            )
    finally:
        await producer.stop()


async def _records(stage: Stage, dice: Random, *, late: bool) -> list[ConsumerRecord[Any, Any]]:
    topics = dice.sample([topic for topic in TOPICS if topic.partitions > 1], k=3)
    places = [TopicPartition(topic.name, dice.randrange(topic.partitions)) for topic in topics]
    reader = AIOKafkaConsumer(
        bootstrap_servers=stage.addresses.kafka, request_timeout_ms=10_000, enable_auto_commit=False
    )
    try:
        await reader.start()
        reader.assign(places)
        begins, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
        found: list[ConsumerRecord[Any, Any]] = []
        for place in places:
            first, end = begins[place], ends[place]
            if first == end:
                continue
            reader.seek(place, first if late else max(first, end - _MOST_AT_ONCE // 3))
            fetched = await reader.getmany(place, timeout_ms=1_000, max_records=_MOST_AT_ONCE // 3)
            found += fetched.get(place, [])
        return found
    finally:
        await reader.stop()
