"""Every query of signing in."""

from __future__ import annotations

from uuid import UUID

from chassis.database import Database
from events.directory import User
from gateway.directory.users.store import users


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
