"""What reconciliation has found, kept in the consumer's database for whoever asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.database import Database
from chassis.reconciliation.applied import Difference, Reading
from chassis.reconciliation.records import Cost, Range

MOST_NAMED = 10_000
"""Differences kept by name, of one consumer, topic and table; counted are all."""


class Costs(msgspec.Struct, frozen=True):
    """What the last comparison took: at the consumer, and for all its topics at their owner."""

    consumer: Cost = Cost()
    owner: Cost = Cost()


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Of one consumer and topic: what the last full comparison came to.

    Everything recorded before `as_of` was compared, at `compared`; None when that
    was never finished. `hindrance` says why the last try came to nothing, `granted`
    which wish it was for. `keys` were applied; `found` counts the differences by
    their verdicts.
    """

    consumer: str
    topic: str
    as_of: datetime | None
    compared: datetime | None
    granted: datetime | None
    hindrance: str | None
    keys: int
    found: Mapping[str, int]
    cost: Costs


@dataclass(frozen=True, slots=True)
class Named:
    """A difference, and since when it is known."""

    consumer: str
    topic: str
    place: str
    tenant: UUID
    key: UUID
    verdict: str
    expected: int | None
    version: int | None
    since: datetime


async def make_wish(database: Database) -> datetime:
    """Wish for a full comparison now; the moment by which it will be known when it was granted."""
    wanted: datetime = await database.pool.fetchval(
        """insert into reconciliation_wish (wanted) values (clock_timestamp())
           on conflict (single) do update set wanted = excluded.wanted returning wanted"""
    )
    return wanted


async def last_wish(database: Database) -> datetime | None:
    """When a comparison was last wished for."""
    wanted: datetime | None = await database.pool.fetchval("select wanted from reconciliation_wish")
    return wanted


async def note(
    database: Database,
    consumer: str,
    topics: Sequence[str],
    place: str,
    span: Range,
    found: Collection[Difference],
) -> None:
    """Let `found` be all that differs in a range of keys; what differs still keeps its `since`."""
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            """delete from difference
               where consumer = $1 and topic = any($2::text[]) and place = $3
                     and (tenant, key) > ($4, $5) and (tenant, key) <= ($6, $7)
                     and (topic, tenant, key) not in (
                         select * from unnest($8::text[], $9::uuid[], $10::uuid[]))""",
            consumer,
            topics,
            place,
            *span.after,
            *span.until,
            *_keys(found),
        )
        if not found:
            return
        await connection.execute(
            """insert into difference
                   (consumer, topic, place, tenant, key, verdict, expected, version)
               select $1, topic, $2, tenant, key, verdict, expected, version
               from unnest($3::text[], $4::uuid[], $5::uuid[], $6::text[],
                           $7::bigint[], $8::bigint[])
                    as found(topic, tenant, key, verdict, expected, version)
               order by topic, tenant, key
               limit greatest(0, $9 - (select count(*) from difference where consumer = $1
                                       and topic = any($10::text[]) and place = $2))
               on conflict (consumer, topic, place, tenant, key) do update
               set verdict = excluded.verdict, expected = excluded.expected,
                   version = excluded.version""",
            consumer,
            place,
            *_keys(found),
            [difference.verdict for difference in found],
            [difference.expected for difference in found],
            [difference.version for difference in found],
            MOST_NAMED,
            topics,
        )


def _keys(found: Collection[Difference]) -> tuple[list[str], list[UUID], list[UUID]]:
    return (
        [difference.topic for difference in found],
        [difference.key[0] for difference in found],
        [difference.key[1] for difference in found],
    )


async def differing(database: Database) -> set[tuple[str, str]]:
    """The consumers and places of which some difference is known."""
    rows = await database.pool.fetch("select distinct consumer, place from difference")
    return {(row["consumer"], row["place"]) for row in rows}


async def conclude(
    database: Database,
    reading: Reading,
    *,
    as_of: datetime | None,
    granted: datetime | None,
    hindrance: str | None,
    keys: int,
    found: Mapping[str, int],
    cost: Costs,
) -> None:
    """Keep what a comparison came to; one that was hindered leaves the last `as_of` as it is."""
    await database.pool.execute(
        """insert into reconciliation as r
               (consumer, topic, as_of, compared, granted, hindrance, keys, found, cost)
           values ($1, $2, $3, case when $5::text is null then clock_timestamp() end,
                   $4, $5, $6, $7, $8)
           on conflict (consumer, topic) do update
           set as_of = coalesce(excluded.as_of, r.as_of),
               compared = coalesce(excluded.compared, r.compared),
               granted = greatest(excluded.granted, r.granted), hindrance = excluded.hindrance,
               keys = excluded.keys, found = excluded.found, cost = excluded.cost""",
        reading.consumer,
        reading.topic,
        as_of,
        granted,
        hindrance,
        keys,
        msgspec.json.encode(found).decode(),
        msgspec.json.encode(cost).decode(),
    )


async def conclusions(database: Database) -> list[Conclusion]:
    """What the comparisons came to, of every consumer and topic that has had one."""
    rows = await database.pool.fetch("select * from reconciliation order by consumer, topic")
    return [
        Conclusion(
            consumer=row["consumer"],
            topic=row["topic"],
            as_of=row["as_of"],
            compared=row["compared"],
            granted=row["granted"],
            hindrance=row["hindrance"],
            keys=row["keys"],
            found=msgspec.json.decode(row["found"], type=dict[str, int]),
            cost=msgspec.json.decode(row["cost"], type=Costs),
        )
        for row in rows
    ]


async def differences(
    database: Database, *, tenant: UUID | None = None, most: int = MOST_NAMED
) -> list[Named]:
    """What differs now, of one tenant or of all."""
    rows = await database.pool.fetch(
        """select consumer, topic, place, tenant, key, verdict, expected, version, since
           from difference where $1::uuid is null or tenant = $1
           order by consumer, topic, place, tenant, key limit $2""",
        tenant,
        most,
    )
    return [Named(**row) for row in rows]
