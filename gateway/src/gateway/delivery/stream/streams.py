"""All open streams of a process: who may open one, what it is told, and when it ends."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from starlette.types import Send

from chassis.database import PASSING_FAILURES
from chassis.identity import Identity
from chassis.problems import CursorExpired, InvalidRequest, TooManyRequests, Unavailable
from gateway.delivery.cursor import cursor_after, sequence_of
from gateway.delivery.log.log import Log
from gateway.delivery.stream import messages
from gateway.delivery.stream.reader import Reader
from gateway.delivery.stream.subscription import StreamRequest
from gateway.delivery.stream.tail import Tail, Tails
from gateway.delivery.stream.telling import Telling
from gateway.delivery.stream.watch import Rounds, Watch
from gateway.delivery.visibility import visibility_of
from gateway.directory.sessions.session import Session
from gateway.directory.standings import Standings
from gateway.settings import GatewaySettings

_SLOTS = 16
"""Heartbeats of all streams do not come at one moment: a part of them at a time."""
_AT_ONCE = 200
_READING = 4
"""Streams that read the log by themselves at once: others need the database too."""
_AGAIN_SECONDS = 1.0
_RETRY_SECONDS = 10


class Streams:
    """Opens streams, tells them, and ends them."""

    def __init__(self, log: Log, standings: Standings, settings: GatewaySettings) -> None:
        self.log = log
        self.settings = settings
        self.reading = asyncio.Semaphore(_READING)
        self._rounds = Rounds(log.database, standings)
        self._tails = Tails(log, settings.stream_behind)
        self._watches: dict[Session, Watch] = {}
        self._slots: list[set[Stream]] = [set() for _ in range(_SLOTS)]
        self._numbers = itertools.count()
        self._open = 0
        self._has_ended = False
        self._of_user: Counter[UUID] = Counter()

    async def admit(self, session: Session, identity: Identity, asked: StreamRequest) -> Stream:
        """A stream, which is to be run or closed.

        Raises `TooManyRequests` where a user has too many, `Unavailable` where there are too many
        of all, `InvalidRequest` for an id of no message, `FieldNotPermitted` for a filter by what
        is kept from who asks.
        """
        asked.subscription.require_seen_by(identity)
        self._count(session)
        try:
            tail = await self._tails.hold(session.tenant)
            try:
                return await self._opened(session, identity, asked, tail)
            except BaseException:
                self._tails.let_go(session.tenant)
                raise
        except BaseException:
            self._discount(session)
            raise

    async def _opened(
        self, session: Session, identity: Identity, asked: StreamRequest, tail: Tail
    ) -> Stream:
        visibility = await visibility_of(self.log.database, identity)
        after = tail.after
        is_expired = False
        if asked.last_event_id is not None:
            after = sequence_of(session.tenant, asked.last_event_id, "last_event_id")
            bounds = await self.log.bounds(session.tenant)
            if after > bounds.last:
                raise InvalidRequest("the log has not come so far", field="last_event_id")
            is_expired = after < bounds.first - 1
        watch = self._watches.setdefault(session, Watch(session, visibility))
        reader = Reader(watch, asked.subscription, after, self.settings.stream_buffer_bytes)
        watch.readers.add(reader)
        stream = Stream(self, reader, tail, next(self._numbers) % _SLOTS)
        self._slots[stream.slot].add(stream)
        if is_expired:
            reader.lose("expired")
        if self._has_ended:
            reader.end("shutdown")
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream."""
        reader, watch = stream.reader, stream.reader.watch
        stream.tail.part(reader)
        self._tails.let_go(watch.session.tenant)
        self._slots[stream.slot].discard(stream)
        watch.readers.discard(reader)
        if not watch.readers:
            self._watches.pop(watch.session, None)
        self._discount(watch.session)

    def end(self) -> None:
        """End all streams; no other is opened."""
        self._has_ended = True
        for watch in self._watches.values():
            watch.end("shutdown")

    async def beat(self) -> None:
        """Give heartbeats until cancelled."""
        for slot in itertools.cycle(self._slots):
            await asyncio.sleep(self.settings.stream_heartbeat_seconds / _SLOTS)
            for stream in slot:
                stream.tail.beat(stream.reader)

    async def go_round(self) -> None:
        """Look after those to whom something is told, until cancelled."""
        while True:
            await asyncio.sleep(self.settings.stream_access_seconds)
            if self._watches:
                await self._rounds.go(list(self._watches.values()))

    def _count(self, session: Session) -> None:
        if self._has_ended:
            raise Unavailable("this gateway is about to end", retry_after=1)
        if self._open >= self.settings.streams:
            raise Unavailable("too many streams are open", retry_after=_RETRY_SECONDS)
        if self._of_user[session.user] >= self.settings.user_streams:
            problem = TooManyRequests(f"at most {self.settings.user_streams} streams of one user")
            problem.headers["Retry-After"] = str(_RETRY_SECONDS)
            raise problem
        self._open += 1
        self._of_user[session.user] += 1

    def _discount(self, session: Session) -> None:
        self._open -= 1
        self._of_user[session.user] -= 1
        if not self._of_user[session.user]:
            del self._of_user[session.user]


class Stream:
    """One stream on its way: first what has been missed, then what comes."""

    __slots__ = ("_streams", "reader", "slot", "tail")

    def __init__(self, streams: Streams, reader: Reader, tail: Tail, slot: int) -> None:
        self._streams = streams
        self.reader = reader
        self.tail = tail
        self.slot = slot

    async def run(self, send: Send) -> None:
        """Send until it is over, and be forgotten."""
        reader = self.reader
        try:
            cursor = cursor_after(self.tail.tenant, reader.after)
            await reader.tell(send, messages.beginning(cursor))
            while not reader.is_over:
                await self._catch_up(send)
                await reader.follow(send)
                self.tail.part(reader)
            await reader.finish(send)
        finally:
            self.close()

    def leave(self) -> None:
        self.reader.leave()

    def close(self) -> None:
        self._streams.close(self)

    async def _catch_up(self, send: Send) -> None:
        """Send what is in the log already, until the tail tells the rest."""
        reader, tail = self.reader, self.tail
        reader.is_behind = False
        while not reader.is_over:
            if reader.loss is not None:
                await self._reset(send, reader.loss)
            elif tail.join(reader):
                return
            elif tail.after - reader.after > self._streams.settings.stream_behind:
                reader.lose("behind")
            else:
                await self._read(send)

    async def _reset(self, send: Send, reason: messages.Loss) -> None:
        """Go on from now; what is left out is told."""
        self.reader.loss, self.reader.after = None, self.tail.after
        await self.reader.tell(send, messages.reset(self.tail.cursor(), reason))

    async def _read(self, send: Send) -> None:
        """Send a part of what the log has."""
        reader = self.reader
        visibility, subscription = reader.watch.visibility, reader.subscription
        tenant = self.tail.tenant
        try:
            async with self._streams.reading:
                portion = await self._streams.log.read(
                    tenant, reader.after, _AT_ONCE, visibility.reach, subscription.read()
                )
        except CursorExpired:
            reader.lose("expired")
            return
        except (*PASSING_FAILURES, TimeoutError):
            await asyncio.sleep(_AGAIN_SECONDS)
            return
        tellings = (Telling(tenant, entry) for entry in portion.entries)
        told = [told for one in tellings if (told := one.to(visibility, subscription))]
        reader.after = portion.after
        if told:
            await reader.tell(send, b"".join(told))


@asynccontextmanager
async def open_streams(
    log: Log, standings: Standings, settings: GatewaySettings, stopping: asyncio.Event
) -> AsyncIterator[Streams]:
    """Streams for the length of the block; all end once `stopping` is set."""
    streams = Streams(log, standings, settings)

    async def end() -> None:
        await stopping.wait()
        streams.end()

    tasks = [asyncio.create_task(work) for work in (streams.beat(), streams.go_round(), end())]
    try:
        yield streams
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
