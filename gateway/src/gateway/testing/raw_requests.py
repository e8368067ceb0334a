"""Requests written by hand, as no HTTP client would send them."""

from __future__ import annotations

import asyncio

from gateway.testing.processes import Gateway


async def raw(gateway: Gateway, request: str, *lines: str, body: bytes = b"") -> bytes:
    """The answer to a request written by hand, on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head = "\r\n".join([request, "Host: gateway.test", "Connection: close", *lines])
    writer.write(head.encode() + b"\r\n\r\n" + body)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer
