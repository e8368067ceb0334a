"""From a commit to its effect in another service, through relay, broker and inbox."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import MetaData

from chassis.aggregates import AggregateStore
from chassis.database import Connection, Database
from chassis.freshness import Freshness
from chassis.identity import system_identity
from chassis.inbox import AnyEvent, Consumer, Reaction, Replica
from chassis.kafka import admin
from chassis.problems import ProjectionBehind
from chassis.schema import V1, aggregate_table, create_aggregate
from chassis.settings import PlatformSettings
from chassis.transactions import Transaction, Transactions, now, uuid7
from chassis.worker import Worker
from cli.local.broker import Broker
from cli.local.ports import any_ports
from events.catalogue import PRODUCT
from events.sales import Product
from events.values import Money

TENANT = uuid4()
THINGS = AggregateStore(
    PRODUCT,
    aggregate_table("product", MetaData()),
    state=Product,
    resource="products",
    columns=lambda _: {},
)


class Owner:
    """A service that owns products."""

    def __init__(self, transactions: Transactions) -> None:
        self.transactions = transactions

    async def create(self, name: str) -> Product:
        return await self._save("created", None, name)

    async def rename(self, product: Product, name: str) -> Product:
        return await self._save("changed", product, name)

    async def _save(self, verb: str, before: Product | None, name: str) -> Product:
        identity = system_identity(TENANT, "sales")
        after = Product(
            id=before.id if before else uuid7(),
            version=before.version if before else 0,
            name=name,
            price=Money(Decimal("1.00"), "EUR"),
        )
        async with self.transactions.begin(identity) as transaction:
            return await THINGS.save(transaction, verb, before, after)


class Reader:
    """A service that follows products: a replica of their names, a reaction to each version."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.poison: str | None = None
        self.consumers = (
            Consumer("reader.replica", (Replica(PRODUCT, self._keep),)),
            Consumer("reader.reactions", (Reaction(PRODUCT, self._react, lambda _: True),)),
        )

    async def _keep(self, connection: Connection, events: Sequence[AnyEvent]) -> None:
        await connection.executemany(
            """insert into kept (id, name) values ($1, $2)
               on conflict (id) do update set name = excluded.name""",
            [(product.id, product.name) for product in map(_product, events)],
        )

    async def _react(self, transaction: Transaction, event: AnyEvent) -> None:
        product = _product(event)
        if product.name == self.poison:
            raise ValueError("this name is poison")
        await transaction.connection.execute(
            "insert into reacted (id, version, name) values ($1, $2, $3)",
            product.id,
            event.aggregateversion,
            product.name,
        )

    async def kept(self) -> dict[UUID, str]:
        rows = await self.database.pool.fetch("select id, name from kept")
        return {row["id"]: row["name"] for row in rows}

    async def reacted(self) -> Counter[tuple[UUID, int]]:
        rows = await self.database.pool.fetch("select id, version from reacted")
        return Counter((row["id"], row["version"]) for row in rows)


def _product(event: AnyEvent) -> Product:
    product = event.data.after
    assert isinstance(product, Product)
    return product


@asynccontextmanager
async def opened(url: str, *tables: str) -> AsyncIterator[Database]:
    connection = await asyncpg.connect(url)
    for statement in (*V1, *tables):
        await connection.execute(statement)
    await connection.close()
    database = Database(url, 8)
    await database.open()
    yield database
    await database.close()


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[Worker]:
    task = asyncio.create_task(worker.run())
    yield worker
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(any_ports(["broker"])["broker"], tmp_path / "broker.log")
    broker.start()
    yield broker
    broker.stop()


def settings_for(broker: Broker) -> PlatformSettings:
    return PlatformSettings(
        kafka=broker.bootstrap,
        kafka_session_timeout_ms=3_000,
        relay_lease_seconds=1.5,
        generation_check_seconds=0.2,
    )


@asynccontextmanager
async def pair(
    new_database: Callable[[], str], broker: Broker
) -> AsyncIterator[tuple[Owner, Reader, PlatformSettings]]:
    """An owner and a reader, each with a worker, on one broker."""
    settings = settings_for(broker)
    async with (
        opened(new_database(), *create_aggregate("product")) as own,
        opened(
            new_database(),
            "create table kept (id uuid primary key, name text)",
            "create table reacted (id uuid, version bigint, name text)",
        ) as read,
    ):
        transactions = Transactions("sales", own)
        reader = Reader(read)
        reading = Transactions("reader", read)
        async with (
            working(Worker("sales", "sales", (), transactions, settings)),
            working(Worker("reader", "reader", reader.consumers, reading, settings)),
        ):
            yield Owner(transactions), reader, settings


async def outbox_is_empty(owner: Owner) -> bool:
    return not await owner.transactions.database.pool.fetchval("select count(*) from outbox")


async def test_every_version_reaches_every_consumer_exactly_once(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker) as (owner, reader, _):
        products = [await owner.create(f"product {n}") for n in range(50)]
        renamed = [await owner.rename(product, product.name + "!") for product in products]

        async def done() -> bool:
            return len(await reader.reacted()) == 100

        await eventually(done)
        assert set((await reader.reacted()).values()) == {1}
        assert await reader.kept() == {product.id: product.name for product in renamed}
        await eventually(lambda: outbox_is_empty(owner))


async def test_a_broker_that_lost_its_memory_is_refilled(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker) as (owner, reader, _):
        before = [await owner.create(f"before {n}") for n in range(20)]

        async def seen_before() -> bool:
            return len(await reader.kept()) == 20

        await eventually(seen_before)
        process = own_broker._process
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        during = [await owner.create(f"during {n}") for n in range(20)]
        own_broker.start()
        after = [await owner.create(f"after {n}") for n in range(20)]

        async def all_seen() -> bool:
            return len(await reader.reacted()) == 60

        await eventually(all_seen, 60)
        assert set((await reader.reacted()).values()) == {1}
        assert set(await reader.kept()) == {p.id for p in (*before, *during, *after)}


async def test_a_projection_is_never_newer_than_what_has_been_sent(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker) as (owner, reader, settings):
        replica = Freshness(reader.consumers[0])

        async def as_of() -> datetime | None:
            async with reader.database.pool.acquire() as connection:
                try:
                    return await replica.as_of(connection)
                except ProjectionBehind:
                    return None

        started = now()

        async def is_later_than(moment: datetime) -> bool:
            found = await as_of()
            return found is not None and found > moment

        await eventually(lambda: is_later_than(started))
        # Another relay holds the slots and sends nothing.
        await owner.transactions.database.pool.execute(
            "update relay_slot set owner = $1, until = now() + interval '1 hour'", uuid4()
        )
        await asyncio.sleep(settings.relay_lease_seconds)
        await owner.create("unsent")
        unsent = await owner.transactions.database.pool.fetchval(
            "select min(recordedtime) from outbox"
        )
        await eventually(lambda: is_later_than(unsent - timedelta(milliseconds=1)))
        await asyncio.sleep(1)
        assert await as_of() == unsent
        # It gives them back.
        await owner.transactions.database.pool.execute("update relay_slot set until = now()")
        await eventually(lambda: is_later_than(unsent))


async def test_a_reaction_that_fails_parks_its_key_and_no_other(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker) as (owner, reader, _):
        reader.poison = "poison"
        bad = await owner.create("poison")
        await owner.rename(bad, "after the poison")
        good = await owner.create("good")

        async def parked() -> bool:
            rows = await reader.database.pool.fetch("select version from parked order by version")
            return [row["version"] for row in rows] == [1, 2]

        await eventually(parked)

        async def good_seen() -> bool:
            return list(await reader.reacted()) == [(good.id, 1)]

        await eventually(good_seen)

        async def kept() -> bool:
            return (await reader.kept()).get(bad.id) == "after the poison"

        # The replica has no quarrel with the name.
        await eventually(kept)


@pytest.mark.parametrize(
    "value",
    [None, b"", b"not json", b"[]", b'{"specversion": "1.0"}', b"\xff\xfe", b"[" * 100_000],
    ids=["null", "empty", "not JSON", "no object", "no event", "not UTF-8", "nested"],
)
async def test_what_is_no_event_is_set_aside_and_stops_nothing(
    new_database: Callable[[], str], own_broker: Broker, value: bytes | None
) -> None:
    async with pair(new_database, own_broker) as (owner, reader, settings):
        first = await owner.create("first")

        async def first_seen() -> bool:
            return first.id in await reader.kept()

        await eventually(first_seen)
        producer = AIOKafkaProducer(bootstrap_servers=settings.kafka)
        await producer.start()
        await producer.send_and_wait(
            PRODUCT.topic.name, value, key=b"x", partition=0, headers=[("ce_id", None)]
        )
        await producer.stop()
        second = await owner.create("second")

        async def second_seen() -> bool:
            return (second.id, 1) in await reader.reacted()

        await eventually(second_seen)

        async def set_aside_by_both() -> bool:
            rows = await reader.database.pool.fetch("select consumer from undecodable")
            return sorted(row["consumer"] for row in rows) == ["reader.reactions", "reader.replica"]

        await eventually(set_aside_by_both)


async def test_topics_that_a_client_made_too_early_are_made_anew(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    settings = settings_for(own_broker)
    async with admin(settings) as client:
        await client.describe_topics([PRODUCT.topic.name])
        early = await client.describe_topics([PRODUCT.topic.name])
        assert len(early[0]["partitions"]) != PRODUCT.topic.partitions
    async with pair(new_database, own_broker) as (owner, reader, _):
        product = await owner.create("first")

        async def seen() -> bool:
            return product.id in await reader.kept()

        await eventually(seen)
        async with admin(settings) as client:
            described = await client.describe_topics([PRODUCT.topic.name])
            assert len(described[0]["partitions"]) == PRODUCT.topic.partitions
