"""Who sends what: slots (topic partitions) on lease, by the database's clock.

Never advisory locks: a frozen process keeps those. The relays of one owner share
its slots evenly: each holds no more than its share of those that are alive, gives
the surplus back, and takes what is free.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

import asyncpg

from chassis.database import Connection, Database
from chassis.transactions import uuid7
from events.topics import Topic

Slot: TypeAlias = tuple[str, int]

_IS_OVER = "until not between clock_timestamp() and clock_timestamp() + 2 * {lease}::interval"


class Leases:
    """Which slots this relay owns, and until when (on the local monotonic clock).

    A lease is renewed on the database's clock; it counts here from before the
    request was sent, so that this process always believes it for less time than
    the database does. A frozen process that thaws finds its leases over. One that ends
    later than any could by now was given before the database's clock was set back, and is over
    too: its owner, if it lives, renews it soon.
    """

    def __init__(self, database: Database, topics: Sequence[Topic], seconds: float) -> None:
        self._database = database
        self._slots = slots_of(topics)
        self._lease = timedelta(seconds=seconds)
        self._owner: UUID = uuid7()
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
        async with self._database.pool.acquire() as connection, connection.transaction():
            await self._declare_slots(connection)
            share = await self._share(connection)
            await self._give_back(connection)
            kept = await self._extend(connection)
            taken = await self._take(connection, share - len(kept))
        owned = [*kept, *taken]
        self._yielding = frozenset(owned[share:])
        self._owned = frozenset(owned[:share])
        self._until = sent + self._lease.total_seconds()
        return taken

    async def release(self) -> None:
        """Give all slots back at a clean stop, so that a successor need not wait."""
        self._until = 0.0
        async with self._database.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "update relay_slot set owner = null, until = '-infinity' where owner = $1",
                self._owner,
            )
            await connection.execute("delete from relay_member where id = $1", self._owner)

    async def _declare_slots(self, connection: Connection) -> None:
        await connection.execute(
            """insert into relay_slot (topic, slot)
               select * from unnest($1::text[], $2::smallint[]) on conflict do nothing""",
            *_columns(self._slots),
        )

    async def _share(self, connection: Connection) -> int:
        """How many slots each of the relays that are alive may hold."""
        await connection.execute(
            """insert into relay_member (id, until) values ($1, clock_timestamp() + $2)
               on conflict (id) do update set until = excluded.until""",
            self._owner,
            self._lease,
        )
        await connection.execute(
            f"delete from relay_member where {_IS_OVER.format(lease='$1')}",  # noqa: S608 - ours
            self._lease,
        )
        alive: int = await connection.fetchval("select count(*) from relay_member")
        return -(-len(self._slots) // max(alive, 1))

    async def _give_back(self, connection: Connection) -> None:
        await connection.execute(
            """update relay_slot r set owner = null, until = '-infinity'
               from unnest($2::text[], $3::smallint[]) as yielding(topic, slot)
               where r.topic = yielding.topic and r.slot = yielding.slot and r.owner = $1""",
            self._owner,
            *_columns(self._yielding),
        )

    async def _extend(self, connection: Connection) -> list[Slot]:
        rows = await connection.fetch(
            """update relay_slot set until = clock_timestamp() + $2 where owner = $1
               returning topic, slot""",
            self._owner,
            self._lease,
        )
        return sorted(map(_slot, rows))

    async def _take(self, connection: Connection, most: int) -> list[Slot]:
        rows = await connection.fetch(
            f"""with free as (
                   select topic, slot from relay_slot
                   where owner is null or {_IS_OVER.format(lease="$2")}
                   order by topic, slot limit greatest($3, 0) for update skip locked)
               update relay_slot r set owner = $1, until = clock_timestamp() + $2
               from free where r.topic = free.topic and r.slot = free.slot
               returning r.topic, r.slot""",  # noqa: S608 - ours
            self._owner,
            self._lease,
            most,
        )
        return sorted(map(_slot, rows))


class Turn:
    """One process at a time, by the database's clock: whoever holds `name` for so many seconds.

    Take it again before that to keep it.
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


def slots_of(topics: Sequence[Topic]) -> list[Slot]:
    """Every slot of `topics`."""
    return [(topic.name, n) for topic in topics for n in range(topic.partitions)]


def _slot(row: asyncpg.Record) -> Slot:
    return row["topic"], row["slot"]


def _columns(slots: Sequence[Slot] | frozenset[Slot]) -> tuple[list[str], list[int]]:
    listed = list(slots)
    return [topic for topic, _ in listed], [slot for _, slot in listed]
