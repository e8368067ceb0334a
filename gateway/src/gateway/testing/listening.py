"""The gateway's way to speak HTTP before any application, in this process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from gateway.edge.listening import Listening
from gateway.edge.refusals import Refusals
from gateway.settings import GatewaySettings
from gateway.testing.upstreams import Server


@asynccontextmanager
async def listening(app: ASGIApp, settings: GatewaySettings) -> AsyncIterator[int]:
    """`app` behind the gateway's listening; the port of it."""
    config = uvicorn.Config(
        app,
        http=partial(Listening, settings, Refusals(10)),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    place = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server.serve([place]))
    try:
        yield place.getsockname()[1]
    finally:
        server.should_exit = True
        await task
