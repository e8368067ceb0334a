"""A transport whose writes of one turn of the loop leave together.

The head of an answer and its body are two writes, and each is a system call:
small answers would cost twice.
"""

from __future__ import annotations

import asyncio
from typing import Any

_LARGEST = 32 * 1024
"""Bytes that are held at the most."""


class Corked(asyncio.Transport):
    """Passes everything on to `transport`, writes at the end of the turn."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(bytes(data))
        self._size += len(data)
        if self._size > _LARGEST:
            # Who writes on and on must feel that the client does not take it.
            self.flush()

    def write_now(self, data: bytes) -> None:
        """Write what is whole already, behind what is held."""
        if self._held:
            self.flush()
        self._transport.write(data)

    def flush(self) -> None:
        """Write what is held now."""
        held, self._held, self._size = self._held, [], 0
        if held:
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        self._held, self._size = [], 0
        self._transport.abort()

    def can_write_eof(self) -> bool:
        return self._transport.can_write_eof()

    def write_eof(self) -> None:
        self.flush()
        self._transport.write_eof()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size() + self._size
