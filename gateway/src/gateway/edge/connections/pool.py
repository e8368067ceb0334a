"""At most so many connections to one service, and a bounded queue before them."""

from __future__ import annotations

import asyncio
from collections import deque
from urllib.parse import urlsplit

from chassis.problems import Unavailable
from gateway.edge.connections.connection import Connection


class CannotConnect(Exception):
    """Nobody takes the connection; nothing was sent."""


class Pool:
    """Connections to the service at `url`, `connections` of them at the most.

    `waiting` requests may wait for one. One that was silent for `idle_seconds` is
    not used again: shorter than services keep it, so that none is used as it closes.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int,
        waiting: int,
        connect_seconds: float,
        idle_seconds: float,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise ValueError(f"no address of a service: {url}")
        self.host, self._ssl = parts.hostname, parts.scheme == "https"
        self.port = parts.port or (443 if self._ssl else 80)
        self.authority = parts.netloc.rpartition("@")[2]
        self.prefix = parts.path.rstrip("/")
        self._most = connections
        self._most_waiting = waiting
        self._connect_seconds = connect_seconds
        self._idle_seconds = idle_seconds
        self._count = 0
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()

    def at_hand(self) -> Connection | None:
        """A connection for one exchange, to be given to `release`; None where none is idle."""
        while self._idle:
            # The one used last: those that are not needed grow old and are closed.
            connection = self._idle.pop()
            if connection.idle_since + self._idle_seconds > connection.time():
                return connection
            self._drop(connection)
        return None

    async def acquire(self, deadline: float) -> Connection:
        """As `at_hand`, made or waited for where none is idle.

        Raises `CannotConnect`, TimeoutError at `deadline`, a time of the loop, and
        `Unavailable` when too many wait already.
        """
        if (idle := self.at_hand()) is not None:
            return idle
        if self._count < self._most:
            self._count += 1
        elif (waited := await self._waited(deadline)) is not None:
            return waited
        return await self._connected(deadline)

    def release(self, connection: Connection) -> None:
        """End the exchange on `connection`; it serves the next, if it can."""
        if not connection.finish():
            self._vacate()
        elif (waiting := self._next_waiting()) is not None:
            waiting.set_result(connection)
        else:
            self._idle.append(connection)

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._drop(self._idle.pop())

    def _drop(self, connection: Connection) -> None:
        connection.close()
        self._count -= 1

    def _vacate(self) -> None:
        """A connection less: whoever waits longest makes a new one in its place."""
        waiting = self._next_waiting()
        if waiting is None:
            self._count -= 1
        else:
            waiting.set_result(None)

    def _next_waiting(self) -> asyncio.Future[Connection | None] | None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                return waiting
        return None

    async def _waited(self, deadline: float) -> Connection | None:
        """A connection that somebody released, or None with the right to make one."""
        if len(self._waiting) >= self._most_waiting:
            raise Unavailable("too many requests wait for this service")
        place: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout_at(deadline):
                return await place
        except (TimeoutError, asyncio.CancelledError):
            if place in self._waiting:
                self._waiting.remove(place)
            elif place.done() and not place.cancelled():
                self._give_back(place.result())
            raise

    def _give_back(self, connection: Connection | None) -> None:
        """What came just as nobody waited for it any more."""
        if connection is None:
            self._vacate()
        elif (waiting := self._next_waiting()) is not None:
            waiting.set_result(connection)
        else:
            self._idle.append(connection)

    async def _connected(self, deadline: float) -> Connection:
        """A new connection, whose place is counted already."""
        loop = asyncio.get_running_loop()
        until = min(deadline, loop.time() + self._connect_seconds)
        try:
            async with asyncio.timeout_at(until):
                _, connection = await loop.create_connection(
                    lambda: Connection(self._lost), self.host, self.port, ssl=self._ssl or None
                )
        except OSError as error:
            self._vacate()
            raise CannotConnect(str(error)) from error
        except BaseException:
            self._vacate()
            raise
        return connection

    def _lost(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
            self._count -= 1
