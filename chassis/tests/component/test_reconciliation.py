"""Owners and consumers compare what was journalled with what was applied; always, and exactly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import REGISTRY

from chassis.database import Connection, Database
from chassis.decoding import AnyEvent
from chassis.inbox import Consumer, Reaction, Replica
from chassis.reconciliation import verdicts
from chassis.reconciliation.records import FIRST, LAST, Digest, Range, Sum, decode, encode
from chassis.reconciliation.verdicts import Conclusion
from chassis.schema import create_aggregate
from chassis.seals import SealedTable
from chassis.settings import PlatformSettings
from chassis.tests.component.products import (
    TENANT,
    Owner,
    eventually,
    holds_slots,
    opened,
    outbox_is_empty,
    records_of,
    settings_for,
    working,
)
from chassis.transactions import Transaction, Transactions, now
from chassis.worker import Worker
from cli.local.broker import Broker
from events.catalogue import PRODUCT
from events.sales import Product
from events.topics import RECONCILIATION

SHELF = SealedTable("shelf", ("tenant", "id", "version", "name"))
TABLE = """create table shelf (tenant uuid, id uuid, version bigint not null, name text,
           seal bigint not null, primary key (tenant, id))"""
POISON = "poison"

NewDatabase = Callable[[], str]
Wrong = tuple[str, str, UUID, str, int | None, int | None]
"""Consumer, table (none: `applied`), key, verdict, expected version, version."""


async def shelve(connection: Connection, events: Sequence[AnyEvent]) -> None:
    states = [event.data.after for event in events]
    if any(state.name == POISON for state in states if state is not None):
        raise ValueError("this name is poison")
    await connection.executemany(
        f"""insert into shelf select given.*, {SHELF.seal("given")}
            from (values ($1::uuid, $2::uuid, $3::bigint, $4::text))
                 as given(tenant, id, version, name)
            on conflict (tenant, id) do update
            set version = excluded.version, name = excluded.name, seal = excluded.seal""",
        [(TENANT, state.id, state.version, state.name) for state in states if state is not None],
    )


async def ignore(_transaction: Transaction, _event: AnyEvent) -> None: ...


CONSUMERS = (
    Consumer("shop.shelf", (Replica(PRODUCT, shelve, (SHELF,)),)),
    Consumer("shop.reactions", (Reaction(PRODUCT, ignore, lambda _: True),)),
)


@dataclass
class Shop:
    """A service that keeps products on a shelf and reacts to them; and their owner."""

    owner: Owner
    database: Database
    settings: PlatformSettings
    processes: AsyncExitStack

    def workers(self) -> tuple[Worker, Worker]:
        """One more process of the owner, and of the shop."""
        owning, following = self.owner.transactions, Transactions("shop", self.database)
        return (
            Worker("sales", "sales", (), owning, self.settings),
            Worker("shop", "shop", CONSUMERS, following, self.settings),
        )

    async def execute(self, statement: str, *arguments: object) -> None:
        await self.database.pool.execute(statement, *arguments)

    async def stock(self, *names: str) -> list[Product]:
        """New products, once both consumers have applied them."""
        products = [await self.owner.create(name) for name in names]
        keys = [product.id for product in products]

        async def applied() -> bool:
            count = await self.database.pool.fetchval(
                "select count(*) from applied where key = any($1::uuid[])", keys
            )
            return bool(count == 2 * len(keys))

        await eventually(applied)
        return products

    async def compared(self) -> list[Conclusion]:
        """What a full comparison comes to that is wished for now."""
        wanted = await verdicts.make_wish(self.database)

        async def granted() -> bool:
            concluded = await verdicts.conclusions(self.database)
            return len(concluded) == 2 and all(
                conclusion.granted is not None and conclusion.granted >= wanted
                for conclusion in concluded
            )

        await eventually(granted)
        return await verdicts.conclusions(self.database)

    async def wrong(self) -> set[Wrong]:
        """The differences after a full comparison."""
        await self.compared()
        found = await verdicts.differences(self.database)
        assert {named.tenant for named in found} <= {TENANT}
        return {(n.consumer, n.place, n.key, n.verdict, n.expected, n.version) for n in found}


@asynccontextmanager
async def shop(
    new_database: NewDatabase, broker: Broker, *, is_at_work: bool = True
) -> AsyncIterator[Shop]:
    settings = settings_for(broker)
    async with (
        opened(new_database(), *create_aggregate("product")) as own,
        opened(new_database(), TABLE) as database,
        AsyncExitStack() as processes,
    ):
        at = Shop(Owner(Transactions("sales", own)), database, settings, processes)
        for worker in at.workers() if is_at_work else ():
            await processes.enter_async_context(working(worker))
        if is_at_work:
            # What waits when a relay takes a slot over is said again after a while.
            await eventually(lambda: holds_slots(own))
        yield at


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Consumers of a busy machine may be behind for long."""
    monkeypatch.setattr("chassis.reconciliation.comparing._PATIENCE_SECONDS", 120.0)


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges and answers so small that a handful of keys needs several of both."""
    of_sizes(monkeypatch, rows=6, keys=4)


def of_sizes(monkeypatch: pytest.MonkeyPatch, *, rows: int, keys: int) -> None:
    """Let ranges have so many rows, and answers so many keys."""
    monkeypatch.setattr("chassis.reconciliation.publishing.ROWS_OF_RANGE", rows)
    monkeypatch.setattr("chassis.reconciliation.journalled.MOST_KEYS", keys)
    monkeypatch.setattr("chassis.reconciliation.comparing.MOST_KEYS", keys)


@pytest.mark.usefixtures("small_ranges")
async def test_every_key_and_row_that_differs_is_named_until_it_is_put_right(
    new_database: NewDatabase, own_broker: Broker
) -> None:
    async with shop(new_database, own_broker) as at:
        fine, lost, old, high, gone, hand, other = await at.stock(
            "fine", "lost", "old", "high", "gone", "hand", "other"
        )
        more = await at.stock(*(f"more {n}" for n in range(20)))
        renamed = await at.owner.rename(old, "older")
        assert await at.wrong() == set()
        stranger = uuid4()
        applied = "insert into applied (consumer, topic, tenant, key, version) values"
        await at.execute("delete from applied where consumer like '%actions' and key = $1", lost.id)
        await at.execute("update applied set version = 1 where key = $1", old.id)
        await at.execute("update applied set version = 9 where consumer like '%actions' and key = $1", high.id)  # fmt: skip  # noqa: E501
        await at.execute(f"{applied} ('shop.reactions', 'crm.sales.product', $1, $2, 4)", TENANT, stranger)  # fmt: skip  # noqa: E501
        await at.execute("delete from shelf where id = $1", gone.id)
        await at.execute("update shelf set name = 'else' where id = $1", hand.id)
        await at.execute(f"update shelf t set version = 5, seal = {SHELF.seal('u')} from (select tenant, id, 5::bigint as version, name from shelf) u where t.id = u.id and t.id = $1", other.id)  # fmt: skip  # noqa: E501
        await at.execute("insert into shelf values ($1, $1, 1, 'invented', 0)", TENANT)
        assert await at.wrong() == {
            ("shop.reactions", "", lost.id, "missing", 1, None),
            ("shop.reactions", "", old.id, "stale", 2, 1),
            ("shop.reactions", "", high.id, "surplus", 1, 9),
            ("shop.reactions", "", stranger, "surplus", None, 4),
            ("shop.shelf", "", old.id, "stale", 2, 1),
            ("shop.shelf", "shelf", old.id, "mismatched", 1, 2),
            ("shop.shelf", "shelf", gone.id, "vanished", 1, None),
            ("shop.shelf", "shelf", hand.id, "altered", 1, 1),
            ("shop.shelf", "shelf", other.id, "mismatched", 1, 5),
            ("shop.shelf", "shelf", TENANT, "altered", None, 1),
        }
        reactions, shelf = await at.compared()
        assert dict(reactions.found) == {"missing": 1, "stale": 1, "surplus": 2}
        assert dict(shelf.found) == {"stale": 1, "mismatched": 2, "vanished": 1, "altered": 2}
        assert reactions.cost.consumer.rows > len(more)
        assert reactions.cost.owner.rows > len(more)

        await at.execute("delete from applied where key = $1", stranger)
        await at.execute("delete from shelf where id = $1", TENANT)
        for product in (lost, high, gone, hand, other):
            # A new version puts right what was wrong with its row.
            await at.execute("update applied set version = 1 where key = $1", product.id)
            await at.execute(
                """insert into applied (consumer, topic, tenant, key, version)
                   values ('shop.reactions', 'crm.sales.product', $1, $2, 1)
                   on conflict do nothing""",
                TENANT,
                product.id,
            )
            await at.owner.rename(product, "right")
        await at.owner.rename(renamed, "right")
        await at.execute("update applied set version = 2 where key = $1", old.id)
        await at.owner.rename(fine, POISON)
        parked = {("shop.shelf", "", fine.id, "parked", 2, 1)}

        async def is_put_right() -> bool:
            return await at.wrong() == parked

        await eventually(is_put_right)


async def test_no_false_alarm_is_raised_while_events_are_in_flight(
    new_database: NewDatabase, own_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_sizes(monkeypatch, rows=60, keys=20)
    async with shop(new_database, own_broker) as at:
        products = await at.stock(*(f"product {n}" for n in range(40)))
        done = asyncio.Event()

        async def write() -> int:
            written = 0
            while not done.is_set():
                if written % 20 == 0:
                    products.append(await at.owner.create("new"))
                place = written % len(products)
                products[place] = await at.owner.rename(products[place], f"name {written}")
                written += 1
                await asyncio.sleep(0.005)
            return written

        writing = [asyncio.create_task(write())]
        asked = 0
        for _ in range(4):
            for conclusion in await at.compared():
                assert not conclusion.found
                assert conclusion.hindrance is None
                assert conclusion.as_of is not None
                asked += conclusion.cost.consumer.records
            assert not await verdicts.differences(at.database)
        done.set()
        (written,) = await asyncio.gather(*writing)
        assert written > 20
        assert asked > 0


async def test_one_process_does_it_and_another_goes_on_when_it_ends(
    new_database: NewDatabase, own_broker: Broker
) -> None:
    async with shop(new_database, own_broker) as at, AsyncExitStack() as second:

        async def holder() -> UUID | None:
            turn = "select holder from turn where name = 'reconciliation'"
            held: UUID | None = await at.database.pool.fetchval(turn)
            return held

        async def is_held() -> bool:
            return await holder() is not None

        await eventually(is_held)
        held = await holder()
        for worker in at.workers():
            await second.enter_async_context(working(worker))
        assert await at.wrong() == set()
        assert await holder() == held
        await at.processes.aclose()
        (lost,) = await at.stock("lost")
        await at.execute("delete from applied where key = $1 and consumer = 'shop.reactions'", lost.id)  # fmt: skip  # noqa: E501
        assert await at.wrong() == {("shop.reactions", "", lost.id, "missing", 1, None)}
        assert await holder() not in (None, held)


async def test_a_replaced_broker_changes_nothing(
    new_database: NewDatabase, own_broker: Broker
) -> None:
    async with shop(new_database, own_broker) as at:
        (product,) = await at.stock("product")
        assert await at.wrong() == set()
        own_broker.kill()
        own_broker.start()
        await at.execute("delete from shelf where id = $1", product.id)
        assert await at.wrong() == {("shop.shelf", "shelf", product.id, "vanished", 1, None)}


async def test_a_consumer_that_has_never_caught_up_is_not_accused(
    new_database: NewDatabase, own_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.reconciliation.comparing._PATIENCE_SECONDS", 0.5)
    async with shop(new_database, own_broker, is_at_work=False) as at:
        owning, following = at.workers()
        await at.processes.enter_async_context(working(owning))
        await at.owner.create("product")
        # Every batch fails.
        await at.execute("alter table applied add check (version < 0)")

        async def is_sent() -> bool:
            return await outbox_is_empty(at.owner)

        await eventually(is_sent)
        await at.processes.enter_async_context(working(following))
        for conclusion in await at.compared():
            assert conclusion.hindrance == "has never caught up yet"
            assert conclusion.as_of is None
        assert not await verdicts.differences(at.database)
        await at.execute("alter table applied drop constraint applied_version_check")

        async def is_proven() -> bool:
            return all(conclusion.as_of is not None for conclusion in await at.compared())

        await eventually(is_proven)
        assert not await verdicts.differences(at.database)


async def test_what_means_nothing_is_ignored_and_what_is_false_is_put_right(
    new_database: NewDatabase, own_broker: Broker
) -> None:
    def ignored() -> float:
        labels = {"service": "shop"}
        return REGISTRY.get_sample_value("meridian_reconciliation_ignored_total", labels) or 0.0

    async with shop(new_database, own_broker) as at:
        await at.stock("product")
        assert await at.wrong() == set()
        before = ignored()
        everything = Range(FIRST, LAST)
        false = Sum(7, "0" * 64)
        forged = Digest(
            owner="sales", range=everything, as_of=now(), topics={PRODUCT.topic.name: false}
        )
        strange = encode(forged).replace(b"crm.sales.product", b"crm.sales.nothing")
        backwards = encode(forged).replace(b'"as_of"', b'"range":{"after":[],"until":[]},"as_of"')
        producer = AIOKafkaProducer(bootstrap_servers=at.settings.kafka)
        await producer.start()
        for value in (b"{", b"\xff", None, strange, backwards, encode(forged), b"[" * 100_000):
            await producer.send_and_wait(RECONCILIATION.name, value, key=b"x", partition=0)
        await producer.stop()
        assert await at.wrong() == set()
        assert ignored() == before + 6


@pytest.mark.usefixtures("small_ranges")
async def test_unchanged_ranges_are_not_published_again(
    new_database: NewDatabase, own_broker: Broker
) -> None:
    async with shop(new_database, own_broker) as at:
        products = await at.stock(*(f"product {n}" for n in range(15)))
        await at.compared()
        before = await digests(at.settings)
        await at.compared()
        assert await digests(at.settings) == before
        await at.owner.rename(products[0], "other")
        await at.compared()
        assert len(await digests(at.settings)) <= len(before) + 2


async def digests(settings: PlatformSettings) -> list[Digest]:
    """Every digest on the broker."""
    found = [decode(record.value) for record in await records_of(RECONCILIATION, settings)]
    return [record for record in found if isinstance(record, Digest)]
