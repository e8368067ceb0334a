"""Requests written by hand, as no HTTP client would send them."""

from __future__ import annotations

import asyncio

from gateway.testing.processes import Gateway


async def raw(gateway: Gateway, request: str, *lines: str, body: bytes = b"") -> bytes:
    """The answer to a request written by hand, on a connection of its own."""
    head = "\r\n".join([request, "Host: gateway.test", "Connection: close", *lines])
    return await said(gateway, head.encode() + b"\r\n\r\n" + body)


async def said(gateway: Gateway, *pieces: bytes) -> bytes:
    """Everything that the gateway says to `pieces` until it closes the connection.

    Each piece after the first is sent when something has been answered.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    try:
        writer.write(pieces[0])
        answer = b""
        for piece in pieces[1:]:
            answer += await asyncio.wait_for(reader.read(65_536), 10)
            writer.write(piece)
        return answer + await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


def statuses(answer: bytes) -> list[int]:
    """The statuses of all answers in `answer`, one after another."""
    lines = answer.split(b"\r\n")
    return [int(line.split()[1]) for line in lines if line.startswith(b"HTTP/1.1 ")]
