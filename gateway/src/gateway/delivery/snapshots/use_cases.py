"""What one can do with snapshots."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chassis.database import Connection, Database
from chassis.problems import Forbidden, Unavailable
from gateway.delivery.log import store
from gateway.delivery.snapshots import snapshot as rules
from gateway.delivery.visibility import RESOURCES, Visibility

_CHUNK = 200
"""Records that are in memory at once."""
_TURN_SECONDS = 20.0
"""How long one waits for one's turn."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One that is being read: everything as it was when the log had come to `sequence`."""

    aggregate: str
    sequence: int
    connection: Connection
    visibility: Visibility

    async def chunks(self) -> AsyncIterator[bytes]:
        """Its lines, some at a time."""
        identity, records = self.visibility.identity, 0
        yield rules.head(self.aggregate, identity.tenant, self.sequence) + b"\n"
        heads = store.heads(
            self.connection,
            identity.tenant,
            self.visibility.reach,
            rules.topic_of(self.aggregate),
            _CHUNK,
        )
        async for some in heads:
            lines = [line for one in some if (line := self.visibility.newest(one)) is not None]
            records += len(lines)
            if lines:
                yield b"\n".join(lines) + b"\n"
        yield rules.end(records) + b"\n"


class Snapshots:
    """Opens snapshots, so many at once; each has a connection of its own."""

    def __init__(self, database: Database, at_once: int) -> None:
        self._database = database
        self._free = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def opened(self, aggregate: str, visibility: Visibility) -> AsyncIterator[Snapshot]:
        """A snapshot for the length of the block.

        Raises `Forbidden` where nothing of the kind may be read, and `Unavailable` where too
        many stay open.
        """
        topic = rules.topic_of(aggregate)
        if not visibility.reach.includes(topic):
            permission = f"{RESOURCES[topic]}:read"
            raise Forbidden(f"this needs the permission {permission}", permission=permission)
        async with (
            self._turn(),
            self._connected() as connection,
            # The lines, and the place in the log that they are as of, are of one moment.
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            bounds = await store.bounds(connection, visibility.identity.tenant)
            yield Snapshot(aggregate, bounds.last, connection, visibility)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable("too many snapshots are being read", retry_after=10) from None
        try:
            yield
        finally:
            self._free.release()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        connection = await self._database.connection()
        try:
            yield connection
        finally:
            # What is left of a cursor that was not read to its end is not waited for.
            connection.terminate()
