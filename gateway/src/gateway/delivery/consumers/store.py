"""Every query of named consumers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.database import Connection
from chassis.transactions import Transaction
from gateway.delivery.consumers.consumer import Known

_KNOWN = "name, types, acknowledged, acknowledged_at, is_paused, created"


async def create(transaction: Transaction, owner: UUID, known: Known) -> bool:
    """Whether there was none of this name."""
    done: bool | None = await transaction.connection.fetchval(
        """insert into delivery_consumer (tenant, owner, name, types, acknowledged, created)
           values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning true""",
        transaction.tenant,
        owner,
        known.name,
        known.types,
        known.acknowledged,
        known.created,
    )
    return done is not None


async def all_of(connection: Connection, tenant: UUID, owner: UUID | None) -> list[Known]:
    rows = await connection.fetch(
        f"""select {_KNOWN} from delivery_consumer where tenant = $1 and owner = $2
            order by name""",  # noqa: S608 - the names of our own columns
        tenant,
        owner,
    )
    return [_known(row) for row in rows]


async def find(
    connection: Connection, tenant: UUID, owner: UUID | None, name: str, *, lock: bool = False
) -> Known | None:
    row = await connection.fetchrow(
        f"""select {_KNOWN} from delivery_consumer
            where tenant = $1 and owner = $2 and name = $3
            {"for update" if lock else ""}""",  # noqa: S608 - the names of our own columns
        tenant,
        owner,
        name,
    )
    return None if row is None else _known(row)


async def keep(transaction: Transaction, owner: UUID, known: Known) -> None:
    await transaction.connection.execute(
        """update delivery_consumer set acknowledged = $4, acknowledged_at = $5, is_paused = $6
           where tenant = $1 and owner = $2 and name = $3""",
        transaction.tenant,
        owner,
        known.name,
        known.acknowledged,
        known.acknowledged_at,
        known.is_paused,
    )


async def remove(transaction: Transaction, owner: UUID, name: str) -> None:
    await transaction.connection.execute(
        "delete from delivery_consumer where tenant = $1 and owner = $2 and name = $3",
        transaction.tenant,
        owner,
        name,
    )


async def waiting_seconds(connection: Connection, tenant: UUID, after: int) -> float:
    """For how long the first entry after a sequence is in the log; 0 where there is none."""
    seconds = await connection.fetchval(
        """select extract(epoch from clock_timestamp() - logged) from delivery_log
           where tenant = $1 and sequence > $2 order by sequence limit 1""",
        tenant,
        after,
    )
    return float(seconds or 0)


def _known(row: Any) -> Known:
    return Known(**{**row, "types": tuple(row["types"])})
