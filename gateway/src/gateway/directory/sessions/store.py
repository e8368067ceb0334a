"""Every query of sessions and of signing in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.database import Connection, Database
from events.directory import Department, User
from gateway.directory.sessions.session import KnownSession, Session, Visitor
from gateway.directory.users.store import users

_KNOWN = 'id, user_id as "user", begun, renewed, expires, ended, address, client'


async def account(database: Database, slug: str, login: str) -> tuple[UUID, User, str] | None:
    """(tenant, user, hash of the password) of who signs in so; None for nobody.

    `login` is folded. Only active users with a password can sign in.
    """
    row = await database.pool.fetchrow(
        """select users.tenant, users.state, password.hash
           from tenants
           join users on users.tenant = tenants.id
           join password on password.tenant = users.tenant and password.user_id = users.id
           where tenants.slug = $1 and users.login = $2 and users.status = 'active'""",
        slug,
        login,
    )
    return (row["tenant"], users.decode(row["state"]), row["hash"]) if row is not None else None


async def account_of(database: Database, tenant: UUID, user: UUID) -> tuple[User, str] | None:
    """(user, hash of the password); None for a user without one."""
    row = await database.pool.fetchrow(
        """select users.state, password.hash
           from users
           join password on password.tenant = users.tenant and password.user_id = users.id
           where users.tenant = $1 and users.id = $2""",
        tenant,
        user,
    )
    return (users.decode(row["state"]), row["hash"]) if row is not None else None


async def is_familiar(database: Database, slug: str, login: str, address: str) -> bool:
    """Whether this user has signed in from this address before."""
    found = await database.pool.fetchval(
        """select true
           from tenants
           join users on users.tenant = tenants.id
           join session on session.tenant = users.tenant and session.user_id = users.id
           where tenants.slug = $1 and users.login = $2 and session.address = $3
           limit 1""",
        slug,
        login,
        address,
    )
    return bool(found)


async def begin(
    connection: Connection, session: Session, visitor: Visitor, at: datetime, until: datetime
) -> None:
    """Keep a new session; what is long over of the same user's is forgotten."""
    await connection.execute(
        "delete from session where tenant = $1 and user_id = $2 and expires <= $3",
        session.tenant,
        session.user,
        at,
    )
    await connection.execute(
        """insert into session (tenant, id, user_id, begun, renewed, expires, address, client)
           values ($1, $2, $3, $4, $4, $5, $6, $7)""",
        session.tenant,
        session.id,
        session.user,
        at,
        until,
        visitor.address,
        visitor.client,
    )


async def keep_refresh_token(connection: Connection, session: Session, hashed: bytes) -> None:
    await connection.execute(
        "insert into refresh_token (hash, tenant, session) values ($1, $2, $3)",
        hashed,
        session.tenant,
        session.id,
    )


async def refreshed_by(
    connection: Connection, hashed: bytes
) -> tuple[KnownSession, UUID, User, bool] | None:
    """(session, tenant, user, whether it was used) of a refresh token; holds the session.

    None for a token of nobody, of a session that is over, or of a user who is not active.
    """
    row = await connection.fetchrow(
        """select session.id, session.user_id as "user", session.begun, session.renewed,
                  session.expires, session.ended, session.address, session.client,
                  session.tenant, users.state, refresh_token.is_used
           from refresh_token
           join session on session.tenant = refresh_token.tenant
                       and session.id = refresh_token.session
           join users on users.tenant = session.tenant and users.id = session.user_id
           where refresh_token.hash = $1 and session.ended is null and session.expires > now()
                 and users.status = 'active'
           for update of session, refresh_token""",
        hashed,
    )
    if row is None:
        return None
    known = _known(row)
    return known, row["tenant"], users.decode(row["state"]), row["is_used"]


async def use_up(
    connection: Connection, tenant: UUID, session: UUID, hashed: bytes, at: datetime
) -> None:
    """The refresh token holds no longer; the session was renewed by it."""
    await connection.execute("update refresh_token set is_used = true where hash = $1", hashed)
    await connection.execute(
        "update session set renewed = $3 where tenant = $1 and id = $2", tenant, session, at
    )


async def open_sessions(connection: Connection, tenant: UUID, user: UUID) -> list[KnownSession]:
    """The sessions of a user that are not over, newest first."""
    rows = await connection.fetch(
        f"""select {_KNOWN} from session
            where tenant = $1 and user_id = $2 and ended is null and expires > now()
            order by begun desc, id desc""",  # noqa: S608 - the names of our own columns
        tenant,
        user,
    )
    return [_known(row) for row in rows]


async def end(
    connection: Connection, tenant: UUID, user: UUID, session: UUID
) -> KnownSession | None:
    """The session of this user, ended by now; None when the user has no such session."""
    row = await connection.fetchrow(
        f"""update session set ended = coalesce(ended, now())
            where tenant = $1 and user_id = $2 and id = $3
            returning {_KNOWN}""",  # noqa: S608 - the names of our own columns
        tenant,
        user,
        session,
    )
    return _known(row) if row is not None else None


async def end_all(connection: Connection, tenant: UUID, user: UUID) -> list[UUID]:
    """Ends all sessions of a user; answers which."""
    rows = await connection.fetch(
        """update session set ended = now()
           where tenant = $1 and user_id = $2 and ended is null and expires > now()
           returning id""",
        tenant,
        user,
    )
    return sorted(row["id"] for row in rows)


async def holder(database: Database, session: Session) -> tuple[User, Department] | None:
    """The user whose session this is, and the department; None when the session is over."""
    row = await database.pool.fetchrow(
        """select users.state as user, departments.state as department
           from session
           join users on users.tenant = session.tenant and users.id = session.user_id
           join departments
                on departments.tenant = users.tenant and departments.id = users.department
           where session.tenant = $1 and session.id = $2 and session.user_id = $3
                 and session.ended is null and session.expires > now()""",
        session.tenant,
        session.id,
        session.user,
    )
    return users.placed(row) if row is not None else None


def _known(row: object) -> KnownSession:
    return KnownSession(**{name: row[name] for name in KnownSession.__struct_fields__})  # type: ignore[index]
