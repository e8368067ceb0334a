"""The body of a request on its way through: as it comes, and no more than allowed."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.types import Receive, Scope

from chassis.problems import BodyTooLarge


class ClientGone(Exception):
    """The client left before its request was answered."""


def declared_length(scope: Scope) -> int | None:
    """The Content-Length of a request; None when it has none."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)
    return None


def check_declared(scope: Scope, limit: int) -> None:
    """Refuse a body that says itself that it is too large, before a byte of it is read."""
    length = declared_length(scope)
    if length is not None and length > limit:
        raise _too_large(limit)


class PassingBody:
    """A body that is read once, piece by piece, while it is sent on.

    `length` is what was declared; None for chunks. `whole` is the body when it
    came in one piece: it can be sent again. Iterating gives all pieces of one
    that did not; raises `BodyTooLarge` or `ClientGone`.
    """

    def __init__(self, receive: Receive, limit: int, length: int | None) -> None:
        self._receive = receive
        self._limit = limit
        self._size = 0
        self._first = b""
        self.length = length
        self.whole: bytes | None = None

    async def begin(self) -> None:
        """Read the first piece."""
        self._first, more = await self._next()
        if not more:
            self.whole = self._first
            self.length = len(self._first)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        piece, more = self._first, True
        self._first = b""
        while more:
            if piece:
                yield piece
            piece, more = await self._next()
        if piece:
            yield piece

    async def _next(self) -> tuple[bytes, bool]:
        message = await self._receive()
        if message["type"] != "http.request":
            raise ClientGone
        piece = message.get("body", b"")
        self._size += len(piece)
        if self._size > self._limit:
            raise _too_large(self._limit)
        return piece, message.get("more_body", False)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"at most {limit} bytes")
