"""Those who follow a stream: over HTTP, or in this process, who may be slow."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from starlette.types import Message as Sent

from chassis.identity import Identity
from events.values import Reach
from gateway.delivery.stream.streams import Stream, Streams
from gateway.delivery.stream.subscription import StreamRequest, Subscription
from gateway.delivery.visibility import RESOURCES
from gateway.directory.sessions.session import Session

_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a browser would hand it on; `id` is that of the stream after it."""

    event: str
    data: dict[str, Any]
    id: str


class Parsing:
    """Takes a stream line by line, as the standard has it."""

    def __init__(self) -> None:
        self.id = ""
        self.retry = 0
        self.comments = 0
        self._event = ""
        self._data: list[str] = []

    def take(self, line: str) -> Message | None:
        """The message that ends with this line, if one does."""
        if not line:
            event, data, self._event, self._data = self._event, self._data, "", []
            return Message(event, json.loads("\n".join(data)), self.id) if data else None
        name, _, value = line.partition(": ")
        match name:
            case "id":
                self.id = value
            case "retry":
                self.retry = int(value)
            case "event":
                self._event = value
            case "data":
                self._data.append(value)
            case _:
                assert line.startswith(":"), line
                self.comments += 1
        return None


class Follower:
    """Reads a stream over HTTP."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.said = Parsing()
        self._lines = answer.aiter_lines()

    async def next(self) -> Message:
        """The next message; `StopAsyncIteration` when the stream has ended."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                message = self.said.take(await anext(self._lines))
                if message is not None:
                    return message

    async def begun(self) -> str:
        """The id that the stream begins with."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not self.said.id:
                self.said.take(await anext(self._lines))
        return self.said.id

    async def rest(self) -> list[Message]:
        """All messages until the stream ends."""
        found = []
        try:
            while True:
                found.append(await self.next())
        except StopAsyncIteration:
            return found


@asynccontextmanager
async def following(
    client: httpx.AsyncClient, again_after: str | None = None, **query: str
) -> AsyncIterator[Follower]:
    """A stream of whoever `client` is, which has begun; `again_after` is sent in the header."""
    headers = {} if again_after is None else {"Last-Event-ID": again_after}
    async with client.stream("GET", "/v1/stream", params=query, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        follower = Follower(answer)
        await follower.begun()
        yield follower


class Listener:
    """Somebody in this process, of a tenant of their own unless told, who may read everything.

    While `takes` is not set, nothing that is sent to them is taken.
    """

    def __init__(
        self,
        tenant: UUID | None = None,
        *,
        user: UUID | None = None,
        reach: Reach = "all",
        seconds: float = 3_600.0,
    ) -> None:
        tenant, user = tenant or uuid4(), user or uuid4()
        self.identity = Identity(
            tenant=tenant,
            user=user,
            actor=str(user),
            department=None,
            department_path=(),
            permissions={f"{resource}:read": reach for resource in RESOURCES.values()},
        )
        self.session = Session(uuid4(), tenant, user, int(time.time() + seconds))
        self.takes = asyncio.Event()
        self.takes.set()
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.said = Parsing()

    @asynccontextmanager
    async def listening(
        self,
        streams: Streams,
        subscription: Subscription | None = None,
        last_event_id: str | None = None,
    ) -> AsyncIterator[Stream]:
        """A stream for the length of the block."""
        asked = StreamRequest(subscription or Subscription(), last_event_id)
        stream = await streams.admit(self.session, self.identity, asked)
        running = asyncio.create_task(stream.run(self._send))
        try:
            yield stream
        finally:
            stream.leave()
            self.takes.set()
            await running

    async def next(self) -> Message:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await self.messages.get()

    async def _send(self, sent: Sent) -> None:
        await self.takes.wait()
        for line in sent["body"].decode().split("\n")[:-1]:
            message = self.said.take(line)
            if message is not None:
                self.messages.put_nowait(message)
