"""An owner at work: it publishes what its journal holds, and answers what consumers ask.

A sweep reads the journal range by range and publishes the digests of those ranges
in which something has changed. A range that has grown to twice its size is parted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

from chassis import telemetry
from chassis.database import Database
from chassis.reconciliation import journalled
from chassis.reconciliation.records import (
    FIRST,
    LAST,
    Cost,
    Digest,
    Place,
    Question,
    Range,
    Record,
    Swept,
    Wish,
)
from chassis.reconciliation.tiling import Tiling
from chassis.settings import PlatformSettings
from chassis.transactions import wait_or_timeout

Send: TypeAlias = Callable[[Record], Awaitable[None]]

ROWS_OF_RANGE = 1_000


class Publishing:
    """Publishes for one owner, as long as it is this process's turn."""

    def __init__(
        self, owner: str, service: str, database: Database, settings: PlatformSettings, send: Send
    ) -> None:
        self._owner = owner
        self._service = service
        self._database = database
        self._settings = settings
        self._send = send
        self._published = Tiling()
        self._wishes: dict[str, datetime] = {}
        self._is_to_repeat = False
        self._wake = asyncio.Event()
        self._cost = Cost()

    def remember(self, digest: Digest) -> None:
        """This was published before: by another process, in its turn."""
        self._published.put(digest)

    def grant(self, wish: Wish) -> None:
        """Sweep soon; for an operator, without pauses."""
        if wish.everything:
            self._is_to_repeat = True
        else:
            self._wishes[wish.service] = wish.wanted
        self._wake.set()

    async def run(self) -> None:
        """Sweep now and then, and when somebody wishes it, until cancelled."""
        while True:
            await self.sweep()
            await wait_or_timeout(self._wake, self._settings.reconcile_seconds)

    async def sweep(self) -> None:
        """Publish what has changed, then that nothing else has."""
        wishes, self._wishes = self._wishes, {}
        repeats, self._is_to_repeat = self._is_to_repeat, False
        as_of = await journalled.moment(self._database)
        place = FIRST
        while place != LAST:
            digest, rows = await self._read(place)
            known = self._published.at(place)
            if repeats or known is None or _content(known) != _content(digest):
                self._published.put(digest)
                await self._publish(digest)
            place = digest.range.until
            if not wishes and not self._wishes:
                await asyncio.sleep(rows / self._settings.reconcile_rows_per_second)
        cost, self._cost = self._cost, Cost()
        root = self._published.root()
        await self._publish(
            Swept(owner=self._owner, as_of=as_of, root=root, wishes=wishes, cost=cost)
        )

    async def answer(self, question: Question) -> None:
        """Say which keys a range has."""
        began = time.monotonic()
        answer = await journalled.answer(self._database, question)
        self._count(sum(map(len, answer.keys.values())), began)
        await self._publish(answer)

    async def _read(self, place: Place) -> tuple[Digest, int]:
        """The digest of the range that begins at `place`, and how many rows it has."""
        began = time.monotonic()
        known = self._published.at(place)
        if known is not None:
            span = known.range
        else:
            span = await self._range(Range(place, self._published.room(place)))
        as_of = await journalled.moment(self._database)
        digest, rows = await journalled.digest(self._database, self._owner, span, as_of)
        if rows > 2 * ROWS_OF_RANGE:
            span = await self._range(span)
            digest, rows = await journalled.digest(self._database, self._owner, span, as_of)
        self._count(rows, began)
        return digest, rows

    async def _range(self, room: Range) -> Range:
        until = await journalled.boundary(self._database, room, ROWS_OF_RANGE)
        return Range(room.after, until)

    async def _publish(self, record: Record) -> None:
        await self._send(record)
        self._cost += Cost(records=1)

    def _count(self, rows: int, began: float) -> None:
        self._cost += Cost(rows, (time.monotonic() - began) * 1_000)
        telemetry.RECONCILED_ROWS.labels(self._service).inc(rows)


def _content(digest: Digest) -> object:
    return digest.range, digest.topics
