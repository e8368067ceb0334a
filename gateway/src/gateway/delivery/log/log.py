"""The log as its readers have it: feed, stream, webhooks.

portion = await log.read(tenant, after, 100, reach)
...                                  # portion.entries, in order, without holes
await log.wait(tenant, portion.after, 30)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from chassis.database import Database, planned_anew
from chassis.transactions import wait_or_timeout
from gateway.delivery.log import store
from gateway.delivery.log.entry import Bounds, Portion, Reach, Selection
from gateway.delivery.log.waking import Ears

_SPAN = 20_000
"""Sequences that one read looks at, at the most, however few concern the reader."""
_BYTES = 4_000_000
"""Of events in one portion, and one event more."""
_POLL_SECONDS = 15.0
_POLL_SECONDS_WHILE_DEAF = 1.0


class Log:
    """Reads the log and waits for it; `end` lets nobody wait any longer."""

    def __init__(self, database: Database, ears: Ears) -> None:
        self.database = database
        self._ears = ears
        self.has_ended = False

    async def bounds(self, tenant: UUID) -> Bounds:
        """From which sequence the log of a tenant is whole, and up to which."""
        async with self.database.pool.acquire() as connection:
            return await store.bounds(connection, tenant)

    async def read(
        self,
        tenant: UUID,
        after: int,
        limit: int,
        reach: Reach,
        selection: Selection | None = None,
    ) -> Portion:
        """Up to `limit` entries after a sequence, in order, of those that `reach` has.

        There may be fewer, or none, and yet more to read: `Portion.after` is always behind what
        was looked at. Raises `CursorExpired` where entries after `after` are forgotten, and
        `InvalidRequest` where the log has not come so far.
        """
        async with planned_anew(self.database) as connection:
            bounds = await store.bounds(connection, tenant)
            bounds.require(after)
            until = min(after + _SPAN, bounds.last)
            found = await store.entries(
                connection,
                tenant,
                reach,
                selection,
                (after, until),
                most=limit,
                most_bytes=_BYTES,
            )
        is_cut = len(found) == limit or sum(len(entry.body) for entry in found) >= _BYTES
        reached = found[-1].sequence if is_cut else until
        return Portion(found, reached, reached < bounds.last)

    async def wait(self, tenant: UUID, after: int, seconds: float) -> bool:
        """Return as soon as there is something after a sequence: whether there is.

        False after so many seconds, or when the log has ended.
        """
        until = time.monotonic() + seconds
        with self._ears.listening(tenant) as woken:
            while not self.has_ended:
                if (await self.bounds(tenant)).last > after:
                    return True
                left = until - time.monotonic()
                if left <= 0:
                    break
                poll = _POLL_SECONDS if self._ears.is_open else _POLL_SECONDS_WHILE_DEAF
                await wait_or_timeout(woken, min(left, poll))
        return False

    def on_news(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something was written of any tenant, as far as one hears."""
        self._ears.on_news(listener)

    def end(self) -> None:
        """Let nobody wait any longer."""
        self.has_ended = True
        self._ears.wake_all()


@asynccontextmanager
async def open_log(database: Database, stopping: asyncio.Event) -> AsyncIterator[Log]:
    """The log for the length of the block; nobody waits for it once `stopping` is set."""
    ears = Ears(database)
    log = Log(database, ears)

    async def end() -> None:
        await stopping.wait()
        log.end()

    tasks = [asyncio.create_task(ears.run()), asyncio.create_task(end())]
    try:
        yield log
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
