"""What is the same for every connection to the broker: addresses, admin, topics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

from chassis.cancellation import no_strays, to_its_end
from chassis.settings import PlatformSettings
from events.topics import Topic

log = logging.getLogger(__name__)

BROKER_FAILURES = (KafkaError, OSError, TimeoutError)
"""What the broker's absence looks like; a later try may succeed."""
_LEADERS_SECONDS = 20.0
_STOP_SECONDS = 5.0


@asynccontextmanager
async def admin(settings: PlatformSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client for the length of the block."""
    client = await open_admin(settings)
    try:
        yield client
    finally:
        await end(client)


async def open_admin(settings: PlatformSettings) -> AIOKafkaAdminClient:
    """An admin client that is connected; raises `BROKER_FAILURES`. Close it with `end`."""
    client = AIOKafkaAdminClient(bootstrap_servers=settings.kafka, request_timeout_ms=10_000)
    try:
        await to_its_end(client.start())
    except BaseException:
        await end(client)
        raise
    return client


async def open_reader(settings: PlatformSettings, **options: Any) -> AIOKafkaConsumer:
    """A connected reader that commits nothing by itself; raises `BROKER_FAILURES`.

    Close it with `end`.
    """
    reader = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
        enable_auto_commit=False,
        request_timeout_ms=5_000,
        **options,
    )
    try:
        await to_its_end(reader.start())
    except BaseException:
        await end(reader)
        raise
    return reader


async def end(client: AIOKafkaConsumer | AIOKafkaAdminClient) -> None:
    """Stop `client`, whatever it says to that, also in what is being cancelled.

    A task of its own does it: aiokafka, while it waits for its tasks to end, swallows a
    cancellation of whoever called it, who would then go on for ever.
    """
    await to_its_end(_end(client))


async def _end(client: AIOKafkaConsumer | AIOKafkaAdminClient) -> None:
    stop = client.stop if isinstance(client, AIOKafkaConsumer) else client.close
    try:
        with no_strays():
            async with asyncio.timeout(_STOP_SECONDS):
                await stop()
    except BROKER_FAILURES as error:
        log.info("a client of the broker did not stop cleanly: %s", error)
    finally:
        await disconnect(client._client)  # noqa: SLF001


async def disconnect(client: AIOKafkaClient) -> None:
    """Close every connection of `client`, for good.

    There is no public way: its `close` closes what is connected at that moment, and whatever of it
    is still at work connects anew.
    """
    client._get_conn = _no_connection  # noqa: SLF001
    # First, because what follows waits for tasks of its own that may have failed.
    _close_connections(client)
    try:
        await client.close()
        async with client._get_conn_lock:  # noqa: SLF001
            # What was connecting has come to its end.
            pass
    finally:
        _close_connections(client)


def _close_connections(client: AIOKafkaClient) -> None:
    for connection in client._conns.values():  # noqa: SLF001
        connection.close(reason=CloseReason.SHUTDOWN)


async def _no_connection(*_: Any, **__: Any) -> None:
    """What aiokafka understands as a node that cannot be reached."""


def ends_proven(
    reader: AIOKafkaConsumer, told: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Of the ends that `reader` was `told`, those that no record it has read so far belies.

    Told is the offset behind the last record, by Kafka. Tansu names the one behind the first record
    of the last batch. What comes with fetched records is right with both, and whoever has read as
    far as was told has fetched that batch: the higher of the two counts. What holds records of
    which nothing was fetched yet is left out.
    """
    assigned = reader.assignment()
    fetched = {
        place: 0 if end == 0 else reader.highwater(place)
        for place, end in told.items()
        if place in assigned
    }
    return {place: max(told[place], end) for place, end in fetched.items() if end is not None}


async def make_topics(
    client: AIOKafkaAdminClient, topics: Sequence[Topic], settings: PlatformSettings
) -> None:
    """Make those of `topics` that are missing; returns when all of them can be used.

    A broker that creates unknown topics by itself may have made one with a
    partition count of its own, when some client asked too early. As long as the
    broker has no genesis such a topic holds nothing that the journals do not, and
    it is made anew; the caller sees to that.
    """
    answer = await client.create_topics(
        [
            NewTopic(
                topic.name,
                topic.partitions,
                settings.replication_factor,
                topic_configs=dict(topic.settings),
            )
            for topic in topics
        ]
    )
    for name, code, message in (tuple(error)[:3] for error in answer.topic_errors):
        if code not in (0, TopicAlreadyExistsError.errno):
            raise KafkaError(f"cannot create topic {name}: {message} ({code})")
    await _await_leaders(client, topics)


async def _await_leaders(client: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    """Wait until every partition has a leader; `TimeoutError` when that takes long.

    A broker answers that a topic is made before it knows of it itself. A group that forms in
    between is given no partitions of it, and stays deaf to it until its metadata grow old.
    """
    names = [topic.name for topic in topics]
    async with asyncio.timeout(_LEADERS_SECONDS):
        while True:
            if all(map(_has_leaders, await client.describe_topics(names))):
                return
            await asyncio.sleep(0.05)


def _has_leaders(described: Mapping[str, Any]) -> bool:
    partitions = described["partitions"]
    return bool(partitions) and all(partition["leader"] >= 0 for partition in partitions)


async def wrongly_partitioned(client: AIOKafkaAdminClient, topics: Sequence[Topic]) -> list[Topic]:
    """Those of `topics`, which are made, whose partition count is not the declared one."""
    described = await client.describe_topics([topic.name for topic in topics])
    counts = {entry["topic"]: len(entry["partitions"]) for entry in described}
    return [topic for topic in topics if counts[topic.name] != topic.partitions]
