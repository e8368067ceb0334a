"""Whom the database is asked about, and how often."""

import asyncio
from collections import deque
from uuid import uuid4

from chassis.database import Database
from chassis.identity import Identity
from gateway.directory.sessions.session import Session
from gateway.directory.standings import Standings


class Counted(Standings):
    """Answers one identity after another, each when it is let go."""

    def __init__(self) -> None:
        super().__init__(Database("postgresql://nowhere", 1), 60.0)
        self.asked: deque[asyncio.Future[str]] = deque()

    async def _asked(self, session: Session) -> Identity:
        self.asked.append(asyncio.get_running_loop().create_future())
        actor = await self.asked[-1]
        return Identity(session.tenant, session.user, actor, None, (), {})


async def test_many_who_ask_at_once_ask_the_database_once() -> None:
    standings, session = Counted(), Session(uuid4(), uuid4(), uuid4(), 0)
    waiting = [asyncio.create_task(standings.of(session)) for _ in range(10)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting[0].cancel()
    standings.asked[0].set_result("first")
    assert {identity.actor for identity in await asyncio.gather(*waiting[1:])} == {"first"}
    assert (await standings.of(session)).actor == "first"
    assert len(standings.asked) == 1


async def test_what_was_asked_before_a_change_is_not_remembered_after_it() -> None:
    standings, session = Counted(), Session(uuid4(), uuid4(), uuid4(), 0)
    before = asyncio.create_task(standings.of(session))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    standings.forget()
    after = asyncio.create_task(standings.of(session))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    standings.asked[1].set_result("new")
    assert (await after).actor == "new"
    standings.asked[0].set_result("old")
    assert (await before).actor == "old"
    assert (await standings.of(session)).actor == "new"
