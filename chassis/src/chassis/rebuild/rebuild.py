"""Rebuild a consumer's projections while it goes on, and swap them in without an outage.

Another consumer of the same name, in a group of its own, reads the live topics
from their beginning into tables beside. Once it has passed the moment at which
the rebuild began, one transaction swaps:

1. It stops the live consumer's writing (readers go on) until everything that was
   applied there is applied beside too, then the writing beside: both stand still.
2. It compares the two, row by row.
3. It waits until no reader is left whose snapshot is older than that standstill:
   such a one would miss in the new tables what it could see in the old ones.
4. It locks the readers out for as long as renaming takes.

If anything fails, that transaction is undone and the live side is as it was.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from chassis.consumers import Subscription
from chassis.database import Connection, Database
from chassis.freshness import Freshness
from chassis.generations import Genesis
from chassis.inbox import Consumer, Replica
from chassis.problems import ProjectionBehind
from chassis.rebuild import tables
from chassis.rebuild.differences import Comparison, compare
from chassis.settings import PlatformSettings
from chassis.tides import Tides
from chassis.transactions import Transactions, uuid7

log = logging.getLogger(__name__)

_TURN = 7_236_104_512
"""Rebuilds of one database take turns; the second is refused."""
_POLL_SECONDS = 0.1
_LIVE_SECONDS = 15.0
"""How long the live consumer may take to catch up with what the other has applied."""
_REACH_SECONDS = 60.0
_READERS_SECONDS = 10.0
_ATTEMPTS = 20


class RebuildFailed(Exception):
    """Nothing was swapped; the message says why."""


class _TryAgain(Exception):
    """The swap did not get its turn."""


@dataclass(slots=True)
class Report:
    """What a rebuild found, and how long each phase took, in seconds.

    `live_caught_up` is False when the live consumer lagged: what is called
    missing may then only have been late.
    """

    tables: list[Comparison] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    live_caught_up: bool = True


class Rebuild:
    """One rebuild of `projections`, the tables that `consumer` alone writes.

    The consumer must be the only one of its service, and keep replicas only: a
    reaction would do again what it did.
    """

    def __init__(
        self,
        service: str,
        consumer: Consumer,
        projections: Sequence[str],
        database_url: str,
        settings: PlatformSettings,
    ) -> None:
        if not all(isinstance(handler, Replica) for handler in consumer.handlers):
            raise RebuildFailed(f"{consumer.name} reacts: what it does cannot be done again")
        self._service = service
        self._consumer = consumer
        self._projections = tuple(projections)
        self._url = database_url
        self._settings = settings
        self._freshness = Freshness(consumer)

    async def run(self) -> Report:
        """Rebuild and swap; raises `RebuildFailed`, `BROKER_FAILURES`, `PASSING_FAILURES`."""
        report = Report()
        async with _connected(self._url) as live:
            if not await live.fetchval("select pg_try_advisory_lock($1)", _TURN):
                raise RebuildFailed("another rebuild is under way")
            genesis = Genesis(self._settings)
            try:
                await self._rebuild(live, genesis, report)
            finally:
                await genesis.close()
            # Not before: what failed stays for whoever wants to know why, until the next rebuild.
            await tables.clear(live)
        return report

    async def _rebuild(self, live: Connection, genesis: Genesis, report: Report) -> None:
        generation = await genesis.current()
        if generation is None:
            raise RebuildFailed("the broker knows no generation yet: is any service at work?")
        revision = await _revision(live)
        with _timed(report, "prepare"):
            await tables.clear(live)
            await tables.make(live, self._projections)
        began = await _clock(live)
        async with self._reading(generation) as beside:
            with _timed(report, "catch up"):
                await self._caught_up(beside, began)
                await tables.note_known(live, self._projections)
            with _timed(report, "wait for live"):
                report.live_caught_up = await self._live_passes(live, await _clock(live))
            if await genesis.current() != generation:
                raise RebuildFailed("the broker was replaced meanwhile")
            await self._swap(live, revision, report)

    @asynccontextmanager
    async def _reading(self, generation: str) -> AsyncIterator[Database]:
        """The tables beside, with the consumer at work on them, reading from the beginning.

        Its group stays behind on the broker, empty, until its offsets expire.
        """
        database = Database(tables.beside(self._url), connections=4)
        tides = Tides(self._settings)
        async with AsyncExitStack() as stack:
            await database.open()
            stack.push_async_callback(database.close)
            stack.push_async_callback(tides.stop)
            await tides.start()
            transactions = Transactions(self._service, database)
            subscription = Subscription(
                self._consumer,
                transactions,
                self._settings,
                generation,
                tides,
                rebuild=str(uuid7()),
            )
            stack.push_async_callback(subscription.stop)
            await subscription.start()
            yield database

    async def _caught_up(self, beside: Database, moment: datetime) -> None:
        """Return once everything committed before `moment` is applied beside."""
        while True:
            async with beside.pool.acquire() as connection:
                if await self._has_passed(connection, moment):
                    return
                parked = await connection.fetchval("select count(*) from parked_key")
            if parked > self._settings.most_parked_keys:
                raise RebuildFailed(f"{parked} keys cannot be applied: see rebuilt.parked_key")
            await asyncio.sleep(_POLL_SECONDS)

    async def _live_passes(self, live: Connection, moment: datetime) -> bool:
        """Whether the live consumer passes `moment` soon."""
        deadline = time.monotonic() + _LIVE_SECONDS
        while not await self._has_passed(live, moment):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return True

    async def _has_passed(self, connection: Connection, moment: datetime) -> bool:
        try:
            return await self._freshness.as_of(connection) > moment
        except ProjectionBehind:
            return False

    # -- the swap ------------------------------------------------------------------

    async def _swap(self, live: Connection, revision: str | None, report: Report) -> None:
        for _ in range(_ATTEMPTS):
            try:
                async with live.transaction():
                    await self._swapped(live, revision, report)
            except (_TryAgain, asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as no:
                log.info("the swap tries again: %s", no)
                await asyncio.sleep(1)
            else:
                return
        raise RebuildFailed("somebody reads for too long at a time: no moment was free to swap")

    async def _swapped(self, live: Connection, revision: str | None, report: Report) -> None:
        await live.execute("set local lock_timeout = '10s'")
        with _timed(report, "stand still"):
            # In the order in which a batch takes them: see `chassis.parking`.
            await live.execute("lock table public.parked_key, public.applied in exclusive mode")
            if await _revision(live) != revision:
                raise RebuildFailed("the database was migrated meanwhile")
            await self._reach_live(live)
            await live.execute("lock table rebuilt.parked_key, rebuilt.applied in exclusive mode")
            still = await _clock(live)
        with _timed(report, "compare"):
            report.tables = await compare(live, self._projections)
        with _timed(report, "wait for readers"):
            await _older_readers_gone(live, still)
        with _timed(report, "swap"):
            # Readers queue behind a lock that is waited for: not for long. But longer than the
            # second after which PostgreSQL calls back an autovacuum that is in the way.
            await live.execute("set local lock_timeout = '1500ms'")
            await tables.swap(live, self._projections)

    async def _reach_live(self, live: Connection) -> None:
        """Return once every version that is applied live is applied beside."""
        deadline = time.monotonic() + _REACH_SECONDS
        while behind := await live.fetch(
            # A version that an operator discarded counts as applied and cannot be.
            """select topic, tenant, key, version from public.applied l
               where consumer = $1 and topic = any($2)
                 and not exists (select from rebuilt.applied r
                                 where r.consumer = $1 and r.topic = l.topic
                                   and r.tenant = l.tenant and r.key = l.key
                                   and r.version >= l.version)
                 and not exists (select from discarded d
                                 where d.consumer = $1 and d.topic = l.topic
                                   and d.tenant = l.tenant and d.key = l.key
                                   and d.version = l.version)
               limit 3""",
            self._consumer.name,
            list(self._consumer.topics),
        ):
            if time.monotonic() > deadline:
                raise RebuildFailed(
                    "these were applied once and cannot be applied again: "
                    + ", ".join(f"{row['topic']}/{row['key']}@{row['version']}" for row in behind)
                )
            await asyncio.sleep(_POLL_SECONDS)


async def _older_readers_gone(live: Connection, moment: datetime) -> None:
    """Return when no transaction that began before `moment` can still read; `_TryAgain` if late.

    Those that wait for a lock wait for ours: they are batches, and look again after it.
    """
    deadline = time.monotonic() + _READERS_SECONDS
    while await live.fetchval(
        """select exists (
               select from pg_stat_activity
               where datname = current_database() and backend_type = 'client backend'
                 and pid <> pg_backend_pid() and backend_xmin is not null and xact_start < $1
                 and wait_event_type is distinct from 'Lock')""",
        moment,
    ):
        if time.monotonic() > deadline:
            raise _TryAgain("a reader takes its time")
        await asyncio.sleep(0.01)
        # Within a transaction PostgreSQL answers what it saw at the first look.
        await live.execute("select pg_stat_clear_snapshot()")


async def _revision(connection: Connection) -> str | None:
    """The schema's revision; None in a database without migrations."""
    if await connection.fetchval("select to_regclass('public.alembic_version')") is None:
        return None
    revision: str = await connection.fetchval("select version_num from public.alembic_version")
    return revision


async def _clock(connection: Connection) -> datetime:
    moment: datetime = await connection.fetchval("select clock_timestamp()")
    return moment


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(
        url, server_settings={"search_path": "public", "timezone": "UTC"}
    )
    try:
        yield connection
    finally:
        await connection.close()


class _timed:  # noqa: N801 - reads as what it does
    """Adds the seconds that its block takes to a report."""

    def __init__(self, report: Report, phase: str) -> None:
        self._seconds, self._phase = report.seconds, phase

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        past = self._seconds.get(self._phase, 0.0)
        self._seconds[self._phase] = past + time.monotonic() - self._began
