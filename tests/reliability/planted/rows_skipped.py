"""Planted: relays share the outbox by `SKIP LOCKED` on its rows, not by leases on slots."""

from __future__ import annotations

import importlib
import sys

from aiokafka import AIOKafkaProducer

from chassis.relay import Relay

_AT_ONCE = 20
_ROWS = """
    select o.position, o.topic, o.slot, j.tenant, j.subject, j.type, j.event,
           j.traceparent, j.body, j.recordedtime
    from outbox o join journal j on j.position = o.position and j.recordedtime = o.recordedtime
    order by o.position limit $1 for update of o skip locked
"""


async def send_batch(self: Relay, producer: AIOKafkaProducer, generation: str) -> bool:  # noqa: ARG001
    async with self._database.pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(_ROWS, _AT_ONCE)
        for result in await self._send_rows(producer, rows):
            if isinstance(result, BaseException):
                raise result
        await connection.execute(
            "delete from outbox where position = any($1::bigint[])",
            [row["position"] for row in rows],
        )
    return bool(rows)


def main(arguments: list[str]) -> int:
    Relay._send_batch = send_batch  # type: ignore[method-assign]
    code: int = importlib.import_module(f"{sys.argv[0]}.__main__").main(arguments)
    return code
