"""What stands behind the gateway and beside it while it is measured, each a process of its own.

    .venv/bin/python -m tests.load.gateway_peers service|responder|usual PORT [URL [KEYS]]

- `service`: a FastAPI application with the habits of all services, one route with ready JSON;
- `responder`: the same answer without a framework, as fast as Python gives it;
- `usual`: a gateway as most people write it, FastAPI and httpx, in front of URL; it verifies
  tokens with the keys published at KEYS.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httptools
import httpx
import jwt
import msgspec
import uvicorn
import uvloop
from fastapi import FastAPI, HTTPException
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp

from chassis.web.application import application

_DEAL = {
    "id": "01a202eb-ccfc-74b2-a420-0d9cd092d456",
    "version": 3,
    "name": "ООО «Пекарня „Ржаная“», обслуживание на год",
    "status": "open",
    "value": {"amount": "1250000.00", "currency": "RUB"},
    "stages": [{"stage": f"stage {number}", "entered_on": "2026-03-01"} for number in range(6)],
}
BODY = msgspec.json.encode({"items": [_DEAL] * 2, "next_cursor": None})
"""What a service answers: a page of two deals, about 1 kB."""


def service() -> FastAPI:
    """One route, as services have them."""

    async def ready() -> list[str]:
        return []

    app = application("peer", ready=ready)

    @app.get("/v1/deals")
    async def deals() -> Response:
        return Response(BODY, media_type="application/json")

    return app


class Responder(asyncio.Protocol):
    """Answers every request alike."""

    ANSWER = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%b" % (len(BODY), BODY)
    )

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        if self._seconds:
            asyncio.get_running_loop().call_later(self._seconds, self._answer)
        else:
            self._answer()

    def _answer(self) -> None:
        self._transport.write(self.ANSWER)  # type: ignore[attr-defined]


def usual(url: str, keys_url: str) -> FastAPI:
    """A gateway by the book: one client, a catch-all route, the token verified by PyJWT."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(base_url=url) as client:
            published = (await client.get(keys_url)).json()["keys"]
            app.state.keys = {key["kid"]: jwt.PyJWK(key) for key in published}
            app.state.client = client
            yield

    app = FastAPI(lifespan=lifespan)

    @app.api_route("/{path:path}", methods=["GET", "POST", "PATCH", "PUT", "DELETE"])
    async def forward(path: str, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            key = app.state.keys[jwt.get_unverified_header(token)["kid"]]
            jwt.decode(token, key, algorithms=["EdDSA"], audience="meridian-access")
        except (jwt.InvalidTokenError, KeyError) as error:
            raise HTTPException(401) from error
        client: httpx.AsyncClient = app.state.client
        asked = client.build_request(
            request.method,
            httpx.URL(path=f"/{path}", query=request.url.query.encode()),
            headers={"accept": request.headers.get("accept", "*/*")},
            content=request.stream() if request.method != "GET" else None,
        )
        answer = await client.send(asked, stream=True)
        return StreamingResponse(
            answer.aiter_raw(),
            answer.status_code,
            {"content-type": answer.headers["content-type"]},
            background=BackgroundTask(answer.aclose),
        )

    return app


def _serve(app: ASGIApp, port: int) -> None:
    uvicorn.run(app, port=port, http="httptools", access_log=False, log_level="warning")


async def _respond(port: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(Responder, seconds), "127.0.0.1", port)
    await server.serve_forever()


def main(kind: str, port: str, *arguments: str) -> None:
    match kind:
        case "service":
            _serve(service(), int(port))
        case "responder":
            seconds = float(arguments[0]) if arguments else 0.0
            uvloop.run(_respond(int(port), seconds))
        case "usual":
            _serve(usual(*arguments), int(port))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
