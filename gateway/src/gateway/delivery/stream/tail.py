"""The end of a tenant's log, read once for all streams of this process."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from chassis.database import PASSING_FAILURES
from chassis.problems import CursorExpired
from gateway.delivery.cursor import cursor_after
from gateway.delivery.log.entry import Reach
from gateway.delivery.log.log import Log
from gateway.delivery.stream import messages
from gateway.delivery.stream.reader import Reader
from gateway.delivery.stream.telling import Telling
from gateway.delivery.visibility import RESOURCES

log = logging.getLogger(__name__)

_EVERYTHING = Reach(everywhere=tuple(RESOURCES))
_AT_ONCE = 200
_WAIT_SECONDS = 60.0
_AGAIN_SECONDS = 1.0
_ASKED_BEFORE_OTHERS = 500
"""Readers that are asked about events before anybody else has a turn."""


class Tail:
    """Reads a tenant's log from `after` on, and tells its readers."""

    def __init__(self, log: Log, tenant: UUID, after: int, most_behind: int) -> None:
        self.tenant = tenant
        self.after = after
        self.readers: set[Reader] = set()
        self._log = log
        self._most_behind = most_behind
        self._of_any_record: set[Reader] = set()
        self._by_record: defaultdict[tuple[str, UUID], set[Reader]] = defaultdict(set)
        self._asked = 0
        self._heartbeat = (-1, b"")

    def join(self, reader: Reader) -> bool:
        """Tell a reader from now on; False where there is something before that it has to read."""
        if reader.after < self.after:
            return False
        self.readers.add(reader)
        for among in self._places(reader):
            among.add(reader)
        return True

    def part(self, reader: Reader) -> None:
        """Tell a reader nothing more."""
        self.readers.discard(reader)
        for among in self._places(reader):
            among.discard(reader)
        for record in reader.subscription.records or ():
            if not self._by_record[record]:
                del self._by_record[record]

    def cursor(self) -> str:
        """The cursor of where it is."""
        return cursor_after(self.tenant, self.after)

    def beat(self, reader: Reader) -> None:
        """A heartbeat for one of its readers."""
        if reader in self.readers:
            if self._heartbeat[0] != self.after:
                self._heartbeat = self.after, messages.heartbeat(self.cursor())
            reader.beat(*self._heartbeat)

    def stopped(self, reading: asyncio.Task[None]) -> None:
        """It is read no longer: whoever still listens must not take that for silence."""
        if not reading.cancelled() and (error := reading.exception()) is not None:
            log.error("the log is not told any further", exc_info=error)
            for reader in self.readers:
                reader.end("shutdown")

    async def run(self) -> None:
        """Read and tell until cancelled."""
        while not self._log.has_ended:
            try:
                await self._go_on()
            except CursorExpired:
                await self._skip()
            except (*PASSING_FAILURES, TimeoutError) as error:
                log.warning("the log is not read for a while: %s", error)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _go_on(self) -> None:
        portion = await self._log.read(self.tenant, self.after, _AT_ONCE, _EVERYTHING)
        for entry in portion.entries:
            await self._tell(Telling(self.tenant, entry))
        self.after = portion.after
        if not portion.has_more:
            await self._log.wait(self.tenant, self.after, _WAIT_SECONDS)
        elif (await self._log.bounds(self.tenant)).last - self.after > self._most_behind:
            await self._skip()

    async def _tell(self, telling: Telling) -> None:
        entry = telling.entry
        record = self._by_record.get((entry.topic, entry.subject), ())
        for reader in (*self._of_any_record, *record):
            if reader.after < entry.sequence:
                message = telling.to(reader.watch.visibility, reader.subscription)
                if message is not None:
                    reader.offer(entry.sequence, message)
            self._asked += 1
        self.after = entry.sequence
        if self._asked >= _ASKED_BEFORE_OTHERS:
            self._asked = 0
            await asyncio.sleep(0)

    async def _skip(self) -> None:
        """So much has come that nobody could be told in time: go on with what comes now."""
        self.after = (await self._log.bounds(self.tenant)).last
        for reader in self.readers:
            reader.lose("behind")

    def _places(self, reader: Reader) -> list[set[Reader]]:
        records = reader.subscription.records
        if records is None:
            return [self._of_any_record]
        return [self._by_record[record] for record in records]


class Tails:
    """The tails of the tenants of which streams are open."""

    def __init__(self, log: Log, most_behind: int) -> None:
        self._log = log
        self._most_behind = most_behind
        self._held: dict[UUID, _Held] = {}

    async def hold(self, tenant: UUID) -> Tail:
        """The tail of a tenant, which is read until it is let go as often as it was held."""
        held = self._held.get(tenant)
        if held is None:
            held = self._held[tenant] = _Held(asyncio.create_task(self._opened(tenant)))
        held.times += 1
        try:
            return await asyncio.shield(held.opening)
        except BaseException:
            self.let_go(tenant)
            raise

    def let_go(self, tenant: UUID) -> None:
        held = self._held[tenant]
        held.times -= 1
        if not held.times:
            del self._held[tenant]
            held.opening.cancel()
            if held.reading is not None:
                held.reading.cancel()

    async def _opened(self, tenant: UUID) -> Tail:
        held = self._held[tenant]
        last = (await self._log.bounds(tenant)).last
        tail = Tail(self._log, tenant, last, self._most_behind)
        held.reading = asyncio.create_task(tail.run())
        held.reading.add_done_callback(tail.stopped)
        return tail


@dataclass(slots=True)
class _Held:
    opening: asyncio.Task[Tail]
    reading: asyncio.Task[None] | None = None
    times: int = 0
