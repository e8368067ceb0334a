"""The relay beside a bare producer that sends the same bytes.

    .venv/bin/python -m tests.load.relaying [--kafka] [--journal 10000 1000000]

Ours: rows of the outbox, from the commit that makes them visible until none is left.
Peer: aiokafka's `send` of the same values, keys and headers to the same partitions,
pipelined, all of them in memory already, on a producer with the same settings.
"""

from __future__ import annotations

import asyncio
import sys
import time
from uuid import UUID, uuid4

from chassis.database import Database
from chassis.producers import abandon, open_producer
from chassis.relay import Relay
from events.topics import owned_by
from tests.load.comparison import Comparison, run
from tests.load.deals import new_deal, sales_with_past, send, told, write
from tests.load.ground import Ground, opened, until_nothing

EVENTS = 20_000
_WAITING = "select exists (select from outbox)"


async def measure(ground: Ground, journal: int, rounds: int) -> list[Comparison]:
    url = await sales_with_past(ground, journal)
    comparison = Comparison("relay, against the bare producer's pipelined send", "/s", 0.7)
    tenant = uuid4()
    async with opened(url) as database:
        relay = Relay("sales", owned_by("sales"), database, ground.platform)
        relaying = asyncio.create_task(relay.run(await ground.generation()))
        producer = await open_producer(ground.platform)
        try:
            await write(database, tenant, [new_deal(number) for number in range(EVENTS)])
            relay.wake()
            await until_nothing(database, _WAITING)
            events = await told(database, tenant)
            for _ in range(rounds):
                ours = await _relayed(database, relay, tenant)
                began = time.perf_counter()
                await send(producer, events)
                comparison.add(ours, len(events) / (time.perf_counter() - began))
        finally:
            await abandon(producer)
            relaying.cancel()
            await asyncio.gather(relaying, return_exceptions=True)
    return [comparison]


async def _relayed(database: Database, relay: Relay, tenant: UUID) -> float:
    """Events a second from the outbox to their acknowledgement."""
    async with database.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        done = await connection.execute(
            """insert into outbox (position, topic, slot, recordedtime)
               select position, topic, slot, recordedtime from journal where tenant = $1""",
            tenant,
        )
        began = time.perf_counter()
        await transaction.commit()
    relay.wake()
    await until_nothing(database, _WAITING)
    return int(done.rpartition(" ")[2]) / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(run(__doc__, measure))
