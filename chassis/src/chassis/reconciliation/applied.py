"""What a consumer has applied, and the rows it keeps: its side of reconciliation in SQL.

Ranges of keys are read by the primary keys of `applied` and of the projections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from chassis.database import Connection, Database, planned_anew
from chassis.reconciliation.records import Place, Range, Sum
from chassis.seals import SealedTable

KeyVerdict: TypeAlias = Literal["missing", "stale", "surplus", "parked"]
"""Of a key of a consumer: not applied; applied in a lower version; never journalled, or not in so
high a version; waiting for an operator."""
RowVerdict: TypeAlias = Literal["vanished", "mismatched", "altered", "invented"]
"""Of a row of a projection: gone; of another version than was applied; its columns are not those
that were written; belongs to nothing that was applied."""
Verdict: TypeAlias = KeyVerdict | RowVerdict
VERDICTS: tuple[Verdict, ...] = (*get_args(KeyVerdict), *get_args(RowVerdict))


@dataclass(frozen=True, slots=True)
class Reading:
    """A consumer and one of the topics that it reads."""

    consumer: str
    topic: str
    owner: str
    partitions: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A table that a consumer keeps, one row for each aggregate of `topics`."""

    consumer: str
    table: SealedTable
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A key, or its row in the table `place`, that is not as it should be.

    `expected` is the version that it should have, `version` the one that it has.
    """

    consumer: str
    topic: str
    place: str
    key: Place
    verdict: Verdict
    expected: int | None
    version: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was applied at one moment, up to the key `until`: all that was recorded before `as_of`.

    Except for what is `parked`.
    """

    as_of: datetime
    until: Place
    versions: Mapping[Place, int]
    parked: frozenset[Place]


async def as_of(database: Database, reading: Reading) -> datetime | None:
    """Up to when everything of the topic is applied; None when that was never so."""
    async with database.pool.acquire() as connection:
        return await _as_of(connection, reading)


async def _as_of(connection: Connection, reading: Reading) -> datetime | None:
    moment: datetime | None = await connection.fetchval(
        """select min(as_of) from projection where consumer = $1 and topic = $2
           having count(*) = $3""",
        reading.consumer,
        reading.topic,
        reading.partitions,
    )
    return moment


async def sum_of(database: Database, reading: Reading, span: Range) -> Sum:
    """What a consumer has applied in a range, as an owner's digest sums it up."""
    async with planned_anew(database) as connection:
        row = await connection.fetchrow(
            """select count(*) as keys, encode(sha256(coalesce(string_agg(
                          uuid_send(tenant) || uuid_send(key) || int8send(version), ''::bytea
                          order by tenant, key), '')), 'hex') as hash
               from applied
               where consumer = $1 and topic = $2
                     and (tenant, key) > ($3, $4) and (tenant, key) <= ($5, $6)""",
            *_within(reading, span),
        )
    assert row is not None
    return Sum(row["keys"], row["hash"])


async def snapshot(database: Database, reading: Reading, span: Range, most: int) -> Snapshot | None:
    """The first `most` keys of a range at one moment; None when nothing is known of how fresh."""
    async with planned_anew(database) as connection:
        moment = await _as_of(connection, reading)
        if moment is None:
            return None
        rows = await connection.fetch(
            """select tenant, key, version from applied
               where consumer = $1 and topic = $2
                     and (tenant, key) > ($3, $4) and (tenant, key) <= ($5, $6)
               order by tenant, key limit $7""",
            *_within(reading, span),
            most,
        )
        versions = {(row["tenant"], row["key"]): row["version"] for row in rows}
        parked = await connection.fetch(
            """select tenant, key from parked_key
               where consumer = $1 and topic = $2
                     and (tenant, key) > ($3, $4) and (tenant, key) <= ($5, $6)""",
            *_within(reading, span),
        )
    return Snapshot(
        as_of=moment,
        until=span.until if len(rows) < most else (rows[-1]["tenant"], rows[-1]["key"]),
        versions=versions,
        parked=frozenset((row["tenant"], row["key"]) for row in parked),
    )


async def strayed(database: Database, kept: Kept, span: Range) -> tuple[list[Difference], int]:
    """The rows of a range that are not what was applied, and how many rows were read.

    Effects and `applied` are written in one transaction, so that one statement
    sees either both or neither.
    """
    async with planned_anew(database) as connection:
        rows = await connection.fetch(
            f"""with known as (
                    select a.*, exists (
                        select from discarded d
                        where d.consumer = a.consumer and d.topic = a.topic
                              and d.tenant = a.tenant and d.key = a.key
                              and d.version = a.version) as skipped
                    from applied a
                    where consumer = $1 and topic = any($2::text[])
                          and (tenant, key) > ($3, $4) and (tenant, key) <= ($5, $6)
                ), present as (
                    select tenant, id as key, version, seal = {kept.table.seal("t")} as is_intact
                    from {kept.table.name} t
                    where (tenant, id) > ($3, $4) and (tenant, id) <= ($5, $6)
                ), judged as (
                    select coalesce(known.topic, $2[1]) as topic, tenant, key,
                           known.version as expected, present.version,
                           case when not is_intact then 'altered'
                                when skipped then null
                                when present.version is null and not removed then 'vanished'
                                when present.version is not null and coalesce(removed, true)
                                then 'invented'
                                when present.version <> known.version
                                then 'mismatched' end as verdict
                    from known full join present using (tenant, key)
                )
                select counted.rows, judged.* from (select count(*) as rows from judged) as counted
                left join judged on verdict is not null""",  # noqa: S608 - names of our own
            kept.consumer,
            kept.topics,
            *span.after,
            *span.until,
        )
    found = [
        Difference(
            consumer=kept.consumer,
            topic=row["topic"],
            place=kept.table.name,
            key=(row["tenant"], row["key"]),
            verdict=row["verdict"],
            expected=row["expected"],
            version=row["version"],
        )
        for row in rows
        if row["verdict"] is not None
    ]
    return found, rows[0]["rows"]


def _within(reading: Reading, span: Range) -> tuple[object, ...]:
    return (reading.consumer, reading.topic, *span.after, *span.until)
