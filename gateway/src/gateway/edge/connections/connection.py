"""One connection to a service, for one request after another.

What is answered is parsed by llhttp in its strict mode, and a few readings that
llhttp leaves open are closed here. A connection is used again only after an
exchange that left nothing open: the request sent whole, its answer received
whole, the service willing, and not a byte too many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import httptools

MOST_HEADERS = 100
LARGEST_SILENCE = 64 * 1024
"""Bytes of head, chunk extensions or trailers that may come without a byte of body between."""

_HIGH_WATER = 64 * 1024
_MOST_INTERIM_ANSWERS = 8
_LEAST_SECONDS = 0.001
"""What a timer may come too early."""

_WITHOUT_BODY = frozenset({204, 304})

Header = tuple[bytes, bytes]


class BrokenOff(Exception):
    """The service closed the connection before its answer was whole."""


class Malformed(Exception):
    """The service answered what can be read in two ways, or not at all."""


class Connection(asyncio.Protocol):
    """A connection that carries one exchange at a time.

    `send`, perhaps `write` until `end`, then `answered`, then `piece` until it
    gives b"", and `finish` in the end, whatever happened.
    """

    def __init__(self, on_lost: Callable[[Connection], None]) -> None:
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._is_writable = True
        self._is_paused = False
        self._is_clean = True
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self.time = self._loop.time
        self.idle_since = 0.0
        self._begin(is_busy=False)

    def _begin(self, *, is_busy: bool) -> None:
        self.status = 0
        self.headers: list[Header] = []
        self._is_busy = is_busy
        self._is_sent = False
        self._has_begun = False
        self._has_head = False
        self._is_complete = False
        self._ends_with_connection = False
        self._keeps_alive = False
        self._interim = 0
        self._silence = 0
        self._pieces: list[bytes] = []
        self._size = 0
        self.failure: Exception | None = None

    # -- an exchange ----------------------------------------------------------------

    def send(self, head: bytes, deadline: float, *, is_whole: bool) -> None:
        """Send a request, or its head when `is_whole` is false; fail it at `deadline`.

        `deadline` is a time of the loop; the failure then is TimeoutError.
        """
        self._begin(is_busy=True)
        self._is_sent = is_whole
        # One timer goes on from exchange to exchange: to set one for each would cost more.
        if self._timer is None or deadline < self._timer.when():
            self._watch_until(deadline)
        self._deadline = deadline
        if self._transport is not None:
            self._transport.write(head)

    async def write(self, piece: bytes) -> None:
        """Send a piece of the request, as soon as the service takes it."""
        if self._transport is None or self.failure is not None:
            return
        self._transport.write(piece)
        if not self._is_writable:
            self._writer = self._loop.create_future()
            await self._writer

    def end(self) -> None:
        """The request is sent whole."""
        self._is_sent = True

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent; a service may close the connection at any time."""
        return self._transport is not None and not self._transport.is_closing()

    async def answered(self) -> None:
        """Wait for the head of the answer, in `status` and `headers`; raises what went wrong."""
        while not self._has_head:
            await self._wait()

    async def piece(self) -> bytes:
        """The next bytes of the answer's body, b"" at its end; raises what went wrong."""
        while not self._pieces and not self._is_complete:
            await self._wait()
        return self.at_hand()

    def at_hand(self) -> bytes:
        """What has come of the body and was not taken, perhaps nothing yet."""
        pieces = self._pieces
        taken = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pieces, self._size = [], 0
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return taken

    @property
    def is_at_end(self) -> bool:
        """Whether the answer has come whole and all of it was taken."""
        return self._is_complete and not self._pieces

    def abort(self, failure: Exception) -> None:
        """Give the exchange up: whoever waits for it gets `failure`."""
        if self.failure is None and not self._is_complete:
            self.failure = failure
        self._is_clean = False
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    def finish(self) -> bool:
        """End the exchange; whether the connection can be used again, else it is closed."""
        self._is_busy = False
        good = self._is_clean and self._is_sent and self.is_at_end and self._keeps_alive
        if not good or not self.is_open:
            self.close()
            return False
        self.idle_since = self.time()
        return True

    def close(self) -> None:
        self._is_clean = False
        self._stop_watching()
        if self._transport is not None:
            self._transport.abort()

    def _watch_until(self, deadline: float) -> None:
        self._stop_watching()
        self._timer = self._loop.call_at(deadline, self._look)

    def _stop_watching(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if not self._is_busy:
            return
        if self._deadline - self.time() > _LEAST_SECONDS:
            self._watch_until(self._deadline)
        else:
            self.abort(TimeoutError())

    async def _wait(self) -> None:
        if self.failure is not None:
            raise self.failure
        self._reader = self._loop.create_future()
        try:
            await self._reader
        finally:
            self._reader = None

    def _wake(self) -> None:
        for waiting in (self._reader, self._writer):
            if waiting is not None and not waiting.done():
                waiting.set_result(None)

    # -- the transport --------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self._is_busy or self._is_complete:
            # Nobody asked: whatever it is, it must not become the next answer.
            self.close()
            return
        self._silence += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.abort(Malformed(str(error)))
            return
        if self._silence > LARGEST_SILENCE and not self._is_complete:
            self.abort(Malformed("too much that is no body"))
            return
        if self._size > _HIGH_WATER and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        if self._reader is not None:
            self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._is_clean = False
        self._stop_watching()
        if self._is_busy and not self._is_complete:
            if error is None and self._has_head and self._ends_with_connection:
                self._is_complete = True
            elif self.failure is None:
                self.failure = BrokenOff()
        self._is_writable = True
        self._wake()
        self._on_lost(self)

    def pause_writing(self) -> None:
        self._is_writable = False

    def resume_writing(self) -> None:
        self._is_writable = True
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    # -- the parser -----------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._has_begun:
            raise Malformed("more than one answer")
        self._has_begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:
            return  # a trailer: nothing that we pass on says anything there
        if len(self.headers) >= MOST_HEADERS:
            raise Malformed("too many headers")
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self._interim += 1
            if self.status == 101 or self._interim > _MOST_INTERIM_ANSWERS:
                raise Malformed("an interim answer that nobody asked for")
            return
        if self.status > 599 or self._parser.get_http_version() not in ("1.1", "1.0"):
            raise Malformed("no status or version of HTTP/1.1")
        framing = [(n, v) for n, v in self.headers if n in _FRAMING]
        if len(framing) > 1 or (framing and not _is_plain(*framing[0])):
            raise Malformed("an answer of two lengths")
        self._ends_with_connection = not framing and self.status not in _WITHOUT_BODY
        self._keeps_alive = not self._ends_with_connection and self._parser.should_keep_alive()
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)
        self._size += len(body)
        self._silence = 0

    def on_message_complete(self) -> None:
        if self._has_head:
            self._is_complete = True
        else:
            self._has_begun = False
            self.headers = []


_FRAMING = (b"content-length", b"transfer-encoding")


def _is_plain(name: bytes, value: bytes) -> bool:
    return value.lower() == b"chunked" if name == b"transfer-encoding" else value.isdigit()
