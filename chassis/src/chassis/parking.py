"""Keys that wait: an event that cannot be applied, and every later one of its key.

`parked_key` has a row for each waiting key, and that row is the lock that the
inbox and the operator's redrive share: whoever adds to a parked key, or takes it
away, holds it. Take that lock before those in `applied`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from chassis.database import Connection
from chassis.storage import AnyDatabase, storage_of

Key: TypeAlias = tuple[UUID, UUID]
"""(tenant, aggregate id)"""


class Parking:
    """The parked keys of one consumer, inside a transaction."""

    def __init__(self, connection: Connection, consumer: str) -> None:
        self._connection = connection
        self._consumer = consumer

    async def take_turn(self, *, alone: bool) -> None:
        """Wait until no batch of this consumer that has a replayed event is under way.

        Only a replay brings a key from two partitions, so to two processes at once:
        one would park a later version as the other applies the one that it waits
        for, and nobody would take it from there. So a batch with replayed events
        goes `alone`; those without go side by side.
        """
        lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        await self._connection.execute(
            # A consumer that is being rebuilt keeps its turns apart from the live one's.
            f"select {lock}(hashtextextended(current_schema() || ':' || $1, 0))",
            self._consumer,
        )

    async def held(self, topic: str, keys: list[Key]) -> dict[Key, bool]:
        """Which of `keys` are parked, locked; True where only a gap holds them."""
        # Mostly there is none at all: that is said without telling the server of every key.
        if not await self._connection.fetchval(
            "select exists (select from parked_key where consumer = $1 and topic = $2)",
            self._consumer,
            topic,
        ):
            return {}
        rows = await self._connection.fetch(
            """select p.tenant, p.key, p.gap from parked_key p
               join unnest($3::uuid[], $4::uuid[]) as wanted(tenant, key)
                    on p.tenant = wanted.tenant and p.key = wanted.key
               where p.consumer = $1 and p.topic = $2
               order by p.tenant, p.key for update of p""",
            self._consumer,
            topic,
            *columns(keys),
        )
        return {(row["tenant"], row["key"]): row["gap"] for row in rows}

    async def put(
        self, topic: str, key: Key, version: int, body: bytes, error: str, *, gap: bool
    ) -> None:
        """Park one event; a key that is parked already keeps its first error."""
        await self._connection.execute(
            """with held as (
                   insert into parked_key (consumer, topic, tenant, key, error, gap)
                   values ($1, $2, $3, $4, $7, $8) on conflict do nothing)
               insert into parked (consumer, topic, tenant, key, version, body)
               values ($1, $2, $3, $4, $5, $6) on conflict do nothing""",
            self._consumer,
            topic,
            *key,
            version,
            body,
            error[:2_000],
            gap,
        )

    async def first_version(self, topic: str, key: Key) -> int | None:
        """The lowest version that waits; None when none does."""
        version: int | None = await self._connection.fetchval(
            """select min(version) from parked where consumer = $1 and topic = $2
               and tenant = $3 and key = $4""",
            self._consumer,
            topic,
            *key,
        )
        return version

    async def take(self, topic: str, key: Key) -> list[bytes]:
        """Unpark a key; the bodies of its events, in order. Empty when it was not parked."""
        held = await self._connection.fetchval(
            """delete from parked_key where consumer = $1 and topic = $2 and tenant = $3
               and key = $4 returning true""",
            self._consumer,
            topic,
            *key,
        )
        if not held:
            return []
        rows = await self._connection.fetch(
            """delete from parked where consumer = $1 and topic = $2 and tenant = $3
               and key = $4 returning version, body""",
            self._consumer,
            topic,
            *key,
        )
        return [row["body"] for row in sorted(rows, key=lambda row: int(row["version"]))]

    async def drop(self, topic: str, key: Key, by: str, reason: str) -> int | None:
        """Move the first waiting event aside, for good; its version, None when none waits."""
        version: int | None = await self._connection.fetchval(
            """with first as (
                   delete from parked p where (consumer, topic, tenant, key, version) = (
                       select consumer, topic, tenant, key, min(version) from parked
                       where consumer = $1 and topic = $2 and tenant = $3 and key = $4
                       group by consumer, topic, tenant, key)
                   returning p.*)
               insert into discarded (consumer, topic, tenant, key, version, body, by, reason)
               select consumer, topic, tenant, key, version, body, $5, $6 from first
               -- Parked anew, as after a rebuild, it stays what was decided first.
               on conflict (consumer, topic, tenant, key, version) do update set by = discarded.by
               returning version""",
            self._consumer,
            topic,
            *key,
            by,
            reason[:2_000],
        )
        return version


def columns(keys: Iterable[Key]) -> tuple[list[UUID], list[UUID]]:
    """Keys as two arrays: tenants, ids."""
    listed = list(keys)
    return [tenant for tenant, _ in listed], [key for _, key in listed]


@dataclass(frozen=True, slots=True)
class ParkedKey:
    """What an operator sees of a waiting key."""

    consumer: str
    topic: str
    tenant: UUID
    key: UUID
    events: int
    first_version: int
    last_version: int
    error: str
    gap: bool
    since: datetime


async def parked_keys(
    database: AnyDatabase, *, tenant: UUID | None = None, most: int = 500
) -> list[ParkedKey]:
    """The waiting keys of all consumers of a database, of one tenant or of all, oldest first."""
    return await storage_of(database).parked_keys(tenant, most)


async def parked_events(
    database: AnyDatabase, consumer: str, topic: str, tenant: UUID, key: UUID
) -> list[bytes]:
    """The events of a waiting key, whole, in order."""
    return await storage_of(database).parked_events(consumer, topic, tenant, key)
