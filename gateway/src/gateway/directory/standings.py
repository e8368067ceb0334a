"""What each user may do right now, asked of the database every few seconds at the most."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

from chassis.database import Database
from chassis.identity import Identity
from chassis.problems import Unauthenticated
from gateway.directory.roles import permissions_of
from gateway.directory.users.store import users


class Standings:
    """The identities of active users, remembered for `seconds`.

    A commit in this process is seen at once when `forget` listens to it, those
    of other replicas after the `seconds`.
    """

    REMEMBERED = 10_000

    def __init__(self, database: Database, seconds: float) -> None:
        self._database = database
        self._seconds = seconds
        self._known: dict[tuple[UUID, UUID], tuple[float, Identity]] = {}
        self._asking: dict[tuple[UUID, UUID], asyncio.Task[Identity]] = {}

    async def of(self, tenant: UUID, user: UUID) -> Identity:
        """The user's identity; `Unauthenticated` for one who is not active (any more)."""
        key = (tenant, user)
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        # Whoever comes while the database is asked waits for the same answer.
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._learn(key))
        return await asyncio.shield(asking)

    def forget(self) -> None:
        """Ask again from now on; what is being asked already may be too old."""
        self._known.clear()
        self._asking.clear()

    async def _learn(self, key: tuple[UUID, UUID]) -> Identity:
        asked, task = time.monotonic(), asyncio.current_task()
        try:
            identity = await self._asked(*key)
            if self._asking.get(key) is task:
                if len(self._known) >= self.REMEMBERED:
                    self._known.clear()
                self._known[key] = (asked + self._seconds, identity)
            return identity
        finally:
            if self._asking.get(key) is task:
                del self._asking[key]

    async def _asked(self, tenant: UUID, id: UUID) -> Identity:
        found = await users.standing(self._database, tenant, id)
        if found is None or found[0].status != "active":
            raise Unauthenticated("this user is not active")
        user, department = found
        return Identity(
            tenant=tenant,
            user=user.id,
            actor=str(user.id),
            department=department.id,
            department_path=department.path,
            permissions=permissions_of(user.roles),
        )
