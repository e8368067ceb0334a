"""A service that answers, byte for byte, what no proper one would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def speaking(answering: Answering, port: int) -> AsyncIterator[asyncio.Server]:
    """`answering` has every connection to `port` (0: any that is free) until it returns.

    It is cancelled where it has not returned by the end, and no connection stays open.
    """
    at_work: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        at_work[task] = writer
        try:
            await answering(reader, writer)
        finally:
            writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", port) as server:
        yield server
    for task in at_work:
        task.cancel()
    await asyncio.gather(*at_work, return_exceptions=True)
    for writer in at_work.values():
        writer.transport.abort()
    await asyncio.sleep(0)
