"""Passing a request on to the service it belongs to, and the answer back, as they come.

Only the headers named here go in: identity, framing and the client's own token
stay outside. What an answer says of the connection (RFC 9110, 7.6.1) stays
between the service and the gateway; both ways the framing is written anew.
"""

from __future__ import annotations

import asyncio
from typing import cast

from starlette.types import Receive, Scope

from chassis.identity import HEADER
from chassis.problems import MalformedRequest
from chassis.web.deadlines import seconds_left
from gateway.edge.bodies import PassingBody, declared_length
from gateway.edge.connections.connection import Header
from gateway.edge.exchange import Exchange
from gateway.edge.upstreams import Answer, Question, Upstreams, traced

PASSED_IN = frozenset(
    {
        b"accept",
        b"accept-language",
        b"content-type",
        b"idempotency-key",
        b"if-match",
        b"if-none-match",
        b"meridian-correlation",
        b"meridian-origin",
        b"meridian-read-after",
        b"meridian-reason",
        b"user-agent",
    }
)
"""What services are told of a request's headers."""

_NOT_PASSED_OUT = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        # The gateway's own server writes these.
        b"date",
        b"server",
    }
)
_WITHOUT_BODY = frozenset({204, 304})
_IDENTITY = HEADER.encode() + b": "


class Forwarding:
    """Forwards requests whose body has at most `limit` bytes, each for `seconds` at the most."""

    def __init__(self, upstreams: Upstreams, limit: int, seconds: float) -> None:
        self._upstreams = upstreams
        self._limit = limit
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()

    async def forward(
        self,
        service: str,
        scope: Scope,
        exchange: Exchange,
        *,
        identity: bytes | None,
        address: str,
    ) -> None:
        """Pass one request on; raises a problem as long as nothing has been answered."""
        asked_for = seconds_left(scope["headers"])
        seconds = min(self._seconds, asked_for or self._seconds)
        body = await _begun(scope, exchange, self._limit) if exchange.has_body else None
        question = Question(
            scope["method"],
            _target(scope),
            _lines(scope, body, identity, address),
            self._loop.time() + seconds,
            body,
            is_repeatable=_is_repeatable(scope),
            has_full_time=seconds == self._seconds,
            asker=exchange,
        )
        answer = await self._upstreams[service].ask(question)
        try:
            await _pass_back(answer, exchange)
        finally:
            answer.close()


def _is_repeatable(scope: Scope) -> bool:
    """Whether asking twice does the thing once."""
    if scope["method"] == "GET":
        return True
    return any(name == b"idempotency-key" for name, _ in scope["headers"])


async def _begun(scope: Scope, exchange: Exchange, limit: int) -> PassingBody:
    body = PassingBody(cast(Receive, exchange.receive), limit, declared_length(scope))
    await body.begin()
    return body


def _lines(
    scope: Scope, body: PassingBody | None, identity: bytes | None, address: str
) -> list[bytes]:
    """The header of a request as services get it."""
    lines = [b"%b: %b\r\n" % (name, value) for name, value in scope["headers"] if name in PASSED_IN]
    if identity is not None:
        lines.append(_IDENTITY + identity + b"\r\n")
    lines.append(b"x-forwarded-for: %b\r\n" % address.encode("ascii"))
    if body is not None:
        framing = "transfer-encoding: chunked" if body.length is None else None
        lines.append(f"{framing or f'content-length: {body.length}'}\r\n".encode("ascii"))
    return lines + traced()


def _target(scope: Scope) -> str:
    """Path and query, as they came."""
    path, query = scope["raw_path"], scope["query_string"]
    if not query:
        return str(path.decode("ascii"))
    if not query.isascii():
        raise MalformedRequest("a query string is ASCII: percent-encode the rest")
    return f"{path.decode('ascii')}?{query.decode('ascii')}"


async def _pass_back(answer: Answer, exchange: Exchange) -> None:
    header = _passed_out(answer.status, answer.headers)
    # Small answers come whole: head and body are one write.
    piece = answer.at_hand()
    is_last = answer.is_at_end
    await exchange.begin(answer.status, header, piece, is_last=is_last)
    while not is_last:
        piece = await answer.piece()
        is_last = answer.is_at_end
        await exchange.go_on(piece, is_last=is_last)


def _passed_out(status: int, headers: list[Header]) -> list[Header]:
    """The header of an answer without what was for the gateway alone."""
    kept = [(name, value) for name, value in headers if name not in _NOT_PASSED_OUT]
    if status in _WITHOUT_BODY:
        kept = [(name, value) for name, value in kept if name != b"content-length"]
    named = b",".join(value for name, value in headers if name == b"connection")
    if named:
        own = {token.strip().lower() for token in named.split(b",")} - {b"content-length"}
        kept = [(name, value) for name, value in kept if name not in own]
    return kept
