"""Whose streams are open: what each session may see now, looked at again every few seconds."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chassis.database import PASSING_FAILURES, Database
from chassis.fields import FieldNotPermitted
from chassis.problems import Unauthenticated
from gateway.delivery.stream.messages import End
from gateway.delivery.visibility import Visibility, visibility_of
from gateway.directory.sessions.session import Session
from gateway.directory.standings import Mark, Standings

if TYPE_CHECKING:
    from gateway.delivery.stream.reader import Reader

log = logging.getLogger(__name__)


class Watch:
    """A session with open streams, and what its holder may see."""

    __slots__ = ("mark", "readers", "session", "visibility")

    def __init__(self, session: Session, visibility: Visibility) -> None:
        self.session = session
        self.visibility = visibility
        self.readers: set[Reader] = set()
        self.mark: Mark | None = None

    def end(self, reason: End) -> None:
        """End all of its streams."""
        for reader in self.readers:
            reader.end(reason)


class Rounds:
    """Goes round the open sessions: some have ended, some may see something else by now."""

    def __init__(self, database: Database, standings: Standings) -> None:
        self._database = database
        self._standings = standings

    async def go(self, watches: Sequence[Watch]) -> None:
        """End what is over, and have those look anew who may see something else from now on."""
        going_on = []
        for watch in watches:
            if watch.session.expires <= time.time():
                watch.end("token_expired")
            else:
                going_on.append(watch)
        try:
            await self._compare(going_on)
        except (*PASSING_FAILURES, TimeoutError) as error:
            # Without the store there are no events either.
            log.warning("what streams may tell is not looked at: %s", error)

    async def _compare(self, watches: Sequence[Watch]) -> None:
        marks = await self._standings.marks([watch.session for watch in watches])
        for watch in watches:
            mark = marks.get(watch.session.id)
            if mark is None:
                watch.end("access_ended")
            elif mark != watch.mark:
                await self._look_closely(watch)
                watch.mark = mark

    async def _look_closely(self, watch: Watch) -> None:
        try:
            identity = await self._standings.anew(watch.session)
            for reader in watch.readers:
                reader.subscription.require_seen_by(identity)
        except (Unauthenticated, FieldNotPermitted):
            watch.end("access_ended")
            return
        visibility = await visibility_of(self._database, identity)
        if visibility != watch.visibility:
            watch.visibility = visibility
            for reader in watch.readers:
                reader.lose("access")
