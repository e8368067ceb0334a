"""Who sends what: slots (topic partitions) on lease, by the database's clock.

Never advisory locks: a frozen process keeps those. The relays of one owner share
its slots evenly: each holds no more than its share of those that are alive, gives
the surplus back, and takes what is free.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

from chassis.storage import AnyDatabase, Slot, storage_of
from events.topics import Topic


class Leases:
    """Which slots this relay owns, and until when (on the local monotonic clock).

    A lease is renewed on the database's clock; it counts here from before the
    request was sent, so that this process always believes it for less time than
    the database does. A frozen process that thaws finds its leases over.
    """

    def __init__(self, database: AnyDatabase, topics: Sequence[Topic], seconds: float) -> None:
        self._seconds = seconds
        self._slots = storage_of(database).slots(topics, timedelta(seconds=seconds))
        self._until = 0.0
        self._owned: frozenset[Slot] = frozenset()
        self._yielding: frozenset[Slot] = frozenset()

    def hold(self) -> frozenset[Slot]:
        """The slots owned at this moment."""
        return self._owned if time.monotonic() < self._until else frozenset()

    def still_leased(self) -> frozenset[Slot]:
        """Those, and what is being given back: another can not have them at this moment."""
        return self.hold() | (self._yielding if time.monotonic() < self._until else frozenset())

    async def renew(self) -> None:
        """Keep one's own slots, take free ones, give back what is more than one's share.

        What is given back is not sent from now on, but stays leased until the next
        renewal, so that what is under way has settled when another takes it.
        """
        sent = time.monotonic()
        owned = await self._slots.renew(self._yielding)
        share = self._slots.share
        self._yielding = frozenset(owned[share:])
        self._owned = frozenset(owned[:share])
        self._until = sent + self._seconds

    async def release(self) -> None:
        """Give all slots back at a clean stop, so that a successor need not wait."""
        self._until = 0.0
        await self._slots.release()
