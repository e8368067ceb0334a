"""A database of either store, with what the chassis has in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import MetaData

from chassis.aggregates import AggregateStore
from chassis.database import Database
from chassis.mongodb.collecting import collect_pending
from chassis.mongodb.database import MongoDatabase
from chassis.mongodb.documents import DocumentStore
from chassis.schema import CURRENT, aggregate_table, create_aggregate
from chassis.storage import AnyDatabase, database_at
from chassis.stores import EitherStore
from chassis.transactions import Transaction
from events.catalogue import PRODUCT
from events.sales import Product
from events.topics import Topic, owned_by

THINGS = EitherStore(
    AggregateStore(
        PRODUCT,
        aggregate_table("product", MetaData()),
        state=Product,
        resource="products",
        columns=lambda _: {},
    ),
    DocumentStore(PRODUCT, state=Product, resource="products", columns=lambda _: {}, fields=()),
    Product,
)
"""Products, on whichever store a transaction is."""


@asynccontextmanager
async def opened_at(
    url: str, topics: Sequence[Topic] = (), tables: Sequence[str] = ()
) -> AsyncIterator[AnyDatabase]:
    """The database at `url`; on PostgreSQL the chassis' tables and these are made in it."""
    database = database_at(url, 6, topics)
    await database.open()
    if isinstance(database, Database):
        for statement in (*CURRENT, *tables):
            await database.pool.execute(statement)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def opened_for_products(url: str) -> AsyncIterator[AnyDatabase]:
    """The database of who owns products."""
    topics, tables = owned_by("sales"), create_aggregate("product")
    async with opened_at(url, topics, tables) as database:
        yield database


async def counts(database: AnyDatabase) -> tuple[int, int, int]:
    """How many (products, versions in the journal, versions that are not acknowledged)."""
    if isinstance(database, MongoDatabase):
        await collect_pending(database)
        products = await database["product"].count({"tenant": {"$exists": True}})
        journal = database["journal"]
        return products, await journal.count({}), await journal.count({"waiting": True})
    row = await database.pool.fetchrow(
        """select (select count(*) from product), (select count(*) from journal),
                  (select count(*) from outbox)"""
    )
    assert row is not None
    return row[0], row[1], row[2]


class Notes:
    """Which versions had an effect, noted where the effect is."""

    TABLE = "create table noted (id uuid, version bigint)"

    def __init__(self, database: AnyDatabase) -> None:
        self.database = database

    async def note(self, place: Any, id: UUID, version: int) -> None:
        """Note a version; `place` is a transaction, or what a replica is given."""
        if isinstance(self.database, MongoDatabase):
            noted = {"id": str(id), "version": version}
            document = {"_id": f"{id}@{version}"}
            await self.database["noted"].update(document, {"$set": noted}, upsert=True)
            return
        connection = place.connection if isinstance(place, Transaction) else place
        await connection.execute("insert into noted (id, version) values ($1, $2)", id, version)

    async def of(self, id: UUID) -> list[int]:
        rows: Sequence[Any]
        if isinstance(self.database, MongoDatabase):
            of_id = {"id": str(id)}
            rows = await self.database["noted"].find(of_id, order=[("version", 1)])
        else:
            rows = await self.database.pool.fetch(
                "select version from noted where id = $1 order by 1", id
            )
        return [row["version"] for row in rows]

    async def discarded(self) -> list[tuple[int, str, str]]:
        rows: Sequence[Any]
        if isinstance(self.database, MongoDatabase):
            rows = await self.database["discarded"].find({})
        else:
            rows = await self.database.pool.fetch("select version, by, reason from discarded")
        return [(row["version"], row["by"], row["reason"]) for row in rows]

    async def undecodable(self) -> list[bytes]:
        rows: Sequence[Any]
        if isinstance(self.database, MongoDatabase):
            rows = await self.database["undecodable"].find({})
        else:
            rows = await self.database.pool.fetch("select value from undecodable")
        return [bytes(row["value"]) for row in rows]
