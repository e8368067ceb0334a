"""Who sends what: slots (topic partitions) on lease, by the database's clock.

Never advisory locks: a frozen process keeps those. The relays of one owner share
its slots evenly: each holds no more than its share of those that are alive, gives
the surplus back, and takes what is free.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chassis.database import Database
from chassis.storage import AnyDatabase, Slot, storage_of
from chassis.transactions import uuid7
from events.topics import Topic


class Leases:
    """Which slots this relay owns, and until when (on the local monotonic clock).

    A lease is renewed on the database's clock; it counts here from before the
    request was sent, so that this process always believes it for less time than
    the database does. A frozen process that thaws finds its leases over. One that ends
    later than any could by now was given before the database's clock was set back, and is over
    too: its owner, if it lives, renews it soon.
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

    async def renew(self) -> Sequence[Slot]:
        """Keep one's own slots, take free ones, give back what is more than one's share.

        Returns those that were taken. What is given back is not sent from now on, but
        stays leased until the next renewal, so that what is under way has settled when another
        takes it.
        """
        sent = time.monotonic()
        kept, taken = await self._slots.renew(self._yielding)
        share, owned = self._slots.share, [*kept, *taken]
        self._yielding = frozenset(owned[share:])
        self._owned = frozenset(owned[:share])
        self._until = sent + self._seconds
        return taken

    async def release(self) -> None:
        """Give all slots back at a clean stop, so that a successor need not wait."""
        self._until = 0.0
        await self._slots.release()


class Turn:
    """One process at a time, by the database's clock: whoever holds `name` for so many seconds.

    Take it again before that to keep it. As with slots, one that ends later than any could by now
    is over: the clock was set back since.
    """

    def __init__(self, database: Database, name: str, seconds: float) -> None:
        self._database = database
        self._name = name
        self._lease = timedelta(seconds=seconds)
        self._holder: UUID = uuid7()

    async def take(self) -> bool:
        """Whether it is this process's turn from now on."""
        taken = await self._database.pool.fetchval(
            """insert into turn (name, holder, until) values ($1, $2, clock_timestamp() + $3)
               on conflict (name) do update set holder = excluded.holder, until = excluded.until
               where turn.holder = excluded.holder or turn.until < clock_timestamp()
                     or turn.until > clock_timestamp() + $3
               returning true""",
            self._name,
            self._holder,
            self._lease,
        )
        return bool(taken)

    async def release(self) -> None:
        """Let another have it at once."""
        await self._database.pool.execute(
            "delete from turn where name = $1 and holder = $2", self._name, self._holder
        )
