"""How long the door listens to clients who are slow, and what it says to them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.types import Receive, Scope, Send

from gateway.settings import GatewaySettings
from gateway.testing.listening import listening
from gateway.testing.raw_requests import statuses

IMPATIENT = GatewaySettings(
    database_url="postgresql://nowhere",
    head_seconds=0.3,
    body_seconds=0.3,
    body_bytes=100,
    drain_seconds=0.3,
    connections=3,
)
LARGE = 32 * 1024 * 1024


class Application:
    """Reads what it is sent, unless the path is `/early`, and answers as the path says."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.sent = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, size, more = scope["path"], 0, path_reads(scope["path"])
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.ended.append("left")
                return
            size += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        body = b"x" * LARGE if path == "/large" else b"%d" % size
        for start in range(0, len(body), 65_536):
            piece = body[start : start + 65_536]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            self.sent += len(piece)
        await send({"type": "http.response.body", "body": b""})
        self.ended.append("answered")


def path_reads(path: str) -> bool:
    return path != "/early"


@pytest.fixture
async def application() -> Application:
    return Application()


@pytest.fixture
async def port(application: Application) -> AsyncIterator[int]:
    async with listening(application, IMPATIENT) as port:
        yield port


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def rest(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.read(), 20)


async def test_who_says_nothing_is_not_waited_for(port: int) -> None:
    async with connected(port) as (reader, _):
        assert await rest(reader) == b""


async def test_a_head_that_comes_letter_by_letter_is_cut_off(
    port: int, application: Application
) -> None:
    async with connected(port) as (reader, writer):
        answer = asyncio.create_task(rest(reader))
        for letter in b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"x" * 400:
            if answer.done():
                break
            writer.write(bytes([letter]))
            await asyncio.sleep(0.02)
        assert statuses(await answer) == [408]
    assert application.ended == []


async def test_a_body_that_comes_letter_by_letter_is_cut_off(
    port: int, application: Application
) -> None:
    async with connected(port) as (reader, writer):
        answer = asyncio.create_task(rest(reader))
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n")
        for _ in range(400):
            if answer.done():
                break
            writer.write(b"x")
            await asyncio.sleep(0.02)
        assert statuses(await answer) == [408]
    assert application.ended == ["left"]


async def test_a_body_that_comes_fast_enough_may_take_long(port: int) -> None:
    async with connected(port) as (reader, writer):
        head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5000\r\n\r\n"
        writer.write(head)
        for _ in range(10):
            writer.write(b"x" * 500)
            await asyncio.sleep(0.1)
        assert (await rest(reader)).endswith(b"\r\n\r\n4\r\n5000\r\n0\r\n\r\n")


async def test_who_waits_for_our_word_is_not_slow(port: int) -> None:
    async with connected(port) as (reader, writer):
        fields = b"Content-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n"
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hello")
        assert statuses(await rest(reader)) == [200]


async def test_who_takes_nothing_of_an_answer_is_cut_off(
    port: int, application: Application
) -> None:
    async with connected(port) as (reader, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(200):
            if application.ended:
                break
            await asyncio.sleep(0.05)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        try:
            taken = len(await rest(reader))
        except ConnectionError:
            taken = 0
        assert taken < LARGE


async def test_who_takes_an_answer_slowly_gets_all_of_it(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        taken = 0
        while piece := await reader.read(LARGE // 8):
            taken += len(piece)
            await asyncio.sleep(0.005)
    assert taken > LARGE


async def test_an_early_answer_reaches_a_client_that_still_sends(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
        for _ in range(40):
            writer.write(b"x" * 65_536)
            await asyncio.sleep(0)
        assert statuses(await rest(reader)) == [200]


async def test_what_follows_an_early_answer_is_no_request(
    port: int, application: Application
) -> None:
    async with connected(port) as (reader, writer):
        writer.write(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n\r\n")
        answer = await reader.readuntil(b"0\r\n\r\n")
        writer.write(b"x" * 90 + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert statuses(answer + await rest(reader)) == [200]
    assert application.ended == ["answered"]


async def test_there_is_an_end_to_connections(port: int) -> None:
    async with (
        connected(port),
        connected(port),
        connected(port),
        connected(port) as (one_too_many, _),
    ):
        assert statuses(await rest(one_too_many)) == [503]
