"""What each session may do right now, asked of the database every few seconds at the most."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

from chassis.database import Database
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
        rights = await rights_of_user(self._database, session.tenant, user)
        return _identity(user, department, str(user.id), rights, session)

    async def _asked_of_key(self, session: Session) -> Identity:
        found = await api_keys.holder(self._database, session)
        if found is None:
            raise Unauthenticated("this API key holds no longer")
        user, department, scopes = found
        held = await rights_of_user(self._database, session.tenant, user)
        rights = Rights(permitted(scopes, held.permissions), held.fields)
        return _identity(user, department, f"key:{session.id}", rights, session)


async def rights_of_user(database: Database, tenant: UUID, user: User) -> Rights:
    """What a user's roles let them do together, built-in ones and the tenant's own."""
    own = [role for role in user.roles if role not in ROLES]
    defined = await roles.in_use(database.pool, tenant, own) if own else {}
    return rights_of(user.roles, defined)


def _identity(
    user: User,
    department: Department,
    actor: str,
    rights: Rights,
    session: Session,
) -> Identity:
    """The identity of an active user, or of a program that acts for one."""
    if user.status != "active":
        raise Unauthenticated("this user is not active")
    return Identity(
        tenant=session.tenant,
        user=user.id,
        actor=actor,
        department=department.id,
        department_path=department.path,
        permissions=rights.permissions,
        fields=rights.fields,
    )
