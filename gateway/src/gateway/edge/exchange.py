"""One request of a client and its answer.

Applications answer it as any ASGI server's; what is passed on from a service is
written as it is, without a message for each part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from gateway.directory.sessions.session import Session
from gateway.edge.connections.connection import Header
from gateway.edge.corked import Corked

EXTENSION = "meridian.exchange"
"""Under which the scope that applications get has its exchange."""

_WITHOUT_BODY = frozenset({204, 304})


class Exchange(RequestResponseCycle):
    """uvicorn's, and a second way to answer: `begin`, then `go_on` until the last piece.

    `status` is 0 until it is answered. `fields` are added to the header of whatever
    answers, `session` is whose request it is, where that is known. `on_leaving` is
    called when the client leaves before the end, and `has_left` tells so. `has_body`
    is true where the request is framed to have one, be it of no bytes.
    """

    status = 0
    fields: list[Header] = []  # noqa: RUF012 - never changed, only replaced
    session: Session | None = None
    has_body = False
    has_left = False
    on_leaving: Callable[[], None] | None = None
    transport: Corked

    def leave(self) -> None:
        """The client is gone: whoever answers need not go on."""
        self.has_left = True
        if self.on_leaving is not None:
            self.on_leaving()

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.fields:
                message["headers"] = [*message.get("headers", ()), *self.fields]
        await super().send(message)

    async def begin(
        self, status: int, header: list[Header], piece: bytes, *, is_last: bool
    ) -> None:
        """Answer with `status`, `header` without framing but Content-Length, and `piece`.

        Names and values are sound: the parser of the service's answer has seen to it.
        """
        self.status, self.response_started, self.waiting_for_100_continue = status, True, False
        lines = [STATUS_LINE[status]]
        is_sized = status in _WITHOUT_BODY or self.scope["method"] == "HEAD"
        for name, value in (*self.default_headers, *header, *self.fields):
            lines.append(b"%b: %b\r\n" % (name, value))
            if name == b"content-length":
                is_sized = True
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        self.chunked_encoding = not is_sized
        lines.append(b"\r\n" if is_sized else b"transfer-encoding: chunked\r\n\r\n")
        await self._write(lines, piece, is_last)

    async def go_on(self, piece: bytes, *, is_last: bool) -> None:
        """Answer with the next piece of the body."""
        await self._write([], piece, is_last)

    async def _write(self, parts: list[bytes], piece: bytes, is_last: bool) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.chunked_encoding:
            if piece:
                parts += (b"%x\r\n" % len(piece), piece, b"\r\n")
            if is_last:
                parts.append(b"0\r\n\r\n")
        elif self.scope["method"] != "HEAD":
            parts.append(piece)
        self.transport.write_now(b"".join(parts))
        if is_last:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()


def exchange_of(scope: Scope) -> Exchange:
    """Take the exchange out of its `scope`.

    As long as each knows the other, only the garbage collector would free them.
    """
    exchange: Any = scope["extensions"].pop(EXTENSION)
    assert isinstance(exchange, Exchange)
    return exchange
