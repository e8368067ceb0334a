"""The relay: from the outbox to the broker, in order, nothing lost.

It owns slots (topic partitions) by leases on the database's clock, sends what
the outbox points at, pipelined and in order, and deletes what the broker has
acknowledged. It keeps no cursor: what is in the outbox is not yet sent, so a
commit that comes late leaves no gap. When a send fails, everything in flight
settles first, and the slot resumes at its first row that is still there.

An acknowledgement counts in the generation in which the event was sent: a relay that was frozen
while the broker was lost must not delete what has been queued again for the next one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Coroutine, Sequence, Set
from typing import Any, TypeAlias

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import UnknownTopicOrPartitionError

from chassis import telemetry
from chassis.cancellation import no_strays
from chassis.database import PASSING_FAILURES, Database
from chassis.doubts import Doubts
from chassis.kafka import BROKER_FAILURES
from chassis.leases import Leases, Slot
from chassis.producers import abandon, open_producer
from chassis.settings import PlatformSettings
from chassis.transactions import wait_or_timeout
from events.envelope import CONTENT_TYPE, complete
from events.topics import Topic

log = logging.getLogger(__name__)

Results: TypeAlias = "list[Any | BaseException]"

_PATIENCE_SECONDS = 30.0
"""How long a batch may take; an idempotent producer would wait for the broker for ever."""
_LEASE_LOOK_SECONDS = 0.2
_LATE_SECONDS = 1.0
"""An acknowledgement that takes longer may be that of a second sending."""


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
                            sent = await self._send_batch(producer, generation)
                            if not await self._doubts.settle() and not sent:
                                await wait_or_timeout(self._wake, self._settings.relay_poll_seconds)
                    finally:
                        await abandon(producer)
            except (*BROKER_FAILURES, *PASSING_FAILURES) as error:
                log.warning("the relay waits: %s", error)
                await asyncio.sleep(0.2)

    async def _send_batch(self, producer: AIOKafkaProducer, generation: str) -> bool:
        """Send the oldest rows of owned slots; False when there were none."""
        owned = self._leases.hold()
        rows = await self._next_rows(owned) if owned else []
        if not rows:
            return False
        slots = {(row["topic"], row["slot"]) for row in rows}
        began = time.monotonic()
        try:
            results = await self._while_leased(slots, self._send_rows(producer, rows))
        except BaseException:
            self._doubts.add(rows)
            raise
        acknowledged = _acknowledged(rows, results)
        if acknowledged:
            await self._forget(acknowledged, generation)
        failure = next((r for r in results if isinstance(r, BaseException)), None)
        if failure is not None:
            self._doubts.add(rows)
            raise failure
        if time.monotonic() - began > _LATE_SECONDS:
            self._doubts.add_late(rows)
        return True

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
        self, slots: Set[Slot], sending: Coroutine[Any, Any, Results]
    ) -> Results:
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

    async def _send_rows(
        self, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]
    ) -> Results:
        """What became of each of the first rows, up to one that could not even be queued."""
        await _require_partitions(producer, rows)
        sending: list[asyncio.Future[Any]] = []
        for row in rows:
            try:
                sending.append(await self._send(producer, row))
            except BROKER_FAILURES as error:
                return [*await asyncio.gather(*sending, return_exceptions=True), error]
        return await asyncio.gather(*sending, return_exceptions=True)

    async def _next_rows(self, of: Collection[Slot]) -> list[asyncpg.Record]:
        topics = [topic for topic, _ in of]
        slots = [slot for _, slot in of]
        return await self._database.pool.fetch(
            """select o.position, o.topic, o.slot, j.tenant, j.subject, j.type, j.event,
                      j.traceparent, j.body, j.recordedtime
               from (select o.position, o.topic, o.slot, o.recordedtime from outbox o
                     where (o.topic, o.slot) in (
                         select * from unnest($1::text[], $2::smallint[]))
                     order by o.position limit $3) as o
               join journal j on j.position = o.position and j.recordedtime = o.recordedtime
               order by o.position""",
            topics,
            slots,
            self._settings.relay_batch,
        )

    async def _send(self, producer: AIOKafkaProducer, row: asyncpg.Record) -> asyncio.Future[Any]:
        headers = [
            ("content-type", CONTENT_TYPE.encode()),
            ("ce_id", str(row["event"]).encode()),
            ("ce_type", row["type"].encode()),
            ("ce_tenantid", str(row["tenant"]).encode()),
        ]
        if row["traceparent"]:
            headers.append(("traceparent", row["traceparent"].encode()))
        future: asyncio.Future[Any] = await producer.send(
            row["topic"],
            complete(row["body"].encode(), row["recordedtime"], row["position"]),
            key=f"{row['tenant']}:{row['subject']}".encode(),
            partition=row["slot"],
            headers=headers,
        )
        return future


async def _require_partitions(producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]) -> None:
    """Raise UnknownTopicOrPartitionError where a topic is not as it is declared, for now."""
    for topic in {row["topic"] for row in rows}:
        partitions = await producer.partitions_for(topic)
        if not {row["slot"] for row in rows if row["topic"] == topic} <= partitions:
            raise UnknownTopicOrPartitionError(f"{topic} has {len(partitions)} partitions")


def _acknowledged(rows: Sequence[asyncpg.Record], results: Sequence[Any]) -> list[int]:
    """The positions that may be forgotten: of each slot, those before its first failure."""
    failed: set[Slot] = set()
    positions: list[int] = []
    for row, result in zip(rows, results, strict=False):
        slot = (row["topic"], row["slot"])
        if isinstance(result, BaseException):
            failed.add(slot)
        elif slot not in failed:
            positions.append(row["position"])
    return positions
