"""Taking turns: one holder of a name at a time, by leases on the server's clock.

Never longer than the lease after its holder froze or died. So a turn keeps
others from doing the same work twice, and what must not happen twice is kept by
versions all the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from chassis.mongodb.database import AlreadyThere, MongoDatabase, StoreAway
from chassis.transactions import uuid7

LEASE = timedelta(seconds=10)
_PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.03
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Turn:
    """A turn that is held; `is_held` until the lease could not be renewed in time."""

    def __init__(self, database: MongoDatabase, name: str) -> None:
        self._turns = database["turn"]
        self._database = database
        self._name = name
        self._holder = str(uuid7())
        self._until = 0.0

    @property
    def is_held(self) -> bool:
        return time.monotonic() < self._until

    async def take(self) -> bool:
        """Take the turn if it is free; whether it was."""
        asked = time.monotonic()
        now = await self._database.clock()
        mine = {"holder": self._holder, "until": now + LEASE}
        # What ends later than any lease could was given before the clock was set back.
        is_over = [{"until": {"$lt": now}}, {"until": {"$gt": now + LEASE}}]
        try:
            await self._turns.update(
                {"_id": self._name, "$or": is_over}, {"$set": mine}, upsert=True
            )
        except AlreadyThere:
            return False
        self._until = asked + LEASE.total_seconds()
        return True

    async def keep(self) -> None:
        """Renew the lease until cancelled, or it is lost."""
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            asked = time.monotonic()
            with suppress(StoreAway):
                until = await self._database.clock() + LEASE
                if not await self._turns.update(self._mine(), {"$set": {"until": until}}):
                    self._until = 0.0
                    return
                self._until = asked + LEASE.total_seconds()

    async def give_back(self) -> None:
        with suppress(StoreAway):
            await self._turns.update(self._mine(), {"$set": {"until": _LONG_AGO}})

    def _mine(self) -> dict[str, str]:
        return {"_id": self._name, "holder": self._holder}


@asynccontextmanager
async def turn(database: MongoDatabase, name: str) -> AsyncIterator[Turn]:
    """Hold `name` for the length of the block; `StoreAway` when it is not free in 30 s."""
    held = Turn(database, name)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not await held.take():
        if time.monotonic() > deadline:
            raise StoreAway(f"somebody holds the turn {name}")
        await asyncio.sleep(_LOOK_SECONDS)
    keeping = asyncio.create_task(held.keep())
    try:
        yield held
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await held.give_back()
