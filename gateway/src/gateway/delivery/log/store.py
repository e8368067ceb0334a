"""Every query of the log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from asyncpg import Pool

from chassis.access import path_text
from chassis.database import Connection, Database
from chassis.identity import Identity
from gateway.delivery.log.entry import Bounds, Entry, Head, Reach, Selection

Subject: TypeAlias = tuple[UUID, str, UUID]
"""(tenant, topic, id)"""
Place: TypeAlias = tuple[UUID | None, UUID | None]
"""(owner, department)"""

_CHANNEL = "delivery"
_LONGEST_NOTICE = 7_500
"""Characters; PostgreSQL takes 8,000 bytes."""

_ENTRY = (
    "sequence, topic, type, subject, version, owner, department, was_owner, was_department,"
    " remains, origin, recordedtime, body"
)
_HEAD = "sequence, topic, subject, version, owner, department, remains, body"

# $1 tenant, $2 topics read everywhere, $3 in departments, $4 of one's own, $5 user, $6 departments.
_WITHIN = """tenant = $1 and (topic = any($2::text[])
    or (topic = any($3::text[]) and ({owned} or {placed}))
    or (topic = any($4::text[]) and {owned}))"""
_HEAD_WITHIN = _WITHIN.format(owned="owner = $5", placed="department = any($6::uuid[])")
_ENTRY_WITHIN = _WITHIN.format(
    owned="(owner = $5 or was_owner = $5)",
    placed="(department = any($6::uuid[]) or was_department = any($6::uuid[]))",
)

# -- writing ---------------------------------------------------------------------------------


async def allot(connection: Connection, counts: Mapping[UUID, int]) -> dict[UUID, int]:
    """Give each tenant so many sequences more; the last one of each.

    Until the transaction ends nobody else is given any of these tenants, so that what becomes
    visible has no holes; in one order, so that nobody waits in a circle.
    """
    rows = await connection.fetch(
        """insert into delivery_tenant as known (tenant, last)
           select * from unnest($1::uuid[], $2::bigint[]) as given(tenant, count) order by tenant
           on conflict (tenant) do update set last = known.last + excluded.last
           returning tenant, last""",
        list(counts),
        list(counts.values()),
    )
    return {row["tenant"]: row["last"] for row in rows}


async def places(connection: Connection, subjects: Sequence[Subject]) -> dict[Subject, Place]:
    """Whose these records are, as their newest events in the log have it."""
    rows = await connection.fetch(
        """select h.tenant, h.topic, h.subject, h.owner, h.department
           from unnest($1::uuid[], $2::text[], $3::uuid[]) as wanted(tenant, topic, subject)
           join delivery_head h using (tenant, topic, subject)""",
        *_columns(subjects, 3),
    )
    return {
        (row["tenant"], row["topic"], row["subject"]): (row["owner"], row["department"])
        for row in rows
    }


async def append(connection: Connection, entries: Sequence[tuple[UUID, Entry]]) -> None:
    """Write entries of tenants, with sequences that they were allotted."""
    await connection.execute(
        f"""insert into delivery_log (tenant, {_ENTRY})
            select * from unnest(
                $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::uuid[], $6::bigint[],
                $7::uuid[], $8::uuid[], $9::uuid[], $10::uuid[], $11::boolean[], $12::text[],
                $13::timestamptz[], $14::bytea[])""",  # noqa: S608 - the names of our own columns
        [tenant for tenant, _ in entries],
        *([getattr(entry, name) for _, entry in entries] for name in _ENTRY.split(", ")),
    )


async def keep_heads(connection: Connection, heads: Mapping[Subject, Head]) -> None:
    """These events are the newest of their records from now on."""
    await connection.execute(
        f"""insert into delivery_head (tenant, {_HEAD})
            select * from unnest(
                $1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::bigint[], $6::uuid[],
                $7::uuid[], $8::boolean[], $9::bytea[])
            on conflict (tenant, topic, subject) do update
            set sequence = excluded.sequence, version = excluded.version, owner = excluded.owner,
                department = excluded.department, remains = excluded.remains,
                body = excluded.body""",  # noqa: S608 - the names of our own columns
        [tenant for tenant, _, _ in heads],
        *([getattr(head, name) for head in heads.values()] for name in _HEAD.split(", ")),
    )


async def bodies_before(
    connection: Connection, subject: Subject, version: int
) -> list[tuple[int, bytes]]:
    """(sequence, event) of the versions of a record before `version` that the log still has."""
    rows = await connection.fetch(
        """select sequence, body from delivery_log
           where tenant = $1 and topic = $2 and subject = $3 and version < $4""",
        *subject,
        version,
    )
    return [(row["sequence"], row["body"]) for row in rows]


async def replace_bodies(
    connection: Connection, tenant: UUID, bodies: Sequence[tuple[int, bytes]]
) -> None:
    await connection.executemany(
        "update delivery_log set body = $3 where tenant = $1 and sequence = $2",
        [(tenant, sequence, body) for sequence, body in bodies],
    )


async def announce(connection: Connection, tenants: Sequence[UUID]) -> None:
    """Wake at the commit whoever waits for these tenants, in every process."""
    notice = ",".join(tenant.hex for tenant in tenants)
    await connection.execute(
        "select pg_notify($1, $2)", _CHANNEL, notice if len(notice) <= _LONGEST_NOTICE else ""
    )


async def listen(connection: Connection, heard: Any) -> None:
    """Have `heard(connection, process, channel, payload)` called at each announcement."""
    await connection.add_listener(_CHANNEL, heard)


# -- reading ---------------------------------------------------------------------------------


async def bounds(connection: Connection, tenant: UUID) -> Bounds:
    row = await connection.fetchrow(
        "select first, last from delivery_tenant where tenant = $1", tenant
    )
    return Bounds(row["first"], row["last"]) if row is not None else Bounds(1, 0)


async def entries(
    connection: Connection,
    tenant: UUID,
    reach: Reach,
    selection: Selection | None,
    span: tuple[int, int],
    *,
    most: int,
    most_bytes: int,
) -> list[Entry]:
    """Entries after the first and up to the second sequence of `span`, in order.

    No more than `most`, and none after those that come to `most_bytes` together.
    """
    rows = await connection.fetch(
        f"""select {_ENTRY} from (
                select {_ENTRY}, octet_length(body) as size,
                       sum(octet_length(body)) over (order by sequence) as size_so_far
                from (select {_ENTRY} from delivery_log
                      where {_ENTRY_WITHIN} and sequence > $7 and sequence <= $8
                            and ($9::text[] is null or topic = any($9) or type = any($10::text[]))
                      order by sequence limit $11) as chosen) as measured
            where size_so_far - size < $12 order by sequence""",  # noqa: S608 - our own columns
        *_reaching(tenant, reach),
        *span,
        None if selection is None else selection.topics,
        [] if selection is None else selection.types,
        most,
        most_bytes,
    )
    return [Entry(**row) for row in rows]


async def entry_at(connection: Connection | Pool, tenant: UUID, sequence: int) -> Entry | None:
    """The entry in this place; None once it is forgotten."""
    row = await connection.fetchrow(
        f"""select {_ENTRY} from delivery_log
            where tenant = $1 and sequence = $2""",  # noqa: S608 - the names of our own columns
        tenant,
        sequence,
    )
    return Entry(**row) if row is not None else None


async def heads(
    connection: Connection, tenant: UUID, reach: Reach, topic: str, chunk: int
) -> AsyncIterator[list[Head]]:
    """What there is of a topic, in chunks, by a cursor of the open transaction."""
    cursor = await connection.cursor(
        f"""select {_HEAD} from delivery_head
            where {_HEAD_WITHIN} and topic = $7 and remains
            order by subject""",  # noqa: S608 - the names of our own columns
        *_reaching(tenant, reach),
        topic,
    )
    while rows := await cursor.fetch(chunk):
        yield [Head(**row) for row in rows]


async def departments_below(database: Database, identity: Identity) -> frozenset[UUID]:
    """The departments at and below that of `identity`."""
    if not identity.department_path:
        return frozenset()
    rows = await database.pool.fetch(
        "select id from department where tenant = $1 and path like $2",
        identity.tenant,
        path_text(identity.department_path) + "%",
    )
    return frozenset(row["id"] for row in rows)


async def last_before(connection: Connection, tenant: UUID, moment: datetime) -> int | None:
    """The sequence before the first entry that was logged at `moment` or later; None for none."""
    sequence: int | None = await connection.fetchval(
        "select min(sequence) - 1 from delivery_log where tenant = $1 and logged >= $2",
        tenant,
        moment,
    )
    return sequence


# -- forgetting ------------------------------------------------------------------------------


async def tenants(database: Database) -> list[UUID]:
    rows = await database.pool.fetch("select tenant from delivery_tenant order by tenant")
    return [row["tenant"] for row in rows]


async def forget(database: Database, tenant: UUID, before: datetime, most: int) -> int:
    """Forget up to `most` of the oldest entries, logged before a moment; how many there were.

    The log is said to begin later before anything goes, and nobody who writes waits for that.
    """
    first = await database.pool.fetchval(
        """with oldest as (
               select sequence, logged from delivery_log where tenant = $1
               order by sequence limit $3)
           update delivery_tenant set first = greatest(first, coalesce(
               (select min(sequence) from oldest where logged >= $2),
               (select max(sequence) + 1 from oldest), first))
           where tenant = $1 returning first""",
        tenant,
        before,
        most,
    )
    done = await database.pool.execute(
        "delete from delivery_log where tenant = $1 and sequence < $2", tenant, first
    )
    return int(done.rpartition(" ")[2])


def _reaching(tenant: UUID, reach: Reach) -> tuple[Any, ...]:
    return (
        tenant,
        list(reach.everywhere),
        list(reach.in_departments),
        list(reach.own),
        reach.user,
        list(reach.departments),
    )


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[place] for row in rows] for place in range(width)]
