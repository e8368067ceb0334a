"""Generations of the broker's memory: noticing a lost or replaced broker, and refilling it.

The first record of the compacted topic `crm.genesis` names the generation. Each
owner remembers the generation that it has filled; when the broker's is another
(or there is none: every start of the local platform, whose broker keeps nothing
on disk), the owner *refills*: every journal row of the last day and the newest
row of every older subject goes through the outbox again, in journal order.
Consumers start at the beginning of a new generation and skip what they have
applied. An owner one of whose topics has lost records ends the generation, so that
the same happens.
"""

from __future__ import annotations

import asyncio
import logging

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from chassis.kafka import admin, end, make_topics, open_reader, wrongly_partitioned
from chassis.producers import abandon, open_producer
from chassis.settings import PlatformSettings
from chassis.storage import AnyDatabase, storage_of
from chassis.transactions import uuid7
from events.topics import GENESIS, TOPICS

log = logging.getLogger(__name__)

_PARTITION = TopicPartition(GENESIS.name, 0)
_TRIES = 10
_SEND_SECONDS = 10.0


class Genesis:
    """Reads the broker's generation, and begins one where there is none."""

    def __init__(self, settings: PlatformSettings) -> None:
        self._settings = settings
        self._reader: AIOKafkaConsumer | None = None

    async def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await end(reader)

    async def _open(self) -> AIOKafkaConsumer:
        reader = await open_reader(self._settings, auto_offset_reset="earliest")
        reader.assign([_PARTITION])
        self._reader = reader
        return reader

    async def current(self) -> str | None:
        """The generation's id; None when the broker has none. Raises `BROKER_FAILURES`."""
        reader = self._reader or await self._open()
        # A broker that was replaced by an empty one has no such topic, and asked for the ends of a
        # topic that is not there the client only times out, as if the broker were away.
        if GENESIS.name not in await reader.topics():
            return None
        ends = await reader.end_offsets([_PARTITION])
        if ends[_PARTITION] == 0:
            return None
        beginnings = await reader.beginning_offsets([_PARTITION])
        reader.seek(_PARTITION, beginnings[_PARTITION])
        records = await reader.getmany(_PARTITION, timeout_ms=2_000, max_records=1)
        first = records.get(_PARTITION)
        return first[0].value.decode() if first and first[0].value else None

    async def end(self, generation: str) -> None:
        """End a generation that has lost something: the next one is filled again."""
        async with admin(self._settings) as client:
            if await self.current() == generation:
                await client.delete_topics([GENESIS.name])

    async def begin(self) -> str:
        """The generation's id, having begun one if there was none.

        Owners may race: each writes a candidate, and the first record counts. The
        records have different keys, so that compaction keeps the first.
        """
        async with admin(self._settings) as client:
            await make_topics(client, [GENESIS], self._settings)
            found = await self.current()
            if found is not None:
                await make_topics(client, TOPICS, self._settings)
                if await wrongly_partitioned(client, TOPICS):
                    # A topic was lost, and made anew by whoever asked for it next.
                    log.warning("ending generation %s, whose topics are not as declared", found)
                    await self._forget(client)
                    found = None
            if found is None:
                await self._make_topics_afresh(client)
                if await self.current() is None:
                    await self._write_candidate()
                found = await self.current()
        if found is None:
            raise TimeoutError("the broker does not give back its genesis")
        return found

    async def _forget(self, client: AIOKafkaAdminClient) -> None:
        await client.delete_topics([GENESIS.name])
        await make_topics(client, [GENESIS], self._settings)

    async def _make_topics_afresh(self, client: AIOKafkaAdminClient) -> None:
        """Make all topics as they are declared; TimeoutError when others always come first.

        Between deleting a topic and making it there is time for a client that asks for it.
        """
        for _ in range(_TRIES):
            await make_topics(client, TOPICS, self._settings)
            wrong = await wrongly_partitioned(client, TOPICS)
            if not wrong or await self.current() is not None:
                return
            log.warning("making topics anew: %s", [topic.name for topic in wrong])
            await client.delete_topics([topic.name for topic in wrong])
            await make_topics(client, wrong, self._settings)
            if await self.current() is not None:
                # Another owner has begun meanwhile, and may have sent into what was just deleted.
                await self._forget(client)
        raise TimeoutError("the topics come back with other partitions than declared")

    async def _write_candidate(self) -> None:
        candidate = str(uuid7()).encode()
        producer = await open_producer(self._settings)
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await producer.send_and_wait(GENESIS.name, candidate, key=candidate, partition=0)
        finally:
            await abandon(producer)


async def refill(database: AnyDatabase, generation: str) -> int:
    """Queue what a generation must remember; 0 when it is the one that the owner filled last."""
    return await storage_of(database).refill(generation)
