"""Chronicles: every version that comes is written down once, in order, of all topics together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
import pytest

from chassis.database import Connection, Database
from chassis.decoding import AnyEvent, Delivery
from chassis.inbox import Chronicle, Consumer, Inbox, Told
from chassis.parking import parked_keys
from chassis.testing import event
from chassis.tests.component.products import opened
from chassis.transactions import Transactions
from events.catalogue import PRODUCT, REASON
from events.envelope import partition_key
from events.sales import Product, Reason
from events.values import Money

TENANT = uuid4()


class Book:
    """Notes what it is told, a row for each, and refuses some names."""

    TABLE = "create table book (id uuid, version bigint, call bigint, body bytea, n bigserial)"

    def __init__(self, database: Database) -> None:
        self.database = database
        self.refused: set[str] = set()
        self.calls = 0
        handlers = tuple(Chronicle(aggregate, self._write) for aggregate in (PRODUCT, REASON))
        self.inbox = Inbox(Consumer("test.book", handlers), Transactions("test", database))

    async def _write(self, connection: Connection, told: Sequence[Told]) -> None:
        self.calls += 1
        await connection.executemany(
            "insert into book (id, version, call, body) values ($1, $2, $3, $4)",
            [
                (UUID(one.event.subject), one.event.aggregateversion, self.calls, one.body)
                for one in told
            ],
        )
        states = [msgspec.json.decode(one.body)["data"]["after"] for one in told]
        if self.refused & {state["name"] for state in states}:
            raise ValueError("this name is refused")

    async def versions(self, id: UUID) -> list[int]:
        rows = await self.database.pool.fetch(
            "select version from book where id = $1 order by n", id
        )
        return [row["version"] for row in rows]


@pytest.fixture
async def book(new_database: Callable[[], str]) -> AsyncIterator[Book]:
    async with opened(new_database(), Book.TABLE) as database:
        yield Book(database)


def product(id: UUID, number: int, name: str = "fine") -> AnyEvent:
    state = Product(id=id, version=number, name=name, price=Money(Decimal(1), "EUR"))
    return event(PRODUCT, "changed", state, tenant=TENANT)


def reason(id: UUID) -> AnyEvent:
    state = Reason(id=id, version=1, outcome="lost", code="too_dear", name="too dear")
    return event(REASON, "created", state, tenant=TENANT)


async def test_every_version_is_written_once_in_order_from_the_first_that_comes(
    book: Book,
) -> None:
    id = uuid4()
    await book.inbox.apply_events([product(id, 5), product(id, 4), product(id, 5)])
    await book.inbox.apply_events([product(id, 3), product(id, 5), product(id, 6)])
    assert await book.versions(id) == [4, 5, 6]
    assert await parked_keys(book.database) == []


async def test_what_comes_behind_a_gap_waits_until_it_is_filled(book: Book) -> None:
    """As where a relay sends on while what a lost broker had is being sent again."""
    id, other = uuid4(), uuid4()
    await book.inbox.apply_events([product(id, 1), product(id, 3)])
    await book.inbox.apply_events([product(id, 4), product(other, 7)])
    assert (await book.versions(id), await book.versions(other)) == ([1], [7])
    [parked] = await parked_keys(book.database)
    assert (parked.gap, parked.first_version, parked.events) == (True, 3, 2)
    await book.inbox.apply_events([product(id, 1), product(id, 2), product(id, 3)])
    assert await book.versions(id) == [1, 2, 3, 4]
    assert await parked_keys(book.database) == []


async def test_a_batch_of_several_topics_is_written_in_one_call(book: Book) -> None:
    await book.inbox.apply_events([product(uuid4(), 1), reason(uuid4()), product(uuid4(), 1)])
    assert book.calls == 1


async def test_two_processes_write_nothing_twice(book: Book) -> None:
    other, id = Book(book.database), uuid4()
    told = [product(id, number) for number in range(1, 20)]
    both = (one.inbox.apply_events(told) for one in (book, other))
    await asyncio.gather(*both, return_exceptions=True)
    assert await book.versions(id) == list(range(1, 20))


async def test_what_cannot_be_written_parks_its_key_and_holds_no_other_up(book: Book) -> None:
    # Records of two kinds may have one id: the other kind's goes on.
    bad, good = uuid4(), uuid4()
    book.refused = {"bad"}
    await book.inbox.apply_events(
        [product(bad, 1), product(bad, 2, "bad"), product(bad, 3), product(good, 1), reason(bad)]
    )
    await book.inbox.apply_events([product(bad, 4)])
    assert sorted(await book.versions(bad)) == [1, 1]
    assert await book.versions(good) == [1]
    [parked] = await parked_keys(book.database)
    assert (parked.key, parked.first_version, parked.events) == (bad, 2, 3)

    book.refused = set()
    assert await book.inbox.redrive(PRODUCT.topic.name, (TENANT, bad)) == 3
    assert (await book.versions(bad))[-3:] == [2, 3, 4]


async def test_what_this_version_cannot_read_is_kept_as_it_came(book: Book) -> None:
    told = product(uuid4(), 1)
    document = msgspec.json.decode(msgspec.json.encode(told))
    document |= {"unknown": "to this version"}
    document["data"]["after"]["price"] = "on request"
    value = msgspec.json.encode(document)
    key = partition_key(TENANT, told.subject)
    read = await book.inbox.decoding.read([Delivery(PRODUCT.topic.name, 0, 0, key, value)])
    await book.inbox.apply("a generation", read)
    assert await book.database.pool.fetchval("select body from book") == value
