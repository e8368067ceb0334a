"""Services behind the door that remember what they were asked, and answer as they are told."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.types import Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it reached a service."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Upstream:
    """One service. `pieces` are the parts of each answer's body, `pause` seconds around each."""

    asked: list[Asked] = field(default_factory=list)
    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    pieces: tuple[bytes, ...] = (b"{}",)
    pause: float = 0.0
    arrived: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await self._read(receive)
        if body is None:
            return
        query = scope["query_string"].decode()
        target = scope["raw_path"].decode() + (f"?{query}" if query else "")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append(Asked(scope["method"], target, headers, body))
        await asyncio.sleep(self.pause)
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        for piece in self.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(self.pause)
        await send({"type": "http.response.body", "body": b""})

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body; None when the sender has left before its end."""
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            piece = message.get("body", b"")
            self.arrived += len(piece)
            body += piece
            more = message.get("more_body", False)
        return bytes(body)


class Server(uvicorn.Server):
    """A server that leaves signals to the tests."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(upstream: Upstream, port: int) -> AsyncIterator[Upstream]:
    """`upstream` behind a real HTTP server."""
    server = Server(
        uvicorn.Config(
            upstream,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    # It listens from here on: who asks before the server has started waits.
    listening = socket.create_server(("127.0.0.1", port))
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield upstream
    finally:
        server.should_exit = True
        await task
