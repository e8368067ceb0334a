"""Connections to services: when they are used again, and what else a service may do to us."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from chassis.problems import DeadlinePassed, Problem, Unavailable
from gateway.edge.upstreams import Question, Upstream, UpstreamBroken
from gateway.settings import GatewaySettings
from gateway.testing.raw_services import speaking

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
STRANGER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"


@dataclass
class Service:
    """Says one thing after another, word for word; `requests` counts, `connections` too."""

    says: list[bytes]
    closes: bool = False
    pause: float = 0.0
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    left: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                words = self.says[min(len(self.requests), len(self.says)) - 1]
                if self.pause:
                    await asyncio.wait_for(reader.read(1), self.pause)
                    return
                writer.write(words)
                await writer.drain()
                if self.closes:
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, TimeoutError):
            pass
        finally:
            self.left += 1


@asynccontextmanager
async def upstream(service: Service, **settings: float) -> AsyncIterator[Upstream]:
    async with speaking(service, 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        found = Upstream(
            "sales", url, GatewaySettings.model_validate({"database_url": "none", **settings})
        )
        yield found
        found.pool.close()


async def read(upstream: Upstream, seconds: float = 10.0) -> tuple[int, bytes]:
    return await upstream.read("/v1/deals", seconds=seconds)


def posted(
    seconds: float = 10.0, *, is_repeatable: bool = False, has_full_time: bool = True
) -> Question:
    return Question(
        "POST",
        "/v1/deals",
        [],
        asyncio.get_running_loop().time() + seconds,
        is_repeatable=is_repeatable,
        has_full_time=has_full_time,
    )


async def eventually(true: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if true():
            return
        await asyncio.sleep(0.02)
    assert true()


async def test_one_connection_serves_many_requests() -> None:
    service = Service([OK])
    async with upstream(service) as sales:
        for _ in range(5):
            assert await read(sales) == (200, b"{}")
    assert (len(service.requests), service.connections) == (5, 1)


@pytest.mark.parametrize(
    "words",
    {
        "more than one answer": OK + STRANGER,
        "bytes behind the answer": OK + b"\r\n\r\nx",
        "a body where there is none": b"HTTP/1.1 204 No\r\n\r\n" + STRANGER,
        "it says so": OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        "HTTP/1.0": OK.replace(b"1.1", b"1.0"),
    }.items(),
    ids=lambda case: case[0],
)
async def test_no_connection_is_used_again_after_anything_unclean(words: tuple[str, bytes]) -> None:
    service = Service([words[1], OK])
    async with upstream(service) as sales:
        status, body = await read(sales)
        assert (status, body) in ((200, b"{}"), (204, b""))
        assert await read(sales) == (200, b"{}")
    assert service.connections == 2


async def test_an_answer_that_nobody_asked_for_answers_nobody() -> None:
    service = Service([OK, OK])
    async with upstream(service) as sales:
        await read(sales)
        service.says[0] = OK
        (idle,) = sales.pool._idle
        idle.data_received(STRANGER)
        assert await read(sales) == (200, b"{}")
    assert service.connections == 2


@pytest.mark.parametrize(
    "words",
    [
        b"what?\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
        b"HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 999 No\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20 + OK,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"Content-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + b"y" * 200_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"y" * 200_000,
    ],
)
async def test_an_answer_of_two_readings_is_a_bad_gateway(words: bytes) -> None:
    service = Service([words, OK])
    async with upstream(service) as sales:
        with pytest.raises(UpstreamBroken):
            await read(sales)
        assert await read(sales) == (200, b"{}")
    assert service.connections == 2


async def test_interim_answers_and_trailers_stay_between_us() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\n\r\n"
    service = Service([hints + chunked])
    async with upstream(service) as sales:
        for _ in range(2):
            answer = await sales.ask(posted())
            assert [name for name, _ in answer.headers] == [b"transfer-encoding"]
            assert await answer.piece() == b"{}"
            answer.close()
    assert service.connections == 1


async def test_an_answer_may_end_with_its_connection() -> None:
    service = Service([b"HTTP/1.1 200 OK\r\n\r\n{}"], closes=True)
    async with upstream(service) as sales:
        assert await read(sales) == (200, b"{}")


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 200 OK\r\nContent-Le"])
async def test_a_request_that_does_a_thing_once_is_repeated_once(words: bytes) -> None:
    service = Service([words], closes=True)
    async with upstream(service) as sales:
        with pytest.raises(UpstreamBroken):
            await read(sales)
        assert len(service.requests) == 2
        with pytest.raises(UpstreamBroken):
            await sales.ask(posted())
        assert len(service.requests) == 3
        with pytest.raises(UpstreamBroken):
            await sales.ask(posted(is_repeatable=True))
        assert len(service.requests) == 5


async def test_retries_have_a_budget() -> None:
    service = Service([b""], closes=True)
    async with upstream(service, retry_reserve=2, retry_share=0.25, breaker_failures=1000) as sales:
        for _ in range(8):
            with pytest.raises(UpstreamBroken):
                await read(sales)
    # Two from the reserve, and one more that eight requests have earned.
    assert len(service.requests) in (8 + 2 + 1, 8 + 2 + 2)


async def test_a_service_that_fails_in_a_row_is_left_alone_for_a_while() -> None:
    service = Service([b""], closes=True)
    async with upstream(service, breaker_failures=3, breaker_seconds=0.5, retry_reserve=0) as sales:
        for _ in range(3):
            with pytest.raises(UpstreamBroken):
                await read(sales)
        for _ in range(10):
            with pytest.raises(Unavailable) as refused:
                await read(sales)
            assert refused.value.headers["Retry-After"] == "1"
        assert len(service.requests) == 3
        service.says, service.closes = [OK], False

        async def is_back() -> bool:
            try:
                return await read(sales) == (200, b"{}")
            except Problem:
                return False

        await _until(is_back)
        assert await read(sales) == (200, b"{}")


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(200):
        if await true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never was")


async def test_haste_of_a_caller_does_not_count_against_a_service() -> None:
    service = Service([OK], pause=5.0)
    async with upstream(service, breaker_failures=2) as sales:
        for _ in range(4):
            with pytest.raises(DeadlinePassed):
                await sales.ask(posted(0.05, has_full_time=False))
        service.pause = 0.0
        assert await read(sales) == (200, b"{}")


async def test_who_is_not_answered_in_time_leaves_the_service() -> None:
    service = Service([OK], pause=10.0)
    async with upstream(service) as sales:
        with pytest.raises(DeadlinePassed):
            await read(sales, 0.1)
        await eventually(lambda: service.left == 1)


async def test_a_service_learns_how_much_time_is_left() -> None:
    service = Service([OK])
    async with upstream(service) as sales:
        await read(sales, 2.0)
    (line,) = [line for line in service.requests[0].split(b"\r\n") if b"time-left" in line]
    assert 1_000 < int(line.split(b": ")[1]) < 2_000


async def test_connections_are_bounded_and_the_queue_too() -> None:
    service = Service([OK], pause=10.0)
    async with upstream(service, upstream_connections=2, upstream_waiting=1) as sales:
        waiting = [asyncio.create_task(read(sales, 1.0)) for _ in range(3)]
        await eventually(lambda: len(service.requests) == 2 and len(sales.pool._waiting) == 1)
        with pytest.raises(Unavailable):
            await read(sales)
        for late in waiting:
            with pytest.raises(DeadlinePassed):
                await late
        assert (service.connections, sales.pool._count) == (2, 0)
        service.pause = 0.0
        answers = await asyncio.gather(*[read(sales) for _ in range(3)])
        assert answers == [(200, b"{}")] * 3


async def test_who_gives_up_in_the_queue_takes_no_place() -> None:
    service = Service([OK], pause=0.3)
    async with upstream(service, upstream_connections=1) as sales:
        first = asyncio.create_task(read(sales, 5.0))
        await eventually(lambda: len(service.requests) == 1)
        others = [asyncio.create_task(read(sales)) for _ in range(3)]
        await eventually(lambda: len(sales.pool._waiting) == 3)
        others[0].cancel()
        service.pause = 0.0
        assert await first == (200, b"{}")
        assert await asyncio.gather(*others[1:]) == [(200, b"{}")] * 2
        assert sales.pool._count == len(sales.pool._idle) == 1
