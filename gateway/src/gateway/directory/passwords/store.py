"""Every query of passwords; only their hashes are kept, and never in events."""

from __future__ import annotations

from uuid import UUID

from chassis.transactions import Transaction


async def keep_password(transaction: Transaction, user: UUID, hashed: str) -> None:
    """From now on `user` signs in with the password of this hash."""
    await transaction.connection.execute(
        """insert into password (tenant, user_id, hash) values ($1, $2, $3)
           on conflict (tenant, user_id) do update set hash = excluded.hash, changed = now()""",
        transaction.tenant,
        user,
        hashed,
    )


async def has_password(transaction: Transaction, user: UUID) -> bool:
    found = await transaction.connection.fetchval(
        "select true from password where tenant = $1 and user_id = $2", transaction.tenant, user
    )
    return bool(found)
