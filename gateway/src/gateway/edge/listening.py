"""How the door hears clients: uvicorn's HTTP/1.1 on llhttp, with less patience.

uvicorn waits for a request for as long as it takes and takes a head of any size;
both are bounded here. What could be read in two ways is refused (RFC 9112, 11.2),
and after a refusal nothing more is heard on the connection: no byte of it can
become somebody's next request.
"""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote

import httptools
import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from chassis.problems import MalformedRequest, Problem, TooManyRequests, Unavailable
from gateway.edge.connections.connection import LARGEST_SILENCE, MOST_HEADERS
from gateway.edge.corked import Corked
from gateway.edge.exchange import EXTENSION, Exchange
from gateway.edge.refusals import Refusals
from gateway.settings import GatewaySettings

_LINGER_SECONDS = 5.0
_LEAST_SECONDS = 0.001
"""What a timer may come too early."""

_MOST_PIPELINED = 32


class HeadTooLarge(Problem):
    status = 431
    title = "The head of the request is too large"


class RequestTooSlow(Problem):
    status = 408
    title = "The request did not come in time"


class OtherVersion(Problem):
    status = 505
    title = "Only HTTP/1.1 and HTTP/1.0 are spoken here"


class Listening(HttpToolsProtocol):
    """One connection of a client."""

    def __init__(
        self,
        settings: GatewaySettings,
        refusals: Refusals,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        # Without the leniency that uvicorn asks for.
        self.parser = httptools.HttpRequestParser(self)
        self._settings = settings
        self._refusals = refusals
        self._answering: Exchange | None = None
        self._is_deaf = False
        self._is_receiving = False
        self._has_head = False
        self._head_size = 0
        self._silence = 0
        self._body_size = 0
        self._idle_since = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._drain: asyncio.TimerHandle | None = None
        self._undrained = 0

    # -- the transport --------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Corked(transport, self.loop))
        if len(self.connections) > self._settings.connections:
            self._refuse(Unavailable("too many connections"))
        else:
            self._watch_over()

    def data_received(self, data: bytes) -> None:
        if self._is_deaf:
            return
        self._silence += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Answered as if it had not asked for it; what follows is no HTTP.
            self._hear_no_more()
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, Problem) else MalformedRequest(str(error)))
        else:
            if self._is_receiving:
                self._check_size()
                self._watch_over()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._stop_watching()
        self.pipeline.clear()
        if self._drain is not None:
            self._drain.cancel()
        if self._answering is not None and not self._answering.response_complete:
            self._answering.leave()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._undrained = self.transport.get_write_buffer_size()
        self._drain = self.loop.call_later(self._settings.drain_seconds, self._check_drain)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._drain is not None:
            self._drain.cancel()
            self._drain = None

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._is_receiving or not self._is_idle:
            return  # looked at again when that is answered
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > _LEAST_SECONDS:
            self._look_whether_idle_in(left)
        elif self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _look_whether_idle_in(self, seconds: float) -> None:
        """One timer goes on from request to request: to set one for each would cost more."""
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    # -- the parser -----------------------------------------------------------------

    def on_message_begin(self) -> None:
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._is_receiving, self._has_head, self._head_size = True, False, 0

    def on_url(self, url: bytes) -> None:
        self._head_size += len(url)
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:
            return  # a trailer: it must not pass for a header
        self._head_size += len(name) + len(value)
        if self._head_size > self._settings.head_bytes or len(self.headers) >= MOST_HEADERS:
            raise self._too_large()
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        names = [name for name, _ in self.headers]
        has_body = b"content-length" in names or b"transfer-encoding" in names
        self._check_head(version, names, has_body=has_body)
        self._stop_watching()
        self._body_size = 0
        is_next = self._is_idle
        self.cycle = exchange = self._begun(version)
        exchange.has_body = has_body
        if is_next:
            self._start_asgi_task(exchange, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, self.app))
        self._has_head = True

    def _begun(self, version: str) -> Exchange:
        """The exchange that the head begins."""
        path, _, query = self.url.partition(b"?")
        if not path.startswith(b"/"):
            url = httptools.parse_url(self.url)
            path, query = url.path, url.query or b""
        text = path.decode("ascii")
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self.root_path,
            "method": self.parser.get_method().decode("ascii"),
            "path": unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            "headers": self.headers,
            "state": {},
        }
        exchange = Exchange(
            cast(Any, scope),
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            False,
            self.server_state.default_headers,
            asyncio.Event(),
            self.expect_100_continue,
            version != "1.0" and self.parser.should_keep_alive(),
            self.on_response_complete,
        )
        scope["extensions"] = {EXTENSION: exchange}
        return exchange

    def on_body(self, body: bytes) -> None:
        self._silence = 0
        self._body_size += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._silence = 0
        self._is_receiving = False
        self._stop_watching()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if self._answering is not None and self._answering.more_body:
            # Answered before the request was whole: the rest of it is not wanted.
            self.server_state.total_requests += 1
            self._linger()
        elif (not self._is_deaf or self.pipeline) and not self.transport.is_closing():
            self.server_state.total_requests += 1
            self.flow.resume_reading()
            if self.pipeline:
                self._start_asgi_task(*self.pipeline.pop())
            else:
                self._idle_since = self.loop.time()
                if self.timeout_keep_alive_task is None:
                    self._look_whether_idle_in(self.timeout_keep_alive)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cast(Exchange, cycle)
        super()._start_asgi_task(cycle, app)

    # -- what is refused ------------------------------------------------------------

    def _check_head(self, version: str, names: list[bytes], *, has_body: bool) -> None:
        """Raises a problem for a head that others might read otherwise."""
        if version not in ("1.1", "1.0"):
            raise OtherVersion(f"not HTTP/{version}")
        if names.count(b"host") != 1 and (version == "1.1" or b"host" in names):
            raise MalformedRequest("exactly one Host")
        if b"transfer-encoding" in names:
            encoding = next(v for name, v in self.headers if name == b"transfer-encoding")
            if encoding.lower() != b"chunked" or version == "1.0":
                raise MalformedRequest("no Transfer-Encoding but chunked, and that in HTTP/1.1")
        if has_body and self.parser.should_upgrade():
            raise MalformedRequest("no request with a body asks for another protocol")
        if b"#" in self.url:
            raise MalformedRequest("a request has no fragment")
        if len(self.pipeline) >= _MOST_PIPELINED:
            raise TooManyRequests("wait for answers before you ask more on this connection")

    def _check_size(self) -> None:
        if not self._has_head and self._silence > self._settings.head_bytes:
            self._refuse(self._too_large())
        elif self._silence > LARGEST_SILENCE:
            self._refuse(MalformedRequest("too much that is no body"))

    def _too_large(self) -> HeadTooLarge:
        return HeadTooLarge(
            f"at most {self._settings.head_bytes} bytes and {MOST_HEADERS} header fields"
        )

    def _watch_over(self) -> None:
        """Look again later whether the request gets on."""
        if self._watch is None and not self._is_deaf:
            settings = self._settings
            seconds = settings.body_seconds if self._has_head else settings.head_seconds
            self._watch = self.loop.call_later(seconds, self._look)

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _look(self) -> None:
        self._watch = None
        if not self._is_receiving:
            self.transport.close()
            return
        # While we do not read, or have not said `100 Continue`, it is not the client who is slow.
        waits_for_us = self._has_head and (
            self.flow.read_paused or self.cycle.waiting_for_100_continue
        )
        gets_on = self._has_head and self._body_size >= self._settings.body_bytes
        if waits_for_us or gets_on:
            self._body_size = 0
            self._watch_over()
        else:
            self._refuse(RequestTooSlow("send the rest faster"))

    def _check_drain(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left >= self._undrained:
            self.transport.abort()
        else:
            self._undrained = left
            self._drain = self.loop.call_later(self._settings.drain_seconds, self._check_drain)

    def _refuse(self, problem: Problem) -> None:
        """Answer with `problem`, after what is being answered, and hear nothing more."""
        self._refusals.note(problem.status, problem.name, {"method": "-"}, None)
        cycle, is_half = self.cycle, self._is_receiving and self._has_head
        if self._is_idle:
            self._answer_last(problem)
        elif is_half and cycle is self._answering:
            cycle.disconnected = True
            cycle.message_event.set()
            cycle.leave()
            if cycle.response_started:
                # An answer that breaks off is at least seen to.
                self.transport.abort()
            else:
                self._answer_last(problem)
        else:
            if is_half:
                self.pipeline.popleft()
            self._hear_no_more()

    @property
    def _is_idle(self) -> bool:
        """Whether no request is being answered, or waits for that."""
        return self._answering is None or self.cycle.response_complete

    def _hear_no_more(self) -> None:
        """Close once everything that was asked before is answered."""
        self._is_deaf = True
        self._stop_watching()
        last = self.pipeline[0][0] if self.pipeline else self._answering
        if last is not None:
            last.keep_alive = False

    def _answer_last(self, problem: Problem) -> None:
        body = msgspec.json.encode(problem.document())
        fields = {
            "content-type": "application/problem+json",
            "content-length": str(len(body)),
            "date": formatdate(usegmt=True),
            "connection": "close",
            **{name.lower(): value for name, value in problem.headers.items()},
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        status = HTTPStatus(problem.status)
        first = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        self.transport.write(f"{first}{head}\r\n".encode("latin-1") + body)
        self._linger()

    def _linger(self) -> None:
        """Close, but not so abruptly that the answer is lost while the client still sends."""
        self._is_deaf = True
        self._stop_watching()
        self.flow.resume_reading()
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()
            self._watch = self.loop.call_later(_LINGER_SECONDS, self.transport.abort)
        else:
            self.transport.close()
