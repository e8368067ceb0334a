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
from collections.abc import Coroutine, Sequence, Set
from typing import Any, TypeAlias

from aiokafka import AIOKafkaProducer

from chassis import telemetry
from chassis.database import PASSING_FAILURES
from chassis.kafka import BROKER_FAILURES
from chassis.leases import Leases
from chassis.producers import abandon, open_producer
from chassis.settings import PlatformSettings
from chassis.storage import AnyDatabase, Row, Slot, storage_of
from chassis.transactions import wait_or_timeout
from events.envelope import CONTENT_TYPE, complete
from events.topics import Topic

log = logging.getLogger(__name__)

Results: TypeAlias = "list[Any | BaseException]"

_PATIENCE_SECONDS = 30.0
"""How long a batch may take; an idempotent producer would wait for the broker for ever."""
_LEASE_LOOK_SECONDS = 0.2


class Relay:
    """Sends one owner's events; `run` until cancelled."""

    def __init__(
        self,
        service: str,
        topics: Sequence[Topic],
        database: AnyDatabase,
        settings: PlatformSettings,
    ) -> None:
        self._service = service
        self._storage = storage_of(database)
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
        rows, seconds = await self._storage.waiting()
        telemetry.OUTBOX_ROWS.labels(self._service).set(rows)
        telemetry.OUTBOX_SECONDS.labels(self._service).set(seconds)

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
        rows = await self._storage.next_rows(owned, self._settings.relay_batch) if owned else []
        if not rows:
            return False
        slots = {(row["topic"], row["slot"]) for row in rows}
        results = await self._while_leased(slots, self._send_rows(producer, rows))
        acknowledged = _acknowledged(rows, results)
        if acknowledged:
            await self._storage.acknowledged(acknowledged)
            telemetry.RELAYED.labels(self._service).inc(len(acknowledged))
        failure = next((r for r in results if isinstance(r, BaseException)), None)
        if failure is not None:
            raise failure
        return True

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

    async def _send_rows(self, producer: AIOKafkaProducer, rows: Sequence[Row]) -> Results:
        """What became of each of the first rows, up to one that could not even be queued."""
        sending: list[asyncio.Future[Any]] = []
        for row in rows:
            try:
                sending.append(await self._send(producer, row))
            except BROKER_FAILURES as error:
                return [*await asyncio.gather(*sending, return_exceptions=True), error]
        return await asyncio.gather(*sending, return_exceptions=True)

    async def _send(self, producer: AIOKafkaProducer, row: Row) -> asyncio.Future[Any]:
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


def _acknowledged(rows: Sequence[Row], results: Sequence[Any]) -> list[int]:
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
