"""The topic `crm.reconciliation`: everybody reads all of it, from its beginning.

It holds little: a digest for every range that has changed, a line for every sweep,
and what was asked. What was there before one began to read tells of digests alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from chassis import telemetry
from chassis.cancellation import to_its_end
from chassis.kafka import end, open_reader
from chassis.producers import abandon, open_producer
from chassis.reconciliation.records import Digest, Record, decode, encode, key_of
from chassis.settings import PlatformSettings
from events.topics import RECONCILIATION

log = logging.getLogger(__name__)

_PLACE = TopicPartition(RECONCILIATION.name, 0)
_SEND_SECONDS = 10.0


class Channel:
    """Sends and reads the records of reconciliation; between `open` and `close`."""

    def __init__(self, service: str, settings: PlatformSettings) -> None:
        self._service = service
        self._settings = settings
        self._reader: AIOKafkaConsumer | None = None
        self._producer: AIOKafkaProducer | None = None
        self._history = 0

    async def open(self) -> None:
        """Connect; raises `BROKER_FAILURES`.

        Cancelled, it connects first, if that does not take long: so does `close`.
        """
        await to_its_end(self._open())

    async def _open(self) -> None:
        self._reader = await open_reader(
            self._settings, auto_offset_reset="earliest", fetch_max_wait_ms=200
        )
        self._reader.assign([_PLACE])
        self._history = (await self._reader.end_offsets([_PLACE]))[_PLACE]
        await self._reader.seek_to_beginning(_PLACE)
        self._producer = await open_producer(self._settings)

    async def close(self) -> None:
        await to_its_end(self._close())

    async def _close(self) -> None:
        try:
            if self._reader is not None:
                await end(self._reader)
        finally:
            if self._producer is not None:
                await abandon(self._producer)

    async def send(self, record: Record) -> None:
        """Send and wait until it is acknowledged; raises `BROKER_FAILURES`."""
        assert self._producer is not None
        async with asyncio.timeout(_SEND_SECONDS):
            await self._producer.send_and_wait(
                _PLACE.topic, encode(record), key=key_of(record), partition=_PLACE.partition
            )
        kind = type(record).__name__.lower()
        telemetry.RECONCILIATION_RECORDS.labels(self._service, kind).inc()

    async def records(self) -> AsyncIterator[tuple[Record, bool]]:
        """Every record that can be understood, and whether it is older than this reading."""
        assert self._reader is not None
        while True:
            fetched = await self._reader.getmany(_PLACE, timeout_ms=1_000)
            for message in fetched.get(_PLACE, ()):
                is_old = message.offset < self._history
                try:
                    record = decode(message.value)
                except (ValueError, RecursionError) as error:
                    telemetry.RECONCILIATION_IGNORED.labels(self._service).inc()
                    log.warning("%s@%d means nothing: %s", _PLACE.topic, message.offset, error)
                    continue
                if isinstance(record, Digest) or not is_old:
                    yield record, is_old
