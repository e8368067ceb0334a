"""Every query of second factors."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from chassis.database import Connection, Database


async def keep_secret(connection: Connection, tenant: UUID, user: UUID, secret: str) -> bool:
    """Keep a secret to be confirmed; False when one is confirmed already."""
    kept = await connection.fetchval(
        """insert into totp (tenant, user_id, secret) values ($1, $2, $3)
           on conflict (tenant, user_id) do update set secret = excluded.secret
           where totp.confirmed is null
           returning true""",
        tenant,
        user,
        secret,
    )
    return bool(kept)


async def unconfirmed(connection: Connection, tenant: UUID, user: UUID) -> str | None:
    """The secret that is to be confirmed, held until the transaction ends."""
    secret = await connection.fetchval(
        """select secret from totp
           where tenant = $1 and user_id = $2 and confirmed is null for update""",
        tenant,
        user,
    )
    return str(secret) if secret is not None else None


async def confirm(
    connection: Connection, tenant: UUID, user: UUID, step: int, recovery: Iterable[bytes]
) -> None:
    """From now on the user signs in with codes, of later steps than this one."""
    await connection.execute(
        "update totp set confirmed = now(), last_step = $3 where tenant = $1 and user_id = $2",
        tenant,
        user,
        step,
    )
    await connection.executemany(
        "insert into recovery_code (tenant, user_id, hash) values ($1, $2, $3)",
        [(tenant, user, hashed) for hashed in recovery],
    )


async def confirmed(database: Database, tenant: UUID, user: UUID) -> str | None:
    """The secret of a user who signs in with codes; None for others."""
    secret = await database.pool.fetchval(
        """select secret from totp
           where tenant = $1 and user_id = $2 and confirmed is not null""",
        tenant,
        user,
    )
    return str(secret) if secret is not None else None


async def use_step(database: Database, tenant: UUID, user: UUID, step: int) -> bool:
    """Whether no code of this step or a later one was used before; one is now."""
    used = await database.pool.fetchval(
        """update totp set last_step = $3
           where tenant = $1 and user_id = $2 and last_step < $3 returning true""",
        tenant,
        user,
        step,
    )
    return bool(used)


async def use_recovery(database: Database, tenant: UUID, user: UUID, hashed: bytes) -> bool:
    """Whether this recovery code held; it does no longer."""
    used = await database.pool.fetchval(
        """delete from recovery_code
           where tenant = $1 and user_id = $2 and hash = $3 returning true""",
        tenant,
        user,
        hashed,
    )
    return bool(used)


async def remove(connection: Connection, tenant: UUID, user: UUID) -> bool:
    """Take a second factor away, with its recovery codes; False where there was none."""
    found = await connection.fetchval(
        "delete from totp where tenant = $1 and user_id = $2 returning true", tenant, user
    )
    return bool(found)
