"""What reconciliation costs: a range read, a whole comparison, and what ingest loses by it.

    .venv/bin/python -m tests.load.reconciliation [--keys 100000] [--rounds 5]

An owner's journal and analytics' projection of deals lie in two databases of one
PostgreSQL server. Their parts of reconciliation run as at work, but for the
broker: what one sends is handed to the other. Ingest is measured in rounds side by
side: as it is, without seals, and while both sides reconcile as calmly as they do at work,
and without a pause.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from analytics.app import SERVICE
from analytics.consumer import CONSUMER
from analytics.facts.deals import DEALS
from chassis.database import Database
from chassis.decoding import AnyEvent
from chassis.inbox import Inbox
from chassis.migrations import migrate
from chassis.reconciliation import applied, journalled
from chassis.reconciliation.applied import Kept, Reading
from chassis.reconciliation.comparing import Comparing
from chassis.reconciliation.publishing import ROWS_OF_RANGE, Publishing
from chassis.reconciliation.records import (
    FIRST,
    LAST,
    Answer,
    Cost,
    Digest,
    Question,
    Range,
    Record,
    Swept,
    Wish,
    encode,
)
from chassis.schema import CURRENT
from chassis.settings import PlatformSettings
from chassis.testing import event
from chassis.transactions import Transactions, now, uuid7
from cli.local.ports import any_ports
from cli.local.postgres import PostgresServer
from events.catalogue import DEAL
from services.analytics.tests.component.world import World

READING = Reading(CONSUMER.name, DEAL.topic.name, DEAL.topic.owner, DEAL.topic.partitions)
BATCH = 2_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reconciliation-") as folder:
        home = Path(folder)
        port = any_ports(["postgres"])["postgres"]
        server = PostgresServer(home / "data", port, home / "log", settings={"fsync": "off"})
        server.start()
        try:
            for name in ("sales", "analytics"):
                server.create_database(name)
            sales, analytics = map(server.database_url, ("sales", "analytics"))
            asyncio.run(_measure(sales, analytics, arguments.keys, arguments.rounds))
        finally:
            server.stop()


async def _measure(owner_url: str, url: str, keys: int, rounds: int) -> None:
    await migrate(SERVICE.migrations, url)
    owner, database = Database(owner_url, 4), Database(url, 8)
    await owner.open()
    await database.open()
    for statement in CURRENT:
        await owner.pool.execute(statement)
    side = Sides(owner, database)
    await side.ingest(keys)
    await side.catch_up()
    for each in (owner, database):
        await each.pool.execute("vacuum analyze")
    print(f"{keys:,} deals, ranges of {ROWS_OF_RANGE:,} rows of the journal")
    await side.ranges()
    await side.whole("first comparison, no pauses")
    await side.whole("again, nothing has changed")
    await side.compare_ingest(rounds)
    await owner.close()
    await database.close()


class Sides:
    """An owner and a consumer, and what both have sent."""

    def __init__(self, owner: Database, database: Database) -> None:
        self.owner = owner
        self.database = database
        self.inbox = Inbox(CONSUMER, Transactions("analytics", database))
        self.world = World(Random(1))
        self.sent: list[Record] = []
        settings = PlatformSettings()
        self.publishing = Publishing("sales", "sales", owner, settings, self._send)
        self.comparing = Comparing("analytics", (CONSUMER,), database, settings, self._ask)
        self.digests: dict[Any, Digest] = {}

    async def _send(self, record: Record) -> None:
        self.sent.append(record)
        if isinstance(record, Digest):
            self.digests[record.range.after] = record

    async def _ask(self, question: Question) -> Answer | None:
        self.sent.append(question)
        await self.publishing.answer(question)
        answer = self.sent[-1]
        return answer if isinstance(answer, Answer) else None

    # -- events ------------------------------------------------------------------------

    def events(self, count: int) -> list[AnyEvent]:
        """New deals."""
        made = self.world.deals
        return [
            event(
                DEAL,
                "created",
                msgspec.structs.replace(made[n % len(made)], id=uuid7(), version=1),
                tenant=self.world.tenant,
            )
            for n in range(count)
        ]

    async def journal(self, events: Sequence[AnyEvent]) -> None:
        await self.owner.pool.execute(
            """insert into journal (tenant, topic, slot, subject, version, type, event, body, time)
               select $1, $2, 0, subject, 1, 'crm.sales.deal.created.v1', gen_random_uuid(),
                      json_build_object('after', repeat('x', 1000)), now()
               from unnest($3::uuid[]) as subject""",
            self.world.tenant,
            DEAL.topic.name,
            [event.subject for event in events],
        )

    async def ingest(self, count: int) -> float:
        """Journal and apply new deals; events a second of the applying."""
        seconds = 0.0
        for first in range(0, count, BATCH):
            events = self.events(min(BATCH, count - first))
            await self.journal(events)
            began = time.perf_counter()
            await self.inbox.apply_events(events)
            seconds += time.perf_counter() - began
        return count / seconds

    async def catch_up(self) -> None:
        """Let analytics know that everything is applied."""
        places = [
            (handler.aggregate.topic.name, partition)
            for handler in CONSUMER.handlers
            for partition in range(handler.aggregate.topic.partitions)
        ]
        await self.database.pool.execute(
            """insert into projection (consumer, topic, partition, as_of)
               select $1, topic, partition, $4
               from unnest($2::text[], $3::integer[]) as places(topic, partition)
               on conflict (consumer, topic, partition) do update set as_of = excluded.as_of""",
            CONSUMER.name,
            [topic for topic, _ in places],
            [partition for _, partition in places],
            now(),
        )

    # -- reconciling -------------------------------------------------------------------

    async def ranges(self) -> None:
        """What each question about one range costs, over all ranges."""
        kept = Kept(CONSUMER.name, DEALS.shape.sealed, (DEAL.topic.name,))
        took: dict[str, list[float]] = {
            "digest of the journal": [],
            "sum of applied": [],
            "rows": [],
        }
        place, rows = FIRST, []
        while place != LAST:
            until = await journalled.boundary(self.owner, Range(place, LAST), ROWS_OF_RANGE)
            span = Range(place, until)
            as_of = await journalled.moment(self.owner)
            for name, reading in (
                ("digest of the journal", journalled.digest(self.owner, "sales", span, as_of)),
                ("sum of applied", applied.sum_of(self.database, READING, span)),
                ("rows", applied.strayed(self.database, kept, span)),
            ):
                began = time.perf_counter()
                found: Any = await reading
                took[name].append((time.perf_counter() - began) * 1_000)
                if name == "digest of the journal":
                    rows.append(found[1])
            place = until
        for name, milliseconds in took.items():
            print(
                f"  {name:24} {statistics.median(milliseconds):6.2f} ms a range of "
                f"{statistics.median(rows):,.0f} keys (worst {max(milliseconds):.2f})"
            )

    async def whole(self, name: str) -> None:
        """One comparison of everything, as an operator wishes it."""
        self.sent.clear()
        await self.catch_up()
        self.publishing.grant(wish())
        began = time.perf_counter()
        await self.publishing.sweep()
        swept = self.sent[-1]
        assert isinstance(swept, Swept)
        wished = msgspec.structs.replace(swept, as_of=FAR_BACK, wishes={"analytics": now()})
        before = len(self.sent)
        await self.comparing.compare(wished, [self.digests[key] for key in sorted(self.digests)])
        seconds = time.perf_counter() - began
        size = sum(len(encode(record)) for record in self.sent)
        asked = len(self.sent) - before
        found = await self.database.pool.fetchval("select count(*) from difference")
        rows = await self.database.pool.fetchval(
            "select sum((cost #>> '{consumer,rows}')::bigint)::bigint from reconciliation"
        )
        cost: Cost = swept.cost
        print(
            f"  {name}: {seconds:.2f} s; rows read {cost.rows:,} by the owner, {rows:,} by the "
            f"consumer; {len(self.sent)} records of {size / 1_000:,.0f} kB "
            f"({asked} of them to ask and answer); differences {found}"
        )

    @asynccontextmanager
    async def reconciling(self, *, calm: bool) -> AsyncIterator[None]:
        """Both sides at work during the block, over and over."""

        async def go_on() -> None:
            while True:
                await self.catch_up()
                wishes = {} if calm else {"analytics": now()}
                if not calm:
                    self.publishing.grant(wish())
                await self.publishing.sweep()
                swept = self.sent[-1]
                assert isinstance(swept, Swept)
                about = msgspec.structs.replace(swept, as_of=FAR_BACK, wishes=wishes)
                digests = [self.digests[key] for key in sorted(self.digests)]
                await self.comparing.compare(about, digests)

        working = asyncio.create_task(go_on())
        try:
            yield
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working

    async def compare_ingest(self, rounds: int) -> None:
        """Events a second of analytics' ingest, side by side."""
        ways = ("as it is", "without seals", "while reconciling", "while comparing unceasingly")
        speeds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way in ways:
                speeds[way].append(await self._ingest_in_a_way(way))
        usual = statistics.median(speeds["as it is"])
        for way, found in speeds.items():
            median = statistics.median(found)
            print(
                f"  ingest {way:28} {median:8,.0f} events/s ({min(found):,.0f} to "
                f"{max(found):,.0f})  {median / usual:6.1%}"
            )

    async def _ingest_in_a_way(self, way: str) -> float:
        if way == "as it is":
            return await self.ingest(4 * BATCH)
        if way == "without seals":
            return await self._without_seals()
        async with self.reconciling(calm=way == "while reconciling"):
            return await self.ingest(4 * BATCH)

    async def _without_seals(self) -> float:
        sealing = DEALS._upsert
        without = sealing.replace(DEALS.shape.sealed.seal("row"), "0")
        assert without != sealing
        DEALS._upsert = without
        try:
            return await self.ingest(4 * BATCH)
        finally:
            DEALS._upsert = sealing
            await self.database.pool.execute(
                f"""update deal_fact set seal = {DEALS.shape.sealed.seal("deal_fact")}
                    where seal = 0"""
            )


def wish() -> Wish:
    """What an operator wishes who does not want to wait."""
    return Wish(owner="sales", service="analytics", wanted=now())


FAR_BACK = now()
"""Analytics says itself that it has caught up: nothing is to be waited for."""


if __name__ == "__main__":
    main()
