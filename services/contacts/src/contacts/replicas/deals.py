"""Which products customers are about to buy, and what other systems call these, from sales."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.database import Connection
from chassis.inbox import Replica
from chassis.mongodb.database import AlreadyThere, MongoDatabase
from chassis.mongodb.names import kept, key_of
from chassis.schema import metadata
from contacts.replicas.naming import Called, names_of
from events.catalogue import DEAL, PRODUCT
from events.envelope import Event
from events.sales import Deal, Product

OPEN_DEAL = Table(
    "open_deal",
    metadata,
    Column("tenant", Uuid),
    Column("id", Uuid),
    Column("owner", Uuid),
    Column("department", Uuid),
    Column("customer", Uuid),
    Column("products", ARRAY(Uuid)),
)
PRODUCT_NAME = Table(
    "product_name",
    metadata,
    Column("tenant", Uuid),
    Column("id", Uuid),
    Column("names", ARRAY(Text)),
)
DEAL_INDEXES = (("tenant", "customer"),)


def _wanted(deal: Deal) -> tuple[UUID, list[UUID]] | None:
    """(customer, products) of a deal that is open and says both."""
    if deal.status != "open" or deal.customer is None or not deal.lines:
        return None
    return deal.customer.id, list(dict.fromkeys(line.product for line in deal.lines))


async def keep_deals(connection: Connection, events: Sequence[Event[Deal]]) -> None:
    await connection.executemany(
        "delete from open_deal where tenant = $1 and id = $2",
        [(event.tenantid, UUID(event.subject)) for event in events],
    )
    await connection.executemany(
        """insert into open_deal (tenant, id, version, owner, department, customer, products)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        [
            (event.tenantid, deal.id, event.aggregateversion, deal.owner, deal.department, *wanted)
            for event in events
            if (deal := event.data.after) is not None and (wanted := _wanted(deal)) is not None
        ],
    )


async def keep_deal_documents(database: MongoDatabase, events: Sequence[Event[Deal]]) -> None:
    for event in events:
        deal = event.data.after
        wanted = _wanted(deal) if deal is not None else None
        of_deal = {"_id": key_of(event.tenantid, UUID(event.subject))}
        older = {**of_deal, "version": {"$lt": event.aggregateversion}}
        if deal is None or wanted is None:
            await database["open_deal"].delete(older)
            continue
        customer, products = wanted
        known = {
            "tenant": str(event.tenantid),
            "version": event.aggregateversion,
            "owner": kept(deal.owner),
            "department": kept(deal.department),
            "customer": str(customer),
            "products": [str(product) for product in products],
        }
        await _put(database, "open_deal", older, known)


async def keep_products(connection: Connection, events: Sequence[Event[Product]]) -> None:
    await connection.executemany(
        """insert into product_name (tenant, id, version, names) values ($1, $2, $3, $4)
           on conflict (tenant, id)
           do update set version = excluded.version, names = excluded.names
           where product_name.version < excluded.version""",
        [
            (event.tenantid, product.id, event.aggregateversion, _names(product))
            for event in events
            if (product := event.data.after) is not None
        ],
    )


async def keep_product_documents(database: MongoDatabase, events: Sequence[Event[Product]]) -> None:
    for event in events:
        if (product := event.data.after) is not None:
            version = event.aggregateversion
            older = {"_id": key_of(event.tenantid, product.id), "version": {"$lt": version}}
            known = {"version": version, "names": _names(product)}
            await _put(database, "product_name", older, known)


async def _put(
    database: MongoDatabase, collection: str, older: dict[str, Any], known: dict[str, Any]
) -> None:
    """Keep what is known, unless something newer is."""
    with suppress(AlreadyThere):
        await database[collection].update(older, {"$set": known}, upsert=True)


def _names(product: Product) -> list[str]:
    return names_of(Called(product.id, product.external_ids))


DEALS = Replica(DEAL, keep_deals, apply_documents=keep_deal_documents)
PRODUCTS = Replica(PRODUCT, keep_products, apply_documents=keep_product_documents)
