"""The same requests for callers without an event loop: one runs in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

from meridian_client.generated.models import Verdict
from meridian_client.transport import LARGEST_CHUNK, LARGEST_PAGE, Query, Transport

T = TypeVar("T")


class BlockingTransport:
    """A `Transport` whose methods wait; threads may share it."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Start the thread, and begin in it."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="meridian-client", daemon=True)
        thread.start()
        self._loop, self._thread = loop, thread

        async def begin() -> None:
            self.transport.open()

        self.wait(begin())

    def close(self) -> None:
        """Close the connections and end the thread."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self.wait(self.transport.close())
        self._loop = self._thread = None
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` comes to; whoever is interrupted meanwhile leaves nothing running."""
        future = self._start(work)
        try:
            return future.result()
        finally:
            future.cancel()

    def send(
        self,
        method: str,
        path: str,
        answer: type[T],
        *,
        query: Query | None = None,
        body: object = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> T:
        """As `Transport.send`."""
        return self.wait(
            self.transport.send(method, path, answer, query=query, body=body, headers=headers)
        )

    def read_own_writes(self, path: str, answer: type[T], query: Query | None = None) -> T:
        """As `Transport.read_own_writes`."""
        return self.wait(self.transport.read_own_writes(path, answer, query))

    def each(
        self, path: str, item: type[T], query: Query | None = None, size: int = LARGEST_PAGE
    ) -> Iterator[T]:
        """As `Transport.each`; the next page is asked for when this one has been read."""
        pages = self.transport.pages(path, item, query, size)

        async def turn() -> list[T] | None:
            return await anext(pages, None)

        try:
            while (page := self.wait(turn())) is not None:
                yield from page
        finally:
            with suppress(RuntimeError):  # the client was closed before its list was read
                self.wait(pages.aclose())

    def bulk(
        self,
        path: str,
        items: Iterable[object],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> Iterator[list[Verdict]]:
        """As `Transport.bulk`; `items` is drawn from in the caller's thread."""
        source, drawn = iter(items), 0
        sent: deque[Future[list[Verdict]]] = deque()
        try:
            while batch := list(islice(source, chunk)):
                sent.append(self._start(self.transport.upsert(path, batch, drawn)))
                drawn += len(batch)
                if len(sent) >= in_flight:
                    yield sent.popleft().result()
            while sent:
                yield sent.popleft().result()
        finally:
            for future in sent:
                future.cancel()

    def verdicts(
        self, path: str, items: Iterable[object], chunk: int = LARGEST_CHUNK, in_flight: int = 3
    ) -> Iterator[Verdict]:
        """`bulk` item by item."""
        for verdicts in self.bulk(path, items, chunk=chunk, in_flight=in_flight):
            yield from verdicts

    def _start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        if self._loop is None:
            work.close()
            raise RuntimeError("the client works inside `with` only")
        return asyncio.run_coroutine_threadsafe(work, self._loop)
