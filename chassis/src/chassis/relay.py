"""The relay: from the outbox to the broker, in order, nothing lost.

It owns slots (topic partitions) by leases on the database's clock, sends what
the outbox points at, pipelined and in order, and deletes what the broker has
acknowledged. It keeps no cursor: what is in the outbox is not yet sent, so a
commit that comes late leaves no gap. When a send fails, everything in flight
settles first, and the slot resumes at its first row that is still there.

An acknowledgement counts in the generation in which the event was sent: a relay that was frozen
while the broker was lost must not delete what has been queued again for the next one.

The slot is the partition, so the relay fills the batches of each itself: that costs
the producer one future for a batch instead of one for each event.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Collection, Coroutine, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any, TypeAlias

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.producer.message_accumulator import BatchBuilder

from chassis import telemetry
from chassis.cancellation import no_strays
from chassis.database import PASSING_FAILURES, Database
from chassis.doubts import Doubts
from chassis.kafka import BROKER_FAILURES
from chassis.leases import Leases, Slot
from chassis.producers import abandon, open_producer
from chassis.settings import PlatformSettings
from chassis.transactions import wait_or_timeout
from events.envelope import complete, headers_of, partition_key
from events.topics import Topic

log = logging.getLogger(__name__)

Queued: TypeAlias = "tuple[list[tuple[list[int], asyncio.Future[Any]]], BaseException | None]"
"""Of one slot: the positions of each batch, with what the broker will say; and what it refused."""
Sent: TypeAlias = "tuple[list[int], BaseException | None]"
"""Of one slot: the positions that were acknowledged, before the first failure; and that."""

_PATIENCE_SECONDS = 30.0
"""How long a batch may take; an idempotent producer would wait for the broker for ever."""
_LEASE_LOOK_SECONDS = 0.2
_LATE_SECONDS = 1.0
"""An acknowledgement that takes longer may be that of a second sending."""
_MOST_UNDER_WAY = 3
"""Batches of rows: while one is on its way and one is forgotten, the next is read."""


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """Rows that are being sent since `began` (monotonic)."""

    rows: list[asyncpg.Record]
    began: float
    sending: asyncio.Task[list[Sent]]


class Relay:
    """Sends one owner's events; `run` until cancelled."""

    def __init__(
        self,
        service: str,
        topics: Sequence[Topic],
        database: Database,
        settings: PlatformSettings,
    ) -> None:
        self._service = service
        self._database = database
        self._settings = settings
        self._leases = Leases(database, topics, settings.relay_lease_seconds)
        self._doubts = Doubts(database, 2 * settings.relay_lease_seconds)
        self._wake = asyncio.Event()
        self._queueing = asyncio.Lock()

    def wake(self) -> None:
        """There is something to send: called after every commit in this process."""
        self._wake.set()

    async def run(self, generation: str) -> None:
        """Relay into this generation until cancelled; what fails for now is waited out."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_leases())
                tasks.create_task(self._keep_sending(generation))
        finally:
            try:
                async with asyncio.timeout(2):
                    await self._leases.release()
            except (*PASSING_FAILURES, TimeoutError):
                log.warning("the relay's slots stay leased until they expire")

    async def _keep_leases(self) -> None:
        while True:
            try:
                taken = await self._leases.renew()
                if taken:
                    # Their former owner may have been sending just these.
                    self._doubts.add(await self._next_rows(taken))
                telemetry.OWNED_SLOTS.labels(self._service).set(len(self._leases.hold()))
                await self._measure()
                self._wake.set()
            except PASSING_FAILURES as error:
                log.warning("cannot renew the relay's leases: %s", error)
            await asyncio.sleep(self._settings.relay_lease_seconds / 3)

    async def _measure(self) -> None:
        row = await self._database.pool.fetchrow(
            """select count(*) as rows,
                      coalesce(extract(epoch from clock_timestamp() - min(recordedtime)), 0) as age
               from (select recordedtime from outbox order by position limit 100000) as waiting"""
        )
        if row is not None:
            telemetry.OUTBOX_ROWS.labels(self._service).set(row["rows"])
            telemetry.OUTBOX_SECONDS.labels(self._service).set(float(row["age"]))

    async def _keep_sending(self, generation: str) -> None:
        while True:
            try:
                with no_strays():
                    producer = await open_producer(self._settings)
                    try:
                        while True:
                            await self._send_waiting(producer, generation)
                            if not await self._doubts.settle():
                                await wait_or_timeout(self._wake, self._settings.relay_poll_seconds)
                    finally:
                        await abandon(producer)
            except (*BROKER_FAILURES, *PASSING_FAILURES) as error:
                log.warning("the relay waits: %s", error)
                await asyncio.sleep(0.2)

    async def _send_waiting(self, producer: AIOKafkaProducer, generation: str) -> None:
        """Send the rows of owned slots, oldest first, until there are none.

        While some are under way the next are read and queued behind them. They are forgotten in
        the same order: what is left after a failure, sent again, ends with the newest event of
        each key.
        """
        under_way: deque[_UnderWay] = deque()
        try:
            while True:
                known = [row["position"] for batch in under_way for row in batch.rows]
                rows = await self._next_rows(self._leases.hold(), known)
                if rows:
                    sending = asyncio.create_task(self._send_leased(producer, rows))
                    under_way.append(_UnderWay(rows, time.monotonic(), sending))
                elif not under_way:
                    return
                if not rows or len(under_way) == _MOST_UNDER_WAY:
                    await self._settle(under_way[0], generation)
                    under_way.popleft()
        except BaseException:
            for batch in under_way:
                self._doubts.add(batch.rows)
            raise
        finally:
            for batch in under_way:
                batch.sending.cancel()
            await asyncio.gather(*(batch.sending for batch in under_way), return_exceptions=True)

    async def _settle(self, batch: _UnderWay, generation: str) -> None:
        """Forget what was acknowledged; raises what failed."""
        sent = await batch.sending
        positions = [position for acknowledged, _ in sent for position in acknowledged]
        if positions:
            await self._forget(positions, generation)
        for _, failure in sent:
            if failure is not None:
                raise failure
        if time.monotonic() - batch.began > _LATE_SECONDS:
            self._doubts.add_late(batch.rows)

    async def _send_rows(
        self, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]
    ) -> list[Sent]:
        """What became of the rows of each slot."""
        slots: defaultdict[Slot, list[asyncpg.Record]] = defaultdict(list)
        for row in rows:
            slots[row["topic"], row["slot"]].append(row)
        # In a slot nothing is queued before all that was read before it.
        async with self._queueing:
            await _require_partitions(producer, rows)
            queued = await asyncio.gather(
                *(_queue(producer, slot, of_slot) for slot, of_slot in slots.items())
            )
        return await asyncio.gather(*map(_outcome, queued))

    async def _send_leased(
        self, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]
    ) -> list[Sent]:
        slots = {(row["topic"], row["slot"]) for row in rows}
        return await self._while_leased(slots, self._send_rows(producer, rows))

    async def _forget(self, positions: Sequence[int], generation: str) -> None:
        """Delete what has been acknowledged, unless the generation is over meanwhile."""
        await self._database.pool.execute(
            # Locked against a refill, which replaces that row before it queues anything.
            """with current as materialized (
                   select id from generation where id = $2 for key share)
               delete from outbox using current where position = any($1::bigint[])""",
            positions,
            generation,
        )
        telemetry.RELAYED.labels(self._service).inc(len(positions))

    async def _while_leased(
        self, slots: Set[Slot], sending: Coroutine[Any, Any, list[Sent]]
    ) -> list[Sent]:
        """What `sending` returns; TimeoutError when a lease ends, or patience does, before."""
        task = asyncio.create_task(sending)
        patience = time.monotonic() + _PATIENCE_SECONDS
        try:
            while not task.done():
                if not slots <= self._leases.still_leased():
                    raise TimeoutError("a lease has ended before the broker answered")
                if time.monotonic() > patience:
                    raise TimeoutError(f"no answer from the broker in {_PATIENCE_SECONDS:.0f} s")
                await asyncio.wait({task}, timeout=_LEASE_LOOK_SECONDS)
            return task.result()
        finally:
            task.cancel()

    async def _next_rows(
        self, of: Collection[Slot], under_way: Sequence[int] = ()
    ) -> list[asyncpg.Record]:
        """The oldest rows of the slots `of`, without those at the positions `under_way`."""
        if not of:
            return []
        topics = [topic for topic, _ in of]
        slots = [slot for _, slot in of]
        return await self._database.pool.fetch(
            """select o.position, o.topic, o.slot, j.tenant, j.subject, j.type, j.event,
                      j.traceparent, convert_to(j.body::text, 'UTF8') as body, j.recordedtime
               from (select o.position, o.topic, o.slot, o.recordedtime from outbox o
                     where (o.topic, o.slot) in (
                         select * from unnest($1::text[], $2::smallint[]))
                         and (o.position in (select unnest($4::bigint[]))) is not true
                     order by o.position limit $3) as o
               join journal j on j.position = o.position and j.recordedtime = o.recordedtime
               order by o.position""",
            topics,
            slots,
            self._settings.relay_batch,
            under_way,
        )


async def _queue(producer: AIOKafkaProducer, slot: Slot, rows: Sequence[asyncpg.Record]) -> Queued:
    """Hand the rows of a slot to the producer, in their order."""
    topic, partition = slot
    sending: list[tuple[list[int], asyncio.Future[Any]]] = []
    try:
        for batch, positions in _batches(producer, rows):
            sent = await producer.send_batch(batch, topic, partition=partition)
            sending.append((positions, sent))
    except BROKER_FAILURES as error:
        return sending, error
    return sending, None


async def _require_partitions(producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]) -> None:
    """Raise UnknownTopicOrPartitionError where a topic is not as it is declared, for now."""
    for topic in {row["topic"] for row in rows}:
        partitions = await producer.partitions_for(topic)
        if not {row["slot"] for row in rows if row["topic"] == topic} <= partitions:
            raise UnknownTopicOrPartitionError(f"{topic} has {len(partitions)} partitions")


async def _outcome(queued: Queued) -> Sent:
    sending, refused = queued
    results = await asyncio.gather(*(sent for _, sent in sending), return_exceptions=True)
    acknowledged: list[int] = []
    for (positions, _), result in zip(sending, results, strict=True):
        if isinstance(result, BaseException):
            return acknowledged, result
        acknowledged += positions
    return acknowledged, refused


def _batches(
    producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]
) -> Iterator[tuple[BatchBuilder, list[int]]]:
    """Batches of `rows` in their order, each with its positions; as few as the size allows."""
    batch: BatchBuilder = producer.create_batch()
    positions: list[int] = []
    for row in rows:
        if not _add(batch, row):
            yield batch, positions
            batch, positions = producer.create_batch(), []
            _add(batch, row)
        positions.append(row["position"])
    batch.close()
    yield batch, positions


def _add(batch: BatchBuilder, row: asyncpg.Record) -> bool:
    """Whether the batch has room for the event; an empty one has room for any."""
    added = batch.append(
        timestamp=None,
        key=partition_key(row["tenant"], str(row["subject"])),
        value=complete(row["body"], row["recordedtime"], row["position"]),
        headers=headers_of(row["event"], row["type"], row["tenant"], row["traceparent"]),
    )
    return added is not None
