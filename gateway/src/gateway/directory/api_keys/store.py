"""Every query of API keys; only the fingerprints of their secrets are kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.database import Connection, Database
from events.directory import Department, User
from gateway.directory.api_keys.api_key import ApiKey, prefix_of
from gateway.directory.sessions.session import Session
from gateway.directory.users.store import users

_KNOWN = 'id, user_id as "user", name, scopes, created, expires, last_used, revoked'


async def keep(connection: Connection, tenant: UUID, key: ApiKey) -> None:
    await connection.execute(
        """insert into api_key (tenant, id, user_id, name, scopes, created, expires)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        tenant,
        key.id,
        key.user,
        key.name,
        key.scopes,
        key.created,
        key.expires,
    )


async def keep_secret(connection: Connection, tenant: UUID, id: UUID, hashed: bytes) -> None:
    """From now on the key has this secret and no earlier one."""
    await connection.execute(
        "update api_key set hash = $3 where tenant = $1 and id = $2", tenant, id, hashed
    )


async def known(connection: Connection, tenant: UUID, user: UUID | None) -> list[ApiKey]:
    """The keys of one user of a tenant, or of all, newest first."""
    rows = await connection.fetch(
        f"""select {_KNOWN} from api_key
            where tenant = $1 and ($2::uuid is null or user_id = $2)
            order by id desc""",  # noqa: S608 - the names of our own columns
        tenant,
        user,
    )
    return [_key(row) for row in rows]


async def revoke(
    connection: Connection, tenant: UUID, user: UUID | None, id: UUID
) -> ApiKey | None:
    """The key, revoked by now; None where there is none, of this user if one is given."""
    row = await connection.fetchrow(
        f"""update api_key set revoked = coalesce(revoked, now())
            where tenant = $1 and ($2::uuid is null or user_id = $2) and id = $3
            returning {_KNOWN}""",  # noqa: S608 - the names of our own columns
        tenant,
        user,
        id,
    )
    return _key(row) if row is not None else None


async def session_of(database: Database, id: UUID, hashed: bytes) -> Session | None:
    """What a key opens; None for one that nobody has, that was revoked or has expired."""
    row = await database.pool.fetchrow(
        """select tenant, user_id, expires from api_key
           where id = $1 and hash = $2 and revoked is null and expires > now()""",
        id,
        hashed,
    )
    if row is None:
        return None
    until = int(row["expires"].timestamp())
    return Session(id, row["tenant"], row["user_id"], until, key_hash=hashed)


async def holder(database: Database, session: Session) -> tuple[User, Department, list[str]] | None:
    """(user, department, scopes) of a key that still holds; writes down now and then its use."""
    row = await database.pool.fetchrow(
        """select users.state as user, departments.state as department, scopes,
                  last_used is null or last_used < now() - interval '10 minutes' as is_stale
           from api_key
           join users on users.tenant = api_key.tenant and users.id = api_key.user_id
           join departments
                on departments.tenant = users.tenant and departments.id = users.department
           where api_key.tenant = $1 and api_key.id = $2 and api_key.hash = $3
                 and api_key.revoked is null and api_key.expires > now()""",
        session.tenant,
        session.id,
        session.key_hash,
    )
    if row is None:
        return None
    if row["is_stale"]:
        await database.pool.execute(
            """update api_key set last_used = now()
               where id = $1
                     and (last_used is null or last_used < now() - interval '10 minutes')""",
            session.id,
        )
    return *users.placed(row), row["scopes"]


def _key(row: Any) -> ApiKey:
    return ApiKey(**{**row, "scopes": tuple(row["scopes"])}, prefix=prefix_of(row["id"]))
