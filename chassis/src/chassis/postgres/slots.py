"""The relays' slots and their leases on PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from chassis.database import Connection, Database
from chassis.storage import Slot, slots_of
from chassis.transactions import uuid7
from events.topics import Topic

_IS_OVER = "until not between clock_timestamp() and clock_timestamp() + 2 * {lease}::interval"


class PostgresSlots:
    """One relay's leases; each renewal is one transaction."""

    def __init__(self, database: Database, topics: Sequence[Topic], lease: timedelta) -> None:
        self._database = database
        self._slots = slots_of(topics)
        self._lease = lease
        self._owner: UUID = uuid7()
        self.share = 0

    async def renew(self, yielding: Collection[Slot]) -> tuple[list[Slot], list[Slot]]:
        async with self._database.pool.acquire() as connection, connection.transaction():
            await self._declare_slots(connection)
            self.share = await self._share(connection)
            await self._give_back(connection, yielding)
            kept = await self._extend(connection)
            taken = await self._take(connection, self.share - len(kept))
        return kept, taken

    async def release(self) -> None:
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

    async def _give_back(self, connection: Connection, yielding: Collection[Slot]) -> None:
        await connection.execute(
            """update relay_slot r set owner = null, until = '-infinity'
               from unnest($2::text[], $3::smallint[]) as yielding(topic, slot)
               where r.topic = yielding.topic and r.slot = yielding.slot and r.owner = $1""",
            self._owner,
            *_columns(yielding),
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


def _slot(row: asyncpg.Record) -> Slot:
    return row["topic"], row["slot"]


def _columns(slots: Collection[Slot]) -> tuple[list[str], list[int]]:
    listed = list(slots)
    return [topic for topic, _ in listed], [slot for _, slot in listed]
