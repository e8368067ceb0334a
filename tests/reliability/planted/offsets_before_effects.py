"""Planted: a consumer commits its offsets before its effects are in the database."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from aiokafka import TopicPartition

from chassis.consumers import Subscription
from chassis.decoding import Delivery


async def receive(self: Subscription, message: Any) -> None:
    records = message.raw_message
    await self._commit({TopicPartition(r.topic, r.partition): r.offset + 1 for r in records})
    deliveries = [Delivery(r.topic, r.partition, r.offset, r.key, r.value) for r in records]
    await self._inbox.apply(self._generation, await self._inbox.decoding.read(deliveries))


def main(arguments: list[str]) -> int:
    Subscription._receive = receive  # type: ignore[method-assign]
    code: int = importlib.import_module(f"{sys.argv[0]}.__main__").main(arguments)
    return code
