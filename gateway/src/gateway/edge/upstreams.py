"""The services behind the door: asked with a deadline, once more where that does no harm."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chassis.identity import HEADER
from chassis.problems import BodyTooLarge, DeadlinePassed, Problem, Unavailable
from chassis.telemetry import trace_fields
from chassis.web.deadlines import TIME_LEFT
from gateway.edge.bodies import ClientGone, PassingBody
from gateway.edge.breaker import Breaker, RetryBudget
from gateway.edge.connections.connection import BrokenOff, Connection, Header, Malformed
from gateway.edge.connections.pool import CannotConnect, Pool
from gateway.edge.exchange import Exchange
from gateway.edge.routing import SERVICES
from gateway.settings import GatewaySettings

_PAUSE_SECONDS = 0.1
# A service gives up a little earlier, so that its own answer still comes through.
_MARGIN_SECONDS = 0.05
_LARGEST_ANSWER_READ = 16 * 1024 * 1024
_FAILURES = (CannotConnect, TimeoutError, BrokenOff, Malformed)


class UpstreamBroken(Problem):
    """The service broke off or answered what is no HTTP; it may have done its work."""

    status = 502
    title = "A service broke off its answer"


@dataclass(slots=True)
class Question:
    """A request to a service.

    `head` is its lines of header without the empty one; `deadline` a time of the
    loop; `body` None without one. `is_repeatable` says that asking twice does the
    thing once. `has_full_time` is false when the client asked for less: then a
    late answer says nothing about the service. `asker` is the client's request that it
    comes from: it tells when the client has left.
    """

    method: str
    target: str
    head: list[bytes]
    deadline: float
    body: PassingBody | None = None
    is_repeatable: bool = False
    has_full_time: bool = True
    asker: Exchange | None = None

    def lines(self, authority: str, prefix: str, seconds_left: float) -> bytes:
        """The request's head, and its body when that is at hand."""
        left = max(1, int((seconds_left - _MARGIN_SECONDS) * 1000))
        first = f"{self.method} {prefix}{self.target} HTTP/1.1\r\nHost: {authority}\r\n"
        last = f"{TIME_LEFT}: {left}\r\n\r\n"
        whole = self.body.whole if self.body is not None else None
        return b"".join((first.encode("ascii"), *self.head, last.encode("ascii"), whole or b""))

    @property
    def is_at_hand(self) -> bool:
        """Whether the whole body is here, to be sent again."""
        return self.body is None or self.body.whole is not None


class Answer:
    """What a service answers; the connection is its own until `close`."""

    def __init__(self, pool: Pool, connection: Connection, question: Question) -> None:
        self._pool = pool
        self._connection = connection
        self._asker = question.asker
        self._sending: asyncio.Task[None] | None = None

    async def begin(self, question: Question) -> None:
        """Send the question and wait for the head of the answer."""
        connection, pool = self._connection, self._pool
        asker = self._asker
        if asker is not None and asker.has_left:
            raise ClientGone
        if not connection.is_open:
            raise CannotConnect("closed as it was to be used")
        if asker is not None:
            asker.on_leaving = self._leave
        left = question.deadline - connection.time()
        lines = question.lines(pool.authority, pool.prefix, left)
        connection.send(lines, question.deadline, is_whole=question.is_at_hand)
        if question.body is not None and question.body.whole is None:
            self._sending = asyncio.create_task(_send(question.body, connection))
        await connection.answered()

    @property
    def status(self) -> int:
        return self._connection.status

    @property
    def headers(self) -> list[Header]:
        return self._connection.headers

    @property
    def is_at_end(self) -> bool:
        return self._connection.is_at_end

    def at_hand(self) -> bytes:
        """What has come of the body, perhaps nothing yet."""
        return self._connection.at_hand()

    async def piece(self) -> bytes:
        """The next bytes of the body, b"" at its end."""
        return await self._connection.piece()

    def close(self) -> None:
        """Give the connection back, or end it where something is left open."""
        if self._asker is not None:
            self._asker.on_leaving = None
        if self._sending is not None:
            self._sending.cancel()
        self._pool.release(self._connection)

    def _leave(self) -> None:
        self._connection.abort(ClientGone())


async def _send(body: PassingBody, connection: Connection) -> None:
    """Send a body piece by piece, framed anew."""
    try:
        async for piece in body:
            if body.length is None:
                piece = b"%x\r\n%b\r\n" % (len(piece), piece)
            await connection.write(piece)
        if body.length is None:
            await connection.write(b"0\r\n\r\n")
        connection.end()
    except (BodyTooLarge, ClientGone) as failure:
        connection.abort(failure)


class Upstream:
    """One service behind the door."""

    def __init__(self, service: str, url: str, settings: GatewaySettings) -> None:
        self._service = service
        self.pool = Pool(
            url,
            connections=settings.upstream_connections,
            waiting=settings.upstream_waiting,
            connect_seconds=settings.upstream_connect_seconds,
            idle_seconds=settings.upstream_idle_seconds,
        )
        self._breaker = Breaker(service, settings.breaker_failures, settings.breaker_seconds)
        self._retries = RetryBudget(settings.retry_share, settings.retry_reserve)

    async def ask(self, question: Question) -> Answer:
        """The beginning of the answer, to be closed; raises a problem that says what to do."""
        self._retries.asked()
        try:
            try:
                return await self._once(question)
            except (CannotConnect, BrokenOff) as error:
                if not self._may_repeat(error, question):
                    raise
            await asyncio.sleep(_PAUSE_SECONDS * random.uniform(0.5, 1.5))
            return await self._once(question)
        except _FAILURES as error:
            raise self._reported(error) from error

    def _may_repeat(self, error: Exception, question: Question) -> bool:
        """Whether asking again does the thing once: nothing was sent, or it would be noticed."""
        unsent = isinstance(error, CannotConnect)
        harmless = unsent or (question.is_repeatable and question.is_at_hand)
        return harmless and self._retries.take()

    async def _once(self, question: Question) -> Answer:
        self._breaker.check()
        answer = None
        try:
            connection = self.pool.at_hand() or await self.pool.acquire(question.deadline)
            answer = Answer(self.pool, connection, question)
            await answer.begin(question)
        except BaseException as error:
            if answer is not None:
                answer.close()
            if self._is_the_services(error, question):
                self._breaker.failed()
            raise
        self._breaker.succeeded()
        return answer

    def _is_the_services(self, error: BaseException, question: Question) -> bool:
        """Whether a failure is the service's own, not its caller's haste or slowness."""
        if isinstance(error, TimeoutError):
            return question.has_full_time and question.is_at_hand
        return isinstance(error, (CannotConnect, BrokenOff, Malformed))

    def _reported(self, failure: BaseException) -> Problem:
        """What is said of a failure."""
        if isinstance(failure, CannotConnect):
            return Unavailable(f"{self._service} is not available")
        if isinstance(failure, TimeoutError):
            return DeadlinePassed(f"{self._service} has not answered in time")
        problem = UpstreamBroken(f"{self._service} broke off")
        problem.headers["Retry-After"] = "1"
        return problem

    async def read(
        self, target: str, *, seconds: float, identity: str | None = None
    ) -> tuple[int, bytes]:
        """(status, body) of a GET; raises a problem when the service does not answer in time."""
        lines = traced()
        if identity is not None:
            lines.append(f"{HEADER}: {identity}\r\n".encode("ascii"))
        deadline = asyncio.get_running_loop().time() + seconds
        answer = await self.ask(Question("GET", target, lines, deadline, is_repeatable=True))
        try:
            body = bytearray()
            while piece := await answer.piece():
                body += piece
                if len(body) > _LARGEST_ANSWER_READ:
                    raise Malformed("an answer too large to be put together")
            return answer.status, bytes(body)
        except _FAILURES as error:
            raise self._reported(error) from error
        finally:
            answer.close()


def traced() -> list[bytes]:
    """The lines of header by which a trace goes on."""
    return [f"{name}: {value}\r\n".encode("latin-1") for name, value in trace_fields().items()]


class Upstreams(Mapping[str, Upstream]):
    """All services by name; connections are made as they are needed."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._all = {
            service: Upstream(service, str(getattr(settings, f"{service}_url")), settings)
            for service in SERVICES
        }

    def __getitem__(self, service: str) -> Upstream:
        return self._all[service]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def close(self) -> None:
        for upstream in self._all.values():
            upstream.pool.close()
