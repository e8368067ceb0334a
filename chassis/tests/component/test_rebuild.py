"""Projections are made anew beside the live ones and swapped in; nobody notices."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from chassis.database import Connection, Database
from chassis.decoding import AnyEvent
from chassis.inbox import Consumer, Reaction, Replica
from chassis.rebuild.differences import Comparison, Difference
from chassis.rebuild.rebuild import Rebuild, RebuildFailed
from chassis.schema import create_aggregate
from chassis.settings import PlatformSettings
from chassis.tests.component.products import (
    TENANT,
    Owner,
    eventually,
    holds_slots,
    opened,
    settings_for,
    working,
)
from chassis.transactions import Transactions
from chassis.worker import Worker
from cli.local.broker import Broker
from events.catalogue import PRODUCT
from events.sales import Product

TABLE = """create table shelf (tenant uuid, id uuid, version bigint not null, name text,
           primary key (tenant, id)) with (fillfactor = 70)"""
VIEW = "create view names as select s.tenant, s.id, s.name from shelf s"


async def shelve(connection: Connection, events: Sequence[AnyEvent]) -> None:
    states = [event.data.after for event in events]
    await connection.executemany(
        """insert into shelf values ($1, $2, $3, $4) on conflict (tenant, id)
           do update set version = excluded.version, name = excluded.name""",
        [(TENANT, state.id, state.version, state.name) for state in states if state is not None],
    )


CONSUMER = Consumer("shop", (Replica(PRODUCT, shelve),))


@dataclass
class Shop:
    """A service with one projection, at work; and the owner that it follows."""

    owner: Owner
    database: Database
    url: str
    settings: PlatformSettings

    def rebuild(self) -> Rebuild:
        return Rebuild("shop", CONSUMER, ("shelf",), self.url, self.settings)

    async def names(self) -> dict[UUID, str]:
        rows = await self.database.pool.fetch("select id, name from names")
        return {row["id"]: row["name"] for row in rows}

    async def stock(self, *names: str) -> list[Product]:
        """New products, once they are on the shelf and it is known how fresh that is."""
        products = [await self.owner.create(name) for name in names]

        async def shelved() -> bool:
            fresh = await self.database.pool.fetchval("select count(*) from projection")
            return bool(fresh) and (await self.names()).keys() >= {p.id for p in products}

        await eventually(shelved)
        return products

    async def schemas(self) -> set[str]:
        rows = await self.database.pool.fetch("select nspname from pg_namespace")
        return {row["nspname"] for row in rows} & {"rebuilt", "former"}


@asynccontextmanager
async def shop(new_database: Callable[[], str], broker: Broker) -> AsyncIterator[Shop]:
    settings, url = settings_for(broker), new_database()
    async with (
        opened(new_database(), *create_aggregate("product")) as own,
        opened(url, TABLE, VIEW) as database,
    ):
        transactions = Transactions("sales", own)
        following = Transactions("shop", database)
        async with (
            working(Worker("sales", "sales", (), transactions, settings)),
            working(Worker("shop", "shop", (CONSUMER,), following, settings)),
        ):
            # What waits when a relay takes a slot over is said again after a while.
            await eventually(lambda: holds_slots(own))
            yield Shop(Owner(transactions), database, url, settings)


async def test_what_had_strayed_is_named_and_put_right_while_everything_goes_on(
    new_database: Callable[[], str], own_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The live consumer of a busy machine may be behind for long.
    monkeypatch.setattr("chassis.rebuild.rebuild._LIVE_SECONDS", 120.0)
    async with shop(new_database, own_broker) as at:
        wrong, gone, forgotten, right = await at.stock("wrong", "gone", "forgotten", "right")
        pool = at.database.pool
        await pool.execute("update shelf set name = 'else' where id = $1", wrong.id)
        await pool.execute("delete from shelf where id = $1", gone.id)
        await pool.execute("delete from applied where key = $1", forgotten.id)
        await pool.execute("insert into shelf values ($1, $1, 1, 'invented')", TENANT)
        written: list[Product] = []
        done = asyncio.Event()

        async def write() -> None:
            while not done.is_set():
                written.append(await at.owner.create(f"written {len(written)}"))

        async def read() -> int:
            """Snapshots as reports take them, prepared once on one connection."""
            async with pool.acquire() as connection:
                for n in itertools.count():
                    async with connection.transaction(isolation="repeatable_read", readonly=True):
                        assert await connection.fetchval("select count(*) from projection")
                        shelf = await connection.fetch("select * from shelf")
                        names = await connection.fetch("select * from names")
                    assert right.id in {row["id"] for row in shelf}
                    assert {row["id"] for row in names} == {row["id"] for row in shelf}
                    if done.is_set():
                        return n
                    await asyncio.sleep(0)
            raise AssertionError

        async def rebuild() -> list[Comparison]:
            report = await at.rebuild().run()
            done.set()
            assert report.live_caught_up, report.seconds
            return report.tables

        (shelf, applied), _, snapshots = await asyncio.gather(rebuild(), write(), read())
        assert snapshots > 10
        assert set(shelf.named) == {
            Difference(TENANT, wrong.id, "differing"),
            Difference(TENANT, gone.id, "missing"),
            Difference(TENANT, TENANT, "surplus"),
        }
        assert applied.named == (Difference(TENANT, forgotten.id, "missing"),)
        assert (shelf.differing, shelf.missing, shelf.surplus) == (1, 1, 1)
        everything = {p.id: p.name for p in (wrong, gone, forgotten, right, *written)}

        async def put_right() -> bool:
            return await at.names() == everything

        await eventually(put_right)
        assert await at.schemas() == set()
        settings = "select reloptions from pg_class where oid = 'public.shelf'::regclass"
        assert await pool.fetchval(settings) == ["fillfactor=70"]
        again = await at.rebuild().run()
        assert [table.named for table in again.tables] == [(), ()]


async def test_it_waits_for_a_reader_and_a_rebuild_cut_short_leaves_all_as_it_was(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with shop(new_database, own_broker) as at:
        (first,) = await at.stock("first")
        await at.database.pool.execute("update shelf set name = 'else'")
        reader = await asyncpg.connect(at.url)
        snapshot = reader.transaction(isolation="repeatable_read", readonly=True)
        await snapshot.start()
        await reader.fetchval("select count(*) from projection")
        cut = asyncio.create_task(at.rebuild().run())

        async def waits_for_the_reader() -> bool:
            held = await at.database.pool.fetchval(
                "select count(*) from pg_locks where mode = 'ExclusiveLock' "
                "and relation = to_regclass('rebuilt.applied')"
            )
            return bool(held)

        await eventually(waits_for_the_reader)
        with pytest.raises(RebuildFailed, match="another rebuild"):
            await at.rebuild().run()
        assert await at.names() == {first.id: "else"}
        cut.cancel()
        await asyncio.gather(cut, return_exceptions=True)
        assert await at.schemas() == {"rebuilt"}
        assert await at.names() == {first.id: "else"}

        again = asyncio.create_task(at.rebuild().run())
        await eventually(waits_for_the_reader)
        assert await reader.fetchval("select name from shelf") == "else"
        await snapshot.rollback()
        await reader.close()
        report = await again
        assert report.tables[0].named == (Difference(TENANT, first.id, "differing"),)
        assert await at.names() == {first.id: "first"}
        assert await at.schemas() == set()


async def test_what_was_applied_and_cannot_be_again_is_not_thrown_away(
    new_database: Callable[[], str], own_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.rebuild.rebuild._REACH_SECONDS", 0.5)
    async with shop(new_database, own_broker) as at:
        (first,) = await at.stock("first")
        await at.database.pool.execute("update applied set version = 7")
        with pytest.raises(RebuildFailed, match=f"{first.id}@7"):
            await at.rebuild().run()
        assert await at.names() == {first.id: "first"}


def test_reactions_are_not_rebuilt(new_database: Callable[[], str]) -> None:
    async def react(*_: object) -> None: ...

    reacting = Consumer("shop", (Reaction(PRODUCT, react, lambda _: True),))
    with pytest.raises(RebuildFailed):
        Rebuild("shop", reacting, (), new_database(), PlatformSettings())
