"""A receiver of webhooks on this machine: it remembers what comes, and answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def place(self) -> tuple[str, int]:
        """The id of the record, and its version."""
        return self.event["subject"], self.event["aggregateversion"]


Answer = Callable[[Received], Awaitable[web.StreamResponse]]


async def accept(_: Received) -> web.StreamResponse:
    return web.Response(status=204)


def answering(status: int, **headers: str) -> Answer:
    """Answers everything with this status."""

    async def answer(_: Received) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, headers=named)

    return answer


@dataclass
class Receiver:
    """What has come, and what of it was answered with 2xx, each in its order."""

    url: str
    answer: Answer = accept
    received: list[Received] = field(default_factory=list)
    accepted: list[Received] = field(default_factory=list)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        one = Received(request.path, headers, await request.read())
        self.received.append(one)
        answer = await self.answer(one)
        if answer.status < 300:
            self.accepted.append(one)
        return answer

    def versions(self, id: object) -> list[int]:
        """Which versions of a record were accepted, in order."""
        return [version for subject, version in map(_place, self.accepted) if subject == str(id)]

    async def until(self, count: int) -> None:
        """Return when so many requests were accepted."""
        await until(lambda: len(self.accepted) >= count)


def _place(one: Received) -> tuple[str, int]:
    return one.place


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver at a free port, for the length of the block."""
    receiver = Receiver("")
    application = web.Application(client_max_size=2_000_000)
    application.router.add_route("*", "/{path:.*}", receiver._take)  # noqa: SLF001 - its own
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def until(holds: Callable[[], Any], seconds: float = 20) -> None:
    """Return when something holds; TimeoutError after so long."""
    async with asyncio.timeout(seconds):
        while True:
            held = holds()
            if asyncio.iscoroutine(held):
                held = await held
            if held:
                return
            await asyncio.sleep(0.02)
