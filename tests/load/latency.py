"""From a commit to its acknowledgement, and to its effect, beside the broker's own round trip.

    .venv/bin/python -m tests.load.latency [--kafka] [--journal 10000 1000000]

Sales writes deals, one command each, and relays them in the same process; analytics follows as a
process of its own. First as many as the chain can bear, which gives the rate; then commands come
at 20 % and at 80 % of it, evenly.

- acknowledged: from the commit of the command until its owner, with the broker's answer, takes the
  event from the outbox;
- projected: from the commit of the command to the commit of the row in analytics.

Both commits by the clock of the one server. The peer is a record sent with acks=all until a waiting
consumer has it, one at a time, in the same round: its median, on a line that bears nothing else.
"""

from __future__ import annotations

import asyncio
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from chassis.database import Database
from chassis.identity import system_identity
from chassis.kafka import admin, make_topics
from chassis.transactions import Transactions
from chassis.worker import Worker
from cli.local.ports import any_ports
from cli.local.processes import clean_environment, spawn
from events.topics import Topic
from sales.deals.store import deals
from tests.load.comparison import Comparison, run
from tests.load.deals import analytics_with_past, new_deal, sales_with_past
from tests.load.ground import Ground, opened, until_nothing

SECONDS = 8.0
PINGS = 60
CLIENTS = 16
# An event is acknowledged, for its owner, when it is forgotten.
_NOTING = (
    "create table acknowledged (position bigint primary key, at timestamptz)",
    """create function note_acknowledged() returns trigger language plpgsql as $$
    begin
        insert into acknowledged select position, clock_timestamp() from gone
        on conflict do nothing;
        return null;
    end $$""",
    """create trigger noting after delete on outbox referencing old table as gone
       for each statement execute function note_acknowledged()""",
)
_LINE = Topic("load.round-trip", "", 1, {})


async def measure(ground: Ground, journal: int, rounds: int) -> list[Comparison]:
    sales, analytics = (
        await sales_with_past(ground, journal),
        await analytics_with_past(ground, journal),
    )
    compared = {
        (load, what, rank): Comparison(
            f"{what} at {load:.0%} of the rate, {rank}th percentile",
            "ms",
            target if (load, rank) == (0.2, 99) else None,
            at_most=True,
        )
        for load in (0.2, 0.8)
        for what, target in (("acknowledged", 5), ("projected", 25))
        for rank in (50, 99)
    }
    async with opened(sales) as database, opened(analytics) as reader:
        with _analytics(ground, analytics):
            async with _sales(ground, database) as chain:
                rate = await chain.most(reader)
                print(f"the chain bears {rate:,.0f} commands a second", flush=True)
                for load in [0.2, 0.8] * rounds:
                    trip = statistics.median(await _round_trips(ground))
                    found = await chain.at(rate * load, reader)
                    for (of, what, rank), comparison in compared.items():
                        if of == load:
                            comparison.add(_percentile(found[what], rank), trip)
    return list(compared.values())


def _percentile(values: Sequence[float], rank: int) -> float:
    return sorted(values)[min(len(values) * rank // 100, len(values) - 1)]


class _Chain:
    """Sales at work, followed by analytics."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transactions = Transactions("sales", database)

    async def most(self, reader: Database) -> float:
        """Commands a second that so many clients get through, projected and all."""
        tenant, end = uuid4(), time.perf_counter() + SECONDS

        async def client(number: int) -> int:
            done = 0
            while time.perf_counter() < end:
                await self._command(tenant, number)
                done += 1
            return done

        began = time.perf_counter()
        many = sum(await asyncio.gather(*map(client, range(CLIENTS))))
        await self._projected(reader, tenant, many)
        return many / (time.perf_counter() - began)

    async def at(self, rate: float, reader: Database) -> dict[str, list[float]]:
        """Milliseconds from commit to either, for commands that come at `rate`."""
        tenant, began = uuid4(), time.perf_counter()
        commands: list[asyncio.Task[None]] = []
        for number in range(int(rate * SECONDS)):
            await asyncio.sleep(began + number / rate - time.perf_counter())
            commands.append(asyncio.create_task(self._command(tenant, number)))
        await asyncio.gather(*commands)
        await self._projected(reader, tenant, len(commands))
        await until_nothing(self._database, "select exists (select from outbox)")
        committed = await self._database.pool.fetch(
            """select j.subject, pg_xact_commit_timestamp(j.xmin) as at, a.at as acknowledged
               from journal j join acknowledged a using (position) where j.tenant = $1""",
            tenant,
        )
        facts = await reader.pool.fetch(
            "select id, pg_xact_commit_timestamp(xmin) as at from deal_fact where tenant = $1",
            tenant,
        )
        projected = {row["id"]: row["at"] for row in facts}
        return {
            "acknowledged": [_milliseconds(row["acknowledged"], row["at"]) for row in committed],
            "projected": [_milliseconds(projected[row["subject"]], row["at"]) for row in committed],
        }

    async def _command(self, tenant: UUID, number: int) -> None:
        async with self.transactions.begin(system_identity(tenant, "sales")) as transaction:
            await deals.save(transaction, "created", None, new_deal(number))

    async def _projected(self, reader: Database, tenant: UUID, many: int) -> None:
        await until_nothing(
            reader, "select count(*) < $2 from deal_fact where tenant = $1", tenant, many
        )


def _milliseconds(later: datetime, earlier: datetime) -> float:
    return (later - earlier).total_seconds() * 1000


@asynccontextmanager
async def _sales(ground: Ground, database: Database) -> AsyncIterator[_Chain]:
    """The owner: commands, and the worker that relays them."""
    for statement in _NOTING:
        await database.pool.execute(statement)
    chain = _Chain(database)
    worker = Worker("sales", "sales", (), chain.transactions, ground.platform)
    working = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(60):
            while worker.missing():
                await asyncio.sleep(0.05)
        yield chain
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


@contextmanager
def _analytics(ground: Ground, url: str) -> Iterator[None]:
    """Analytics as it is run: a process of its own, which ends with this one."""
    port = any_ports(["analytics"])["analytics"]
    process = spawn(
        [sys.executable, "-m", "analytics", "serve", "--role", "worker"],
        log=ground.folder / "analytics.log",
        env={
            **clean_environment(),
            "MERIDIAN_KAFKA": ground.platform.kafka,
            "ANALYTICS_DATABASE_URL": url,
            "ANALYTICS_LISTEN": f"127.0.0.1:{port}",
        },
        death_signal=signal.SIGKILL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def _round_trips(ground: Ground) -> list[float]:
    """Milliseconds from a send to a waiting consumer, one record at a time."""
    async with admin(ground.platform) as client:
        await make_topics(client, [_LINE], ground.platform)
    place = TopicPartition(_LINE.name, 0)
    producer = AIOKafkaProducer(bootstrap_servers=ground.platform.kafka, acks="all")
    # It waits as ours do: not every broker ends a fetch as soon as there is something.
    reader = AIOKafkaConsumer(bootstrap_servers=ground.platform.kafka, fetch_max_wait_ms=200)
    await producer.start()
    await reader.start()
    try:
        reader.assign([place])
        await reader.seek_to_end(place)
        trips = []
        for _ in range(PINGS):
            waiting = asyncio.create_task(reader.getone())
            await asyncio.sleep(0.01)
            began = time.perf_counter()
            await producer.send_and_wait(_LINE.name, bytes(1_500), partition=0)
            await waiting
            trips.append((time.perf_counter() - began) * 1000)
        return trips
    finally:
        await producer.stop()
        await reader.stop()


if __name__ == "__main__":
    sys.exit(run(__doc__, measure, rounds=3))
