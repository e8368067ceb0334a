"""What the chassis asks of a service's PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import asyncpg
import msgspec

from chassis.database import Connection, Database
from chassis.parking import ParkedKey
from chassis.postgres.batch import PostgresBatch
from chassis.postgres.slots import PostgresSlots
from chassis.problems import IdempotencyKeyReused, VersionLost
from chassis.replay import Wanted
from chassis.savings import Savings, opening
from chassis.storage import Answer, Place, Slot
from chassis.tides import committed
from chassis.transactions import By, Transaction, now
from events.topics import Topic


class PostgresStorage:
    """The pool of one process, as the chassis uses it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._savings = Savings(database)

    async def ping(self) -> None:
        await self._database.pool.fetchval("select 1")

    async def keep_house(self, remembered: timedelta) -> None:
        """Make the journal's next months, forget old idempotency keys."""
        await self._database.pool.execute("select journal_months(3)")
        await self._database.pool.execute(
            "delete from idempotency_key where created < now() - $1::interval", remembered
        )

    # -- commands -----------------------------------------------------------------

    @asynccontextmanager
    async def transaction(self, by: By) -> AsyncIterator[Transaction]:
        """One that only saves one aggregate needs none of its own: see `chassis.savings`."""
        async with opening(self._database, self._savings) as connection:
            yield Transaction(
                cast(Connection, connection), by.service, by.identity, by.cause, now()
            )

    async def claim(self, transaction: Transaction, key: str, request: bytes) -> Answer | None:
        """The answer kept in the same transaction, when this request was answered before.

        The row that a concurrent twin has inserted but not committed makes the
        insert wait, so that exactly one of them runs.
        """
        arguments = (transaction.tenant, transaction.identity.actor, key)
        claimed = await transaction.connection.fetchval(
            """insert into idempotency_key (tenant, actor, key, request, status, headers, body)
               values ($1, $2, $3, $4, 0, '{}', '') on conflict do nothing returning true""",
            *arguments,
            request,
        )
        if claimed:
            return None
        row = await transaction.connection.fetchrow(
            """select request, status, headers, body from idempotency_key
               where tenant = $1 and actor = $2 and key = $3""",
            *arguments,
        )
        if row is None:
            raise VersionLost("the first request with this Idempotency-Key was undone: try again")
        if row["request"] != request:
            raise IdempotencyKeyReused("use a new key for a new request", field="Idempotency-Key")
        headers = msgspec.json.decode(row["headers"], type=dict[str, str])
        return Answer(row["status"], headers, row["body"])

    async def remember(self, transaction: Transaction, key: str, answer: Answer) -> None:
        await transaction.connection.execute(
            """update idempotency_key set status = $4, headers = $5, body = $6
               where tenant = $1 and actor = $2 and key = $3""",
            transaction.tenant,
            transaction.identity.actor,
            key,
            answer.status,
            msgspec.json.encode(answer.headers).decode(),
            answer.body,
        )

    # -- outbox and journal ---------------------------------------------------------

    def slots(self, topics: Sequence[Topic], lease: timedelta) -> PostgresSlots:
        return PostgresSlots(self._database, topics, lease)

    async def next_rows(
        self, of: Collection[Slot], most: int, under_way: Sequence[int] = ()
    ) -> list[asyncpg.Record]:
        topics = [topic for topic, _ in of]
        slots = [slot for _, slot in of]
        return await self._database.pool.fetch(
            """select o.position, o.topic, o.slot, j.tenant, j.subject, j.type, j.event,
                      j.traceparent, convert_to(j.body::text, 'UTF8') as body, j.recordedtime
               from (select o.position, o.topic, o.slot, o.recordedtime from outbox o
                     where (o.topic, o.slot) in (
                         select * from unnest($1::text[], $2::smallint[]))
                         and (o.position in (select unnest($4::bigint[]))) is not true
                     order by o.position limit $3) as o
               join journal j on j.position = o.position and j.recordedtime = o.recordedtime
               order by o.position""",
            topics,
            slots,
            most,
            under_way,
        )

    async def acknowledged(self, positions: Sequence[int], generation: str) -> None:
        await self._database.pool.execute(
            # Locked against a refill, which replaces that row before it queues anything.
            """with current as materialized (
                   select id from generation where id = $2 for key share)
               delete from outbox using current where position = any($1::bigint[])""",
            positions,
            generation,
        )

    async def queue_newest(self, keys: Sequence[tuple[UUID, UUID]]) -> None:
        await self._database.pool.execute(
            # The newest by its version: clocks may have been set back in between.
            """insert into outbox (position, topic, slot, recordedtime)
               select newest.* from unnest($1::uuid[], $2::uuid[]) as doubted(tenant, subject)
               cross join lateral (
                   select position, topic, slot, recordedtime from journal j
                   where j.tenant = doubted.tenant and j.subject = doubted.subject
                   order by version desc limit 1) as newest
               on conflict do nothing""",
            [tenant for tenant, _ in keys],
            [subject for _, subject in keys],
        )

    async def waiting(self) -> tuple[int, float]:
        row = await self._database.pool.fetchrow(
            """select count(*) as rows,
                      coalesce(extract(epoch from clock_timestamp() - min(recordedtime)), 0) as age
               from (select recordedtime from outbox order by position limit 100000) as waiting"""
        )
        return (row["rows"], float(row["age"])) if row is not None else (0, 0.0)

    async def tide(self) -> datetime:
        """Up to when everything that was committed is acknowledged.

        Two statements, in this order: what was committed before the first is seen by
        the second.
        """
        async with self._database.pool.acquire() as connection:
            tide: datetime = await connection.fetchval(
                "select least($1::timestamptz, (select min(recordedtime) from outbox))",
                await committed(connection),
            )
            return tide

    async def fallen(self, generation: str, ends: Mapping[Slot, int]) -> set[Slot]:
        rows = await self._database.pool.fetch(
            """with seen as (
                   select * from unnest($2::text[], $3::smallint[], $4::bigint[])
                       as seen(topic, slot, high_water)
               ), risen as (
                   insert into relay_slot as known (topic, slot, generation, high_water)
                   select topic, slot, $1, high_water from seen order by topic, slot
                   on conflict (topic, slot) do update
                   set generation = excluded.generation, high_water = excluded.high_water
                   where known.generation is distinct from excluded.generation
                         or known.high_water < excluded.high_water
               )
               select topic, slot from seen join relay_slot known using (topic, slot)
               where known.generation = $1 and known.high_water > seen.high_water""",
            generation,
            [topic for topic, _ in ends],
            [slot for _, slot in ends],
            list(ends.values()),
        )
        return {(row["topic"], row["slot"]) for row in rows}

    async def refill(self, generation: str) -> int:
        """Queue what a generation must remember; 0 when it is the one that was filled last.

        Remembering the generation and queueing are one transaction.
        """
        async with self._database.pool.acquire() as connection, connection.transaction():
            # The lock keeps two workers of one owner from refilling the same generation twice.
            await connection.execute("lock table generation in share row exclusive mode")
            newest = await connection.fetchval("select id from generation")
            if newest == generation:
                return 0
            # Whoever has relayed into the former one forgets nothing any more, or has done so
            # before this: the relay locks the row. And one that comes back later is filled again,
            # because it knows nothing of what another broker was sent meanwhile.
            await connection.execute("delete from generation")
            await connection.execute("insert into generation (id) values ($1)", generation)
            done = await connection.execute(
                """insert into outbox (position, topic, slot, recordedtime)
                   select position, topic, slot, recordedtime from journal
                   where recordedtime > clock_timestamp() - interval '1 day'
                   union
                   select newest.* from (
                       select distinct on (tenant, subject) position, topic, slot, recordedtime
                       from journal order by tenant, subject, version desc) as newest
                   on conflict do nothing""",
                timeout=600,
            )
            return int(done.rpartition(" ")[2])

    async def last_position(self) -> int:
        position: int = await self._database.pool.fetchval(
            "select last_value from journal_position"
        )
        return position

    async def journal_rows(
        self, wanted: Wanted, after: int, last: int, most: int
    ) -> list[asyncpg.Record]:
        return await self._database.pool.fetch(
            """select position, topic, tenant, subject, type, event, traceparent, body, recordedtime
               from journal
               where position > $1 and position <= $2 and topic = any($3::text[])
                 and ($4::uuid is null or tenant = $4) and ($5::uuid is null or subject = $5)
                 and ($6::timestamptz is null or recordedtime >= $6)
               order by position limit $7""",
            after,
            last,
            wanted.topics,
            wanted.tenant,
            wanted.key,
            wanted.since,
            most,
        )

    # -- consumers ------------------------------------------------------------------

    @asynccontextmanager
    async def batch(self, consumer: str) -> AsyncIterator[PostgresBatch]:
        async with self._database.pool.acquire() as connection, connection.transaction():
            yield PostgresBatch(connection, consumer)

    async def note_progress(self, consumer: str, reached: Mapping[Place, datetime]) -> None:
        await self._database.pool.execute(
            """insert into projection (consumer, topic, partition, as_of)
               select $1, topic, partition, as_of
               from unnest($2::text[], $3::integer[], $4::timestamptz[])
                    as reached(topic, partition, as_of)
               order by topic, partition
               on conflict (consumer, topic, partition) do update set as_of = excluded.as_of
               where projection.as_of < excluded.as_of""",
            consumer,
            [topic for topic, _ in reached],
            [partition for _, partition in reached],
            list(reached.values()),
        )

    async def progress(self, consumer: str) -> tuple[datetime | None, int]:
        row = await self._database.pool.fetchrow(
            """select (select min(as_of) from projection where consumer = $1) as as_of,
                      (select count(*) from parked_key where consumer = $1) as parked""",
            consumer,
        )
        return (row["as_of"], row["parked"]) if row is not None else (None, 0)

    async def parked_keys(self, tenant: UUID | None, most: int) -> list[ParkedKey]:
        rows = await self._database.pool.fetch(
            """select k.consumer, k.topic, k.tenant, k.key, k.error, k.gap, k.since,
                      count(*) as events, min(p.version) as first, max(p.version) as last
               from parked_key k join parked p using (consumer, topic, tenant, key)
               where $1::uuid is null or k.tenant = $1
               group by k.consumer, k.topic, k.tenant, k.key order by k.since, k.key limit $2""",
            tenant,
            most,
        )
        return [
            ParkedKey(
                consumer=row["consumer"],
                topic=row["topic"],
                tenant=row["tenant"],
                key=row["key"],
                events=row["events"],
                first_version=row["first"],
                last_version=row["last"],
                error=row["error"],
                gap=row["gap"],
                since=row["since"],
            )
            for row in rows
        ]

    async def parked_events(
        self, consumer: str, topic: str, tenant: UUID, key: UUID
    ) -> list[bytes]:
        rows = await self._database.pool.fetch(
            """select body from parked where consumer = $1 and topic = $2 and tenant = $3
               and key = $4 order by version""",
            consumer,
            topic,
            tenant,
            key,
        )
        return [row["body"] for row in rows]
