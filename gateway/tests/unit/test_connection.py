"""Whatever a service says, however it is cut: one answer for one request, or none."""

import asyncio
from itertools import pairwise
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE

from gateway.edge.connections.connection import BrokenOff, Connection, Malformed

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
NEXT = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext"
TOKENS = [
    OK,
    CHUNKED,
    INTERIM,
    NEXT,
    b"HTTP/1.1 204 No\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"\r\n",
    b"5\r\nfirst\r\n",
    b"0\r\n\r\n",
    b"first",
    b"\n",
    b"\0",
]


class Wire(asyncio.Transport):
    """The other end of a connection, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.is_cut = False

    def write(self, data: Any) -> None:
        self.sent.append(bytes(data))

    def abort(self) -> None:
        self.is_cut = True

    def is_closing(self) -> bool:
        return self.is_cut

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def exchanged(words: list[bytes], *, then_closed: bool) -> tuple[bytes | None, bool, Wire]:
    """(body of the answer or None, whether the connection may be used again, the wire)."""
    connection, wire = Connection(lambda _: None), Wire()
    connection.connection_made(wire)
    connection.send(b"GET", asyncio.get_running_loop().time() + 0.0, is_whole=True)
    for piece in words:
        if not wire.is_cut:
            connection.data_received(piece)
    if then_closed:
        connection.connection_lost(None)
    body: bytes | None = b""
    try:
        await connection.answered()
        while piece := await connection.piece():
            assert body is not None
            body += piece
    except (BrokenOff, Malformed, TimeoutError):
        body = None
    return body, connection.finish(), wire


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(edges)]


@given(st.lists(st.integers(0, 200)), st.sampled_from([OK, CHUNKED]), st.integers(0, 3))
def test_an_answer_is_the_same_however_it_is_cut(
    places: list[int], answer: bytes, interim: int
) -> None:
    words = cut(INTERIM * interim + answer, places)
    body, is_good, _ = asyncio.run(exchanged(words, then_closed=False))
    assert (body, is_good) == (b"first", True)


@given(st.lists(st.integers(0, 200)), st.sampled_from([t for t in TOKENS if t.strip(b"\r\n")]))
def test_what_follows_an_answer_spoils_the_connection(places: list[int], more: bytes) -> None:
    words = cut(OK + more, places)
    body, is_good, _ = asyncio.run(exchanged(words, then_closed=False))
    assert (body, is_good) == (b"first", False)


async def test_no_byte_passes_in_a_header_that_our_own_answers_may_not_have() -> None:
    for byte in range(256):
        for field in (b"X%c: y" % byte, b"X: a%cb" % byte):
            words = OK.replace(b"\r\n", b"\r\n" + field + b"\r\n", 1)
            connection = Connection(lambda _: None)
            connection.connection_made(Wire())
            connection.send(b"GET", asyncio.get_running_loop().time() + 60, is_whole=True)
            connection.data_received(words)
            if connection.failure is None:
                for name, value in connection.headers:
                    assert not HEADER_RE.search(name), field
                    assert not HEADER_VALUE_RE.search(value), field
            connection.close()


@given(st.lists(st.integers(0, 200)), st.integers(0, len(CHUNKED) - 1))
def test_half_an_answer_is_none(places: list[int], length: int) -> None:
    words = cut(CHUNKED[:length], places)
    body, is_good, _ = asyncio.run(exchanged(words, then_closed=True))
    assert (body, is_good) == (None, False)


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from(TOKENS) | st.binary(max_size=12), max_size=8),
    st.lists(st.integers(0, 400), max_size=6),
    st.booleans(),
)
@example([b"HTTP/1.1 200 OK\r\n", b"Content-Length: 5\r\n", b"\r\n", b"first"], [], False)
def test_a_connection_lives_on_after_a_plain_answer_only(
    parts: list[bytes], places: list[int], then_closed: bool
) -> None:
    data = b"".join(parts)
    body, is_good, wire = asyncio.run(exchanged(cut(data, places), then_closed=then_closed))
    assert wire.is_cut or is_good or then_closed
    if is_good:
        # Read by hand: interim answers, one head, a body of exactly its length, and nothing else
        # but empty lines, which llhttp skips: they become nobody's answer.
        while (data := data.lstrip(b"\r\n")).startswith(b"HTTP/1.1 1"):
            data = data.partition(b"\r\n\r\n")[2]
        head, _, rest = data.partition(b"\r\n\r\n")
        if b"Transfer-Encoding: chunked" in head:
            assert b"Content-Length" not in head
            assert rest.rstrip(b"\r\n").endswith(b"0")
        else:
            assert rest.rstrip(b"\r\n") == body
