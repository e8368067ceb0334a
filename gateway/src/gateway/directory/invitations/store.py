"""Every query of invitations; a user has one by hand and one by mail at the most."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.database import Database
from chassis.transactions import Transaction


async def keep(
    transaction: Transaction, user: UUID, hashed: bytes, expires: datetime, *, by_mail: bool
) -> None:
    """Keep an invitation instead of an earlier one that came to this user by the same way."""
    await transaction.connection.execute(
        """insert into invitation (tenant, user_id, hash, expires, by_mail)
           values ($1, $2, $3, $4, $5)
           on conflict (tenant, user_id, by_mail)
           do update set hash = excluded.hash, expires = excluded.expires""",
        transaction.tenant,
        user,
        hashed,
        expires,
        by_mail,
    )


async def invited_by(database: Database, hashed: bytes) -> tuple[UUID, UUID] | None:
    """(tenant, user) of an invitation that still holds: the secret alone names both."""
    row = await database.pool.fetchrow(
        "select tenant, user_id from invitation where hash = $1 and expires > now()", hashed
    )
    return (row["tenant"], row["user_id"]) if row is not None else None


async def use_up(transaction: Transaction, hashed: bytes) -> bool:
    """Whether the invitation still held; neither it nor another of its user does any longer."""
    user = await transaction.connection.fetchval(
        """delete from invitation where tenant = $1 and hash = $2 and expires > now()
           returning user_id""",
        transaction.tenant,
        hashed,
    )
    await transaction.connection.execute(
        "delete from invitation where tenant = $1 and user_id = $2", transaction.tenant, user
    )
    return user is not None
