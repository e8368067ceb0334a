"""What each user may do right now, asked of the database every few seconds at the most."""

from __future__ import annotations

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

    async def of(self, tenant: UUID, user: UUID) -> Identity:
        """The user's identity; `Unauthenticated` for one who is not active (any more)."""
        known = self._known.get((tenant, user))
        if known is not None and known[0] > time.monotonic():
            return known[1]
        asked = time.monotonic()
        identity = await self._asked(tenant, user)
        if len(self._known) >= self.REMEMBERED:
            self._known.clear()
        self._known[tenant, user] = (asked + self._seconds, identity)
        return identity

    def forget(self) -> None:
        """Ask again from now on."""
        self._known.clear()

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
