"""Planted: the relay deletes from the outbox what it is about to send."""

from __future__ import annotations

import importlib
import sys

from aiokafka import AIOKafkaProducer

from chassis.relay import Relay


async def send_waiting(self: Relay, producer: AIOKafkaProducer, generation: str) -> None:
    while rows := await self._next_rows(self._leases.hold()):
        await self._forget([row["position"] for row in rows], generation)
        for _, failure in await self._send_leased(producer, rows):
            if failure is not None:
                raise failure


def main(arguments: list[str]) -> int:
    Relay._send_waiting = send_waiting  # type: ignore[method-assign]
    code: int = importlib.import_module(f"{sys.argv[0]}.__main__").main(arguments)
    return code
