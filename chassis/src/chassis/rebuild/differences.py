"""How rebuilt tables differ from live ones, row by row.

Both sides must stand still. A key that the rebuilding consumer has applied, and
the live one need not have yet, is `newer`: no difference, only later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from chassis.database import Connection

Verdict = Literal["differing", "missing", "surplus"]
"""Of a live row: its values are wrong, it was not there, it should not have been there."""

MOST_NAMED = 100

# What was applied after `rebuilt.known` was written down may not have reached the live side yet.
_LATER = """
create temporary table later on commit drop as
select distinct r.tenant, r.key from rebuilt.applied r
left join rebuilt.known k using (consumer, topic, tenant, key)
where k.version is distinct from r.version
"""

_COMPARE = """
with compared as (
    select tenant, {id} as id,
           case when row(live.*) is not distinct from row(rebuilt.*) then 'identical'
                when exists (select from later
                             where later.tenant = coalesce(live.tenant, rebuilt.tenant)
                                   and later.key = coalesce(live.{id}, rebuilt.{id}))
                then 'newer'
                when live.tenant is null then 'missing'
                when rebuilt.tenant is null then 'surplus'
                else 'differing' end as verdict
    from public.{table} live full join rebuilt.{table} rebuilt using ({key})
), counted as (
    select count(*) as rows,
           count(*) filter (where verdict = 'identical') as identical,
           count(*) filter (where verdict = 'newer') as newer,
           count(*) filter (where verdict = 'differing') as differing,
           count(*) filter (where verdict = 'missing') as missing,
           count(*) filter (where verdict = 'surplus') as surplus
    from compared
), named as (
    select tenant, id, verdict from compared where verdict not in ('identical', 'newer')
    order by tenant, id limit $1
)
select counted.*, named.tenant, named.id, named.verdict from counted left join named on true
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of which the live side was wrong."""

    tenant: UUID
    id: UUID
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """One table: how many rows of both sides were compared, and what came of it.

    `named` has the first hundred differences.
    """

    table: str
    rows: int
    identical: int
    newer: int
    differing: int
    missing: int
    surplus: int
    named: tuple[Difference, ...]


async def compare(connection: Connection, projections: Sequence[str]) -> list[Comparison]:
    """Compare every projection, and `applied`; inside a transaction."""
    await connection.execute(_LATER)
    await connection.execute("analyze later")
    found = [await _compared(connection, table, "id", "tenant, id") for table in projections]
    found.append(await _compared(connection, "applied", "key", "consumer, topic, tenant, key"))
    return found


async def _compared(connection: Connection, table: str, id: str, key: str) -> Comparison:
    rows = await connection.fetch(_COMPARE.format(table=table, id=id, key=key), MOST_NAMED)
    counted = rows[0]
    return Comparison(
        table=table,
        rows=counted["rows"],
        identical=counted["identical"],
        newer=counted["newer"],
        differing=counted["differing"],
        missing=counted["missing"],
        surplus=counted["surplus"],
        named=tuple(
            Difference(row["tenant"], row["id"], row["verdict"]) for row in rows if row["verdict"]
        ),
    )
