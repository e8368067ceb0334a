"""Passing a request on to the service it belongs to, and the answer back, as they come.

Only the headers named here go in: identity, framing and the client's own token
stay outside. Hop-by-hop headers (RFC 9110, 7.6.1) go neither way.
"""

from __future__ import annotations

import asyncio

import aiohttp
from multidict import CIMultiDict
from opentelemetry import propagate
from starlette.types import Receive, Scope, Send

from chassis.problems import MalformedRequest
from gateway.edge.bodies import PassingBody, declared_length
from gateway.edge.upstreams import Upstreams, failure

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

_PAUSE_SECONDS = 0.1


class Forwarding:
    """Forwards requests whose body has at most `limit` bytes."""

    def __init__(self, upstreams: Upstreams, limit: int) -> None:
        self._upstreams = upstreams
        self._limit = limit

    async def forward(
        self, service: str, scope: Scope, receive: Receive, send: Send, identity: bytes | None
    ) -> None:
        """Pass one request on; raises a problem as long as nothing has been answered."""
        body = await _begun(scope, receive, self._limit)
        answer = await self._asked(service, scope, _headers(scope, body, identity), body)
        try:
            async with answer:
                await _pass_back(answer, send)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise failure(service, error) from error

    async def _asked(
        self, service: str, scope: Scope, headers: CIMultiDict[str], body: PassingBody
    ) -> aiohttp.ClientResponse:
        """The beginning of the service's answer; asks once more where that does no harm."""
        url = self._upstreams.url(service, _target(scope))
        for is_last in (False, True):
            try:
                return await self._upstreams.session.request(
                    scope["method"],
                    url,
                    headers=headers,
                    data=body if body.whole is None else body.whole or None,
                    allow_redirects=False,
                )
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if body.failure is not None:
                    raise body.failure from error
                if is_last or not _may_repeat(error, scope, headers, body):
                    raise failure(service, error) from error
                await asyncio.sleep(_PAUSE_SECONDS)
        raise AssertionError("unreachable")


def _may_repeat(
    error: Exception, scope: Scope, headers: CIMultiDict[str], body: PassingBody
) -> bool:
    """Whether asking again does a thing once: nothing was sent, or the service would notice."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return True
    if not isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        return False
    return body.whole is not None and (scope["method"] == "GET" or "Idempotency-Key" in headers)


async def _begun(scope: Scope, receive: Receive, limit: int) -> PassingBody:
    body = PassingBody(receive, limit)
    framed = any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
    if framed:
        await body.begin()
    else:
        body.whole = b""
    return body


def _headers(scope: Scope, body: PassingBody, identity: bytes | None) -> CIMultiDict[str]:
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in scope["headers"]:
        if name in PASSED_IN:
            headers.add(name.decode("latin-1"), value.decode("latin-1"))
    if identity is not None:
        headers["Meridian-Identity"] = identity.decode("ascii")
    if scope["client"] is not None:
        headers["X-Forwarded-For"] = scope["client"][0]
    length = declared_length(scope)
    if body.whole is None and length is not None:
        headers["Content-Length"] = str(length)
    propagate.inject(headers)
    return headers


def _target(scope: Scope) -> str:
    """Path and query, as they came."""
    query: bytes = scope["query_string"]
    if not query:
        return str(scope["raw_path"].decode("ascii"))
    if not query.isascii():
        raise MalformedRequest("a query string is ASCII: percent-encode the rest")
    return f"{scope['raw_path'].decode('ascii')}?{query.decode('ascii')}"


async def _pass_back(answer: aiohttp.ClientResponse, send: Send) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [
                (lower, value)
                for name, value in answer.raw_headers
                if (lower := name.lower()) not in _NOT_PASSED_OUT
            ],
        }
    )
    async for piece in answer.content.iter_any():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
