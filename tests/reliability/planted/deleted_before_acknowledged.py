"""Planted: the relay deletes from the outbox what it is about to send."""

from __future__ import annotations

import importlib
import sys

from aiokafka import AIOKafkaProducer

from chassis.relay import Relay


async def send_batch(self: Relay, producer: AIOKafkaProducer, generation: str) -> bool:
    owned = self._leases.hold()
    rows = await self._next_rows(owned) if owned else []
    if not rows:
        return False
    await self._forget([row["position"] for row in rows], generation)
    slots = {(row["topic"], row["slot"]) for row in rows}
    for result in await self._while_leased(slots, self._send_rows(producer, rows)):
        if isinstance(result, BaseException):
            raise result
    return True


def main(arguments: list[str]) -> int:
    Relay._send_batch = send_batch  # type: ignore[method-assign]
    code: int = importlib.import_module(f"{sys.argv[0]}.__main__").main(arguments)
    return code
