"""What an owner's journal holds, range by range: the owner's side of reconciliation in SQL.

Keys are ordered by tenant and id, as the unique index of every month of the
journal orders them. So a range is read by that index, without another one.
"""

from __future__ import annotations

from datetime import datetime

from chassis.database import Database, planned_anew
from chassis.reconciliation.records import Answer, Digest, Journalled, Place, Question, Range, Sum
from chassis.tides import committed

MOST_KEYS = 2_000
"""Named by one answer, at the most."""


async def moment(database: Database) -> datetime:
    """A moment before which everything is committed, and stays as it is read from now on."""
    async with database.pool.acquire() as connection:
        return await committed(connection)


async def boundary(database: Database, span: Range, rows: int) -> Place:
    """Where a range of about so many rows ends that begins where `span` does, within it."""
    async with planned_anew(database) as connection:
        found = await connection.fetchrow(
            """select tenant, subject from journal
               where (tenant, subject) > ($1, $2) and (tenant, subject) < ($3, $4)
               order by tenant, subject offset $5 limit 1""",
            *span.after,
            *span.until,
            rows,
        )
    return span.until if found is None else (found["tenant"], found["subject"])


async def digest(
    database: Database, owner: str, span: Range, as_of: datetime
) -> tuple[Digest, int]:
    """What was journalled before `as_of` in a range, and how many rows that took."""
    async with planned_anew(database) as connection:
        rows = await connection.fetch(
            """select topic, count(*) as keys, sum(versions)::bigint as rows,
                      encode(sha256(string_agg(
                          uuid_send(tenant) || uuid_send(subject) || int8send(version), ''::bytea
                          order by tenant, subject)), 'hex') as hash
               from (select topic, tenant, subject, max(version) as version, count(*) as versions
                     from journal
                     where (tenant, subject) > ($1, $2) and (tenant, subject) <= ($3, $4)
                           and recordedtime < $5
                     group by topic, tenant, subject) as newest
               group by topic""",
            *span.after,
            *span.until,
            as_of,
        )
    topics = {row["topic"]: Sum(row["keys"], row["hash"]) for row in rows}
    made = Digest(owner=owner, range=span, as_of=as_of, topics=topics)
    return made, sum(row["rows"] for row in rows)


async def answer(database: Database, question: Question) -> Answer:
    """The keys that a question asks for, from the beginning of its range, `MOST_KEYS` at most."""
    async with planned_anew(database) as connection:
        rows = await connection.fetch(
            """select topic, tenant, subject, max(version) as newest,
                      coalesce(max(version) filter (where recordedtime < $5), 0) as settled
               from journal
               where (tenant, subject) > ($1, $2) and (tenant, subject) <= ($3, $4)
                     and topic = any($6::text[])
               group by tenant, subject, topic order by tenant, subject, topic limit $7""",
            *question.range.after,
            *question.range.until,
            question.as_of,
            question.topics,
            MOST_KEYS + 1,
        )
    found = [Journalled(r["tenant"], r["subject"], r["newest"], r["settled"]) for r in rows]
    until = question.range.until if len(found) <= MOST_KEYS else found[MOST_KEYS - 1].place
    keys: dict[str, list[Journalled]] = {topic: [] for topic in question.topics}
    for row, journalled in zip(rows[:MOST_KEYS], found[:MOST_KEYS], strict=True):
        keys[row["topic"]].append(journalled)
    return Answer(id=question.id, until=until, keys=keys)
