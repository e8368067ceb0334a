"""The relay: from the outbox to the broker, in order, nothing lost.

It owns slots (topic partitions) by leases on the database's clock, sends what
the outbox points at, pipelined and in order, and deletes what the broker has
acknowledged. It keeps no cursor: what is in the outbox is not yet sent, so a
commit that comes late leaves no gap. When a send fails, everything in flight
settles first, and the slot resumes at its first row that is still there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaProducer

from chassis import telemetry
from chassis.database import PASSING_FAILURES, Database
from chassis.kafka import BROKER_FAILURES
from chassis.producers import abandon, open_producer
from chassis.settings import PlatformSettings
from chassis.transactions import uuid7, wait_or_timeout
from events.envelope import CONTENT_TYPE, complete
from events.topics import Topic

log = logging.getLogger(__name__)

Slot = tuple[str, int]
Results: TypeAlias = "list[Any | BaseException]"

_PATIENCE_SECONDS = 30.0
"""How long a batch may take; an idempotent producer would wait for the broker for ever."""
_LEASE_LOOK_SECONDS = 0.2


class Leases:
    """Which slots this relay owns, and until when (on the local monotonic clock).

    A lease is renewed on the database's clock; it counts here from before the
    request was sent, so that this process always believes it for less time than
    the database does. A frozen process that thaws finds its leases over.
    """

    def __init__(self, database: Database, topics: Sequence[Topic], seconds: float) -> None:
        self._database = database
        self._slots = [(topic.name, n) for topic in topics for n in range(topic.partitions)]
        self._seconds = seconds
        self._owner: UUID = uuid7()
        self._until = 0.0
        self.owned: frozenset[Slot] = frozenset()

    def hold(self) -> frozenset[Slot]:
        """The slots owned at this moment."""
        return self.owned if time.monotonic() < self._until else frozenset()

    async def renew(self) -> None:
        """Take free and expired slots, keep one's own.

        For slots taken over from another, the newest event of every key that
        moved within the last lease time is queued again: a late send by the
        former owner can then never stay the last word of a key.
        """
        sent = time.monotonic()
        async with self._database.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """insert into relay_slot (topic, slot)
                   select * from unnest($1::text[], $2::smallint[]) on conflict do nothing""",
                [topic for topic, _ in self._slots],
                [slot for _, slot in self._slots],
            )
            rows = await connection.fetch(
                """with free as (
                       select topic, slot, owner from relay_slot
                       where owner = $1 or until < clock_timestamp()
                       order by topic, slot for update skip locked)
                   update relay_slot r
                   set owner = $1, until = clock_timestamp() + $2
                   from free where r.topic = free.topic and r.slot = free.slot
                   returning r.topic, r.slot, free.owner is distinct from $1 as taken""",
                self._owner,
                timedelta(seconds=self._seconds),
            )
            taken = [row for row in rows if row["taken"]]
            if taken:
                await self._queue_heads(connection, taken)
        self.owned = frozenset((row["topic"], row["slot"]) for row in rows)
        self._until = sent + self._seconds

    async def _queue_heads(self, connection: Any, taken: Sequence[asyncpg.Record]) -> None:
        await connection.execute(
            """insert into outbox (position, topic, slot, recordedtime)
               select distinct on (j.tenant, j.subject) j.position, j.topic, j.slot, j.recordedtime
               from journal j
               join unnest($1::text[], $2::smallint[]) as taken(topic, slot)
                    on j.topic = taken.topic and j.slot = taken.slot
               where j.recordedtime > clock_timestamp() - 2 * $3::interval
               order by j.tenant, j.subject, j.version desc
               on conflict do nothing""",
            [row["topic"] for row in taken],
            [row["slot"] for row in taken],
            timedelta(seconds=self._seconds),
        )

    async def release(self) -> None:
        """Give the slots back at a clean stop, so that a successor need not wait."""
        self._until = 0.0
        await self._database.pool.execute(
            "update relay_slot set owner = null, until = '-infinity' where owner = $1", self._owner
        )


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
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There is something to send: called after every commit in this process."""
        self._wake.set()

    async def run(self) -> None:
        """Relay until cancelled; failures of the store or the broker are waited out."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_leases())
                tasks.create_task(self._keep_sending())
        finally:
            try:
                await asyncio.wait_for(self._leases.release(), 2)
            except (*PASSING_FAILURES, TimeoutError):
                log.warning("the relay's slots stay leased until they expire")

    async def _keep_leases(self) -> None:
        while True:
            try:
                await self._leases.renew()
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

    async def _keep_sending(self) -> None:
        while True:
            try:
                producer = await open_producer(self._settings)
                try:
                    while True:
                        if not await self._send_batch(producer):
                            await wait_or_timeout(self._wake, self._settings.relay_poll_seconds)
                finally:
                    await abandon(producer)
            except (*BROKER_FAILURES, *PASSING_FAILURES) as error:
                log.warning("the relay waits: %s", error)
                await asyncio.sleep(0.2)

    async def _send_batch(self, producer: AIOKafkaProducer) -> bool:
        """Send the oldest rows of owned slots; False when there were none."""
        owned = self._leases.hold()
        rows = await self._next_rows(owned) if owned else []
        if not rows:
            return False
        results = await self._while_leased(self._send_rows(producer, rows))
        acknowledged = _acknowledged(rows, results)
        if acknowledged:
            await self._database.pool.execute(
                "delete from outbox where position = any($1::bigint[])", acknowledged
            )
            telemetry.RELAYED.labels(self._service).inc(len(acknowledged))
        failure = next((r for r in results if isinstance(r, BaseException)), None)
        if failure is not None:
            raise failure
        return True

    async def _while_leased(self, sending: Coroutine[Any, Any, Results]) -> Results:
        """What `sending` returns; TimeoutError when the leases end, or patience does, before."""
        task = asyncio.create_task(sending)
        patience = time.monotonic() + _PATIENCE_SECONDS
        try:
            while not task.done():
                if not self._leases.hold():
                    raise TimeoutError("the leases have ended before the broker answered")
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
        sending: list[asyncio.Future[Any]] = []
        for row in rows:
            try:
                sending.append(await self._send(producer, row))
            except BROKER_FAILURES as error:
                return [*await asyncio.gather(*sending, return_exceptions=True), error]
        return await asyncio.gather(*sending, return_exceptions=True)

    async def _next_rows(self, owned: frozenset[Slot]) -> list[asyncpg.Record]:
        topics = [topic for topic, _ in owned]
        slots = [slot for _, slot in owned]
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
