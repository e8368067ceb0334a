"""What each session may do right now, asked of the database every few seconds at the most."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from asyncpg import Pool

from chassis.database import Connection, Database
from chassis.identity import Identity
from chassis.problems import Unauthenticated
from events.directory import Department, User
from gateway.directory.api_keys import store as api_keys
from gateway.directory.api_keys.api_key import permitted
from gateway.directory.roles import store as roles
from gateway.directory.roles.built_in import ROLES, rights_of
from gateway.directory.roles.rights import Rights
from gateway.directory.sessions import store as sessions
from gateway.directory.sessions.session import Session
from gateway.directory.users.store import users

Mark: TypeAlias = tuple[int, Decimal]
"""Is another one when what a session may do has changed, and at times when it has not."""


class Standings:
    """The identities of open sessions of active users, remembered for `seconds`.

    A commit in this process is seen at once when `forget` listens to it, those
    of other replicas after the `seconds`.
    """

    REMEMBERED = 10_000

    def __init__(self, database: Database, seconds: float) -> None:
        self._database = database
        self._seconds = seconds
        self._known: dict[Session, tuple[float, Identity]] = {}
        self._asking: dict[Session, asyncio.Task[Identity]] = {}

    def at_hand(self, session: Session) -> Identity | None:
        """What `of` answers, where it is remembered."""
        known = self._known.get(session)
        return known[1] if known is not None and known[0] > time.monotonic() else None

    async def of(self, session: Session) -> Identity:
        """Its user's identity; `Unauthenticated` once it has ended or the user is not active."""
        known = self.at_hand(session)
        if known is not None:
            return known
        # Whoever comes while the database is asked waits for the same answer.
        asking = self._asking.get(session)
        if asking is None:
            asking = self._asking[session] = asyncio.create_task(self._learn(session))
        return await asyncio.shield(asking)

    async def anew(self, session: Session) -> Identity:
        """As `of`, whatever is remembered."""
        self._known.pop(session, None)
        self._asking.pop(session, None)
        return await self.of(session)

    async def marks(self, asked: Collection[Session]) -> dict[UUID, Mark]:
        """A mark of each session, by its id; none for those that have ended or were revoked.

        One question for all of them: for what lasts, instead of asking for each again and again.
        """
        people = [session for session in asked if session.key_hash is None]
        programs = [session for session in asked if session.key_hash is not None]
        of_tenants = await roles.marks(self._database, {session.tenant for session in asked})
        versions = {
            **await sessions.user_versions(self._database, people),
            **await api_keys.user_versions(self._database, programs),
        }
        return {
            session.id: (versions[session.id], of_tenants[session.tenant])
            for session in asked
            if session.id in versions and session.tenant in of_tenants
        }

    def forget(self) -> None:
        """Ask again from now on; what is being asked already may be too old."""
        self._known.clear()
        self._asking.clear()

    async def _learn(self, session: Session) -> Identity:
        asked, task = time.monotonic(), asyncio.current_task()
        try:
            identity = await self._asked(session)
            if self._asking.get(session) is task:
                if len(self._known) >= self.REMEMBERED:
                    self._known.clear()
                self._known[session] = (asked + self._seconds, identity)
            return identity
        finally:
            if self._asking.get(session) is task:
                del self._asking[session]

    async def _asked(self, session: Session) -> Identity:
        if session.key_hash is not None:
            return await self._asked_of_key(session)
        found = await sessions.holder(self._database, session)
        if found is None:
            raise Unauthenticated("this session has ended")
        user, department = found
        rights = await rights_of_user(self._database.pool, session.tenant, user)
        return _identity(session.tenant, user, department, str(user.id), rights)

    async def _asked_of_key(self, session: Session) -> Identity:
        found = await api_keys.holder(self._database, session)
        if found is None:
            raise Unauthenticated("this API key holds no longer")
        user, department, scopes = found
        held = await rights_of_user(self._database.pool, session.tenant, user)
        rights = Rights(permitted(scopes, held.permissions), held.fields)
        return _identity(session.tenant, user, department, f"key:{session.id}", rights)


async def rights_of_user(connection: Connection | Pool, tenant: UUID, user: User) -> Rights:
    """What a user's roles let them do together, built-in ones and the tenant's own."""
    own = [role for role in user.roles if role not in ROLES]
    defined = await roles.in_use(connection, tenant, own) if own else {}
    return rights_of(user.roles, defined)


def _identity(
    tenant: UUID, user: User, department: Department, actor: str, rights: Rights
) -> Identity:
    """The identity of an active user, or of a program that acts for one."""
    if user.status != "active":
        raise Unauthenticated("this user is not active")
    return Identity(
        tenant=tenant,
        user=user.id,
        actor=actor,
        department=department.id,
        department_path=department.path,
        permissions=rights.permissions,
        fields=rights.fields,
    )


async def standing_of(
    connection: Connection | Pool, tenant: UUID, user: UUID, key: UUID | None
) -> Identity | None:
    """What a user may do now who is not here, or the program with one of the user's keys.

    None where the user is not active, or the key does not hold.
    """
    found = await users.standing(connection, tenant, user)
    if found is None or found[0].status != "active":
        return None
    who, department = found
    rights = await rights_of_user(connection, tenant, who)
    if key is None:
        return _identity(tenant, who, department, str(user), rights)
    scopes = await api_keys.scopes_of(connection, tenant, user, key)
    if scopes is None:
        return None
    rights = Rights(permitted(scopes, rights.permissions), rights.fields)
    return _identity(tenant, who, department, f"key:{key}", rights)
