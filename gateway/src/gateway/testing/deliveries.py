"""One process that writes the log and reads it, without a broker before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import msgspec

from chassis.database import Database
from chassis.decoding import AnyEvent
from chassis.inbox import Inbox
from chassis.testing import emptied, event
from chassis.transactions import Transactions, now
from events.catalogue import AGGREGATES, PERSON, PRODUCT
from events.contacts import Person
from events.sales import Product
from events.topics import Aggregate
from events.values import Money
from gateway.delivery.log.entry import Entry, Reach
from gateway.delivery.log.log import Log, open_log
from gateway.delivery.log.writing import DELIVERY

_positions = count(1)

EVERYTHING = Reach(everywhere=tuple(aggregate.topic.name for aggregate in AGGREGATES))


class Desk:
    """What one process of the gateway has of the log."""

    def __init__(self, database: Database, log: Log) -> None:
        self.database = database
        self.log = log
        self.inbox = Inbox(DELIVERY, Transactions("gateway", database))

    async def deliver(self, *events: AnyEvent) -> int:
        """Hand one batch of events to the log, as the broker does; how many are new."""
        return await self.inbox.apply_events(events)

    async def everything(self, tenant: UUID, after: int = 0) -> list[Entry]:
        """All entries after a sequence."""
        found: list[Entry] = []
        has_more = True
        while has_more:
            portion = await self.log.read(tenant, after, 500, EVERYTHING)
            found += portion.entries
            after, has_more = portion.after, portion.has_more
        return found


@asynccontextmanager
async def opened_desk(url: str) -> AsyncIterator[Desk]:
    """A process of its own: its pool, and its ears."""
    database = Database(url, 8)
    await database.open()
    try:
        async with open_log(database, asyncio.Event()) as log:
            yield Desk(database, log)
    finally:
        await database.close()


def product(tenant: UUID, id: UUID, version: int, **fields: Any) -> AnyEvent:
    """The event of a version of a product."""
    draft: dict[str, Any] = {"name": "Кухня", "price": Money(Decimal("1.00"), "RUB")}
    state = Product(id=id, version=version, **(draft | fields))
    return _recorded(event(PRODUCT, _verb(version), state, tenant=tenant))


def products(tenant: UUID, count: int) -> Sequence[AnyEvent]:
    """As many events, each of a product of its own."""
    return [product(tenant, uuid4(), 1) for _ in range(count)]


def person(tenant: UUID, id: UUID, version: int, **fields: Any) -> AnyEvent:
    """The event of a version of a person."""
    state = Person(id=id, version=version, **({"given_name": "Ольга"} | fields))
    return _recorded(event(PERSON, _verb(version), state, tenant=tenant))


def removed(aggregate: Aggregate, verb: str, tenant: UUID, id: UUID, version: int) -> AnyEvent:
    """The event of a removal."""
    return _recorded(emptied(aggregate, verb, id, version, tenant=tenant))


def _verb(version: int) -> str:
    return "created" if version == 1 else "changed"


def _recorded(told: AnyEvent) -> AnyEvent:
    """As its owner's relay sends it."""
    return msgspec.structs.replace(told, recordedtime=now(), position=next(_positions))
