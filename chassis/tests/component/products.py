"""Two services that speak through a broker: one owns products, the other follows them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID, uuid4

import asyncpg
from aiokafka import ConsumerRecord, TopicPartition

from chassis.database import Connection, Database
from chassis.decoding import AnyEvent
from chassis.freshness import Freshness
from chassis.identity import system_identity
from chassis.inbox import Consumer, Reaction, Replica
from chassis.kafka import end, open_reader
from chassis.problems import ProjectionBehind
from chassis.schema import CURRENT
from chassis.settings import PlatformSettings
from chassis.tests.component.stores import THINGS, opened_for_products
from chassis.transactions import Transaction, Transactions, uuid7
from chassis.worker import Worker
from cli.local.broker import Broker
from events.catalogue import PRODUCT
from events.sales import Product
from events.topics import Topic
from events.values import Money

Record: TypeAlias = ConsumerRecord[bytes, bytes]

_PATIENCE_SECONDS = 120

TENANT = uuid4()


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
        self.is_out = False
        self.consumers = (
            Consumer("reader.replica", (Replica(PRODUCT, self.keep),)),
            Consumer("reader.reactions", (Reaction(PRODUCT, self._react, lambda _: True),)),
        )

    def worker(self, settings: PlatformSettings) -> Worker:
        """One process of this service."""
        transactions = Transactions("reader", self.database)
        return Worker("reader", "reader", self.consumers, transactions, settings)

    async def keep(self, connection: Connection, events: Sequence[AnyEvent]) -> None:
        if self.is_out:
            raise OSError("a store is away")
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

    async def order_of_reactions(self, product: Product) -> list[int]:
        """The versions of `product`, in the order in which they were reacted to."""
        rows = await self.database.pool.fetch(
            "select version from reacted where id = $1 order by place", product.id
        )
        return [row["version"] for row in rows]

    async def reacted(self) -> Counter[tuple[UUID, int]]:
        rows = await self.database.pool.fetch("select id, version from reacted")
        return Counter((row["id"], row["version"]) for row in rows)

    async def as_of(self) -> datetime | None:
        """Up to when its replica is fresh; None as long as it has not caught up once."""
        async with self.database.pool.acquire() as connection:
            try:
                return await Freshness(self.consumers[0]).as_of(connection)
            except ProjectionBehind:
                return None


def _product(event: AnyEvent) -> Product:
    product = event.data.after
    assert isinstance(product, Product)
    return product


@asynccontextmanager
async def opened(url: str, *tables: str) -> AsyncIterator[Database]:
    connection = await asyncpg.connect(url)
    for statement in (*CURRENT, *tables):
        await connection.execute(statement)
    await connection.close()
    database = Database(url, 8)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[Worker]:
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return once `condition` holds; TimeoutError when not even a busy machine explains that."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not await condition():
            await asyncio.sleep(0.05)


def settings_for(broker: Broker, lease_seconds: float = 1.5) -> PlatformSettings:
    """Settings under which what has gone wrong is noticed soon."""
    return PlatformSettings(
        # Several addresses are the usual thing.
        kafka=f"{broker.bootstrap},{broker.bootstrap}",
        kafka_session_timeout_ms=broker.shortest_session_ms,
        relay_lease_seconds=lease_seconds,
        generation_check_seconds=0.2,
        consumer_patience_seconds=0.5,
    )


@asynccontextmanager
async def owner_of_products(
    new_database: Callable[[], str], settings: PlatformSettings
) -> AsyncIterator[Owner]:
    """An owner at work."""
    async with opened_for_products(new_database()) as database:
        transactions = Transactions("sales", database)
        async with working(Worker("sales", "sales", (), transactions, settings)):
            yield Owner(transactions)


@asynccontextmanager
async def reader_of_products(new_database: Callable[[], str]) -> AsyncIterator[Reader]:
    """A reader with its tables, not at work yet: `working(reader.worker(settings))`."""
    async with opened(
        new_database(),
        "create table kept (id uuid primary key, name text)",
        "create table reacted (id uuid, version bigint, name text, place bigserial)",
    ) as database:
        yield Reader(database)


@asynccontextmanager
async def pair(
    new_database: Callable[[], str],
    broker: Broker,
    new_store: Callable[[], str] | None = None,
    *,
    lease_seconds: float = 1.5,
) -> AsyncIterator[tuple[Owner, Reader, PlatformSettings]]:
    """An owner and a reader, both at work, on one broker; the owner's store may be another."""
    settings = settings_for(broker, lease_seconds)
    async with (
        owner_of_products(new_store or new_database, settings) as owner,
        reader_of_products(new_database) as reader,
        working(reader.worker(settings)),
    ):
        yield owner, reader, settings


@asynccontextmanager
async def slots_held_by_another(database: Database) -> AsyncIterator[None]:
    """Another relay holds every slot, and sends nothing."""
    other = uuid4()

    async def hold() -> None:
        while True:
            await database.pool.execute(
                "update relay_slot set owner = $1, until = clock_timestamp() + interval '1 second'",
                other,
            )
            await asyncio.sleep(0.1)

    holding = asyncio.create_task(hold())
    try:
        yield
    finally:
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)


async def holds_slots(database: Database) -> bool:
    """Whether a relay of this owner has taken slots."""
    return bool(
        await database.pool.fetchval("select count(*) from relay_slot where owner is not null")
    )


async def outbox_is_empty(owner: Owner) -> bool:
    return await owner.transactions.storage.waiting() == (0, 0)


async def records_of(topic: Topic, settings: PlatformSettings) -> list[Record]:
    """Everything that the broker holds of `topic` now, partition by partition."""
    places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    reader = await open_reader(settings)
    try:
        reader.assign(places)
        await reader.seek_to_beginning(*places)
        ends = await reader.end_offsets(places)
        found: list[Record] = []
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while any([await reader.position(place) < ends[place] for place in places]):
                fetched = await reader.getmany(timeout_ms=200)
                found += [record for batch in fetched.values() for record in batch]
        return sorted(found, key=lambda record: (record.partition, record.offset))
    finally:
        await end(reader)


def key_of(record: Record) -> UUID:
    """The aggregate's id in the record's key."""
    assert record.key is not None
    return UUID(record.key.decode().rpartition(":")[2])
