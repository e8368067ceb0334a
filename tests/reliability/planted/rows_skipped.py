"""Planted: relays share the outbox by `SKIP LOCKED` on its rows, not by leases on slots."""

from __future__ import annotations

import asyncio
import importlib
import sys

import asyncpg
from aiokafka import AIOKafkaProducer

from chassis.relay import Relay

_AT_ONCE = 5
_ROWS = """
    select o.position, o.topic, o.slot, j.tenant, j.subject, j.type, j.event,
           j.traceparent, convert_to(j.body::text, 'UTF8') as body, j.recordedtime
    from outbox o join journal j on j.position = o.position and j.recordedtime = o.recordedtime
    order by o.position limit $1 for update of o skip locked
"""


async def send_waiting(self: Relay, producer: AIOKafkaProducer, generation: str) -> None:  # noqa: ARG001
    rows: list[asyncpg.Record] | None = None
    while rows is None or rows:
        async with self._storage._database.pool.acquire() as connection, connection.transaction():  # type: ignore[attr-defined]
            rows = await connection.fetch(_ROWS, _AT_ONCE)
            for _, failure in await self._send_rows(producer, rows):
                if failure is not None:
                    raise failure
            await connection.execute(
                "delete from outbox where position = any($1::bigint[])",
                [row["position"] for row in rows],
            )


async def keep_no_leases(self: Relay) -> None:  # noqa: ARG001
    await asyncio.Event().wait()


def main(arguments: list[str]) -> int:
    Relay._send_waiting = send_waiting  # type: ignore[method-assign]
    Relay._keep_leases = keep_no_leases  # type: ignore[method-assign]
    code: int = importlib.import_module(f"{sys.argv[0]}.__main__").main(arguments)
    return code
