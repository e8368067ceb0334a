"""For tests of what calls the API: a server of a few lines, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Script = Callable[[web.Request], Awaitable[web.Response | None]]
"""What a test has a server do before it answers, or instead."""


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """The address at which `answer` answers every request, for the length of the block."""
    app = web.Application(client_max_size=32 * 1024**2)
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        await asyncio.sleep(0)


def problem(status: int, slug: str, detail: str, **members: object) -> web.Response:
    """A refusal, as the API gives it."""
    return web.json_response(
        {"type": f"urn:meridian:problem:{slug}", "title": slug, "detail": detail, **members},
        status=status,
        content_type="application/problem+json",
    )
