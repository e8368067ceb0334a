"""Aggregate, journal and outbox change together or not at all, on either store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
import pytest

from chassis.database import Database
from chassis.identity import system_identity
from chassis.journal import Step
from chassis.problems import EventTooLarge, ExternalIdTaken, NotFound, VersionLost
from chassis.testing_records import records_of
from chassis.tests.component.stores import THINGS, counts, opened_for_products
from chassis.transactions import Cause, Transactions, uuid7
from events.catalogue import PRODUCT
from events.envelope import Event
from events.sales import Product
from events.values import ExternalId, Money

IDENTITY = system_identity(uuid4(), "sales")


def product(name: str = "thing", *external: str, id: UUID | None = None) -> Product:
    return Product(
        id=id or uuid7(),
        version=0,
        name=name,
        price=Money(Decimal("1.00"), "EUR"),
        external_ids=tuple(ExternalId("erp", "item", code) for code in external),
    )


@pytest.fixture
async def transactions(new_store: Callable[[], str]) -> AsyncIterator[Transactions]:
    async with opened_for_products(new_store()) as database:
        yield Transactions("sales", database)


async def fail_after_saving(transactions: Transactions) -> None:
    async with transactions.begin(IDENTITY) as transaction:
        await THINGS.save(transaction, "created", None, product())
        raise RuntimeError


async def test_an_event_says_everything_that_the_envelope_asks_for(
    transactions: Transactions,
) -> None:
    cause = Cause(correlation="c-1", reason="asked to", origin="erp")
    async with transactions.begin(IDENTITY, cause) as transaction:
        first = await THINGS.save(transaction, "created", None, product("before"))
        await THINGS.save(
            transaction, "changed", first, msgspec.structs.replace(first, name="after")
        )
        token = transaction.read_after()
    bodies = await records_of(transactions.any_database).journal(IDENTITY.tenant)
    created, changed = (
        msgspec.json.decode(body, type=Event[Product], strict=True) for body in bodies
    )
    assert token == f"crm.sales.product/{first.id}@2"
    assert created.type == "crm.sales.product.created.v1"
    assert created.data.changed == {}
    assert changed.aggregateversion == 2
    assert changed.data.after is not None
    assert changed.data.after.name == "after"
    assert changed.data.changed == {"name": "before"}
    assert (changed.actor, changed.reason, changed.origin) == ("system:sales", "asked to", "erp")
    assert changed.correlationid == "c-1"


async def test_of_two_commands_on_one_version_one_is_lost_and_journals_nothing(
    transactions: Transactions,
) -> None:
    async with transactions.begin(IDENTITY) as transaction:
        thing = await THINGS.save(transaction, "created", None, product())

    async def rename(name: str) -> bool:
        try:
            async with transactions.begin(IDENTITY) as transaction:
                renamed = msgspec.structs.replace(thing, name=name)
                await THINGS.save(transaction, "changed", thing, renamed)
        except VersionLost:
            return False
        return True

    outcomes = await asyncio.gather(*(rename(f"name {n}") for n in range(5)))
    assert sorted(outcomes) == [False] * 4 + [True]
    assert await counts(transactions.any_database) == (1, 2, 2)


async def test_each_version_is_one_event_and_the_journal_has_them_in_turn(
    transactions: Transactions,
) -> None:
    thing = product()
    before: Product | None = None
    for n in range(40):
        named = msgspec.structs.replace(before or thing, name=f"name {n}")
        async with transactions.begin(IDENTITY) as transaction:
            verb = "created" if before is None else "changed"
            before = await THINGS.save(transaction, verb, before, named)
    bodies = await records_of(transactions.any_database).journal(IDENTITY.tenant)
    events = [msgspec.json.decode(body, type=Event[Product]) for body in bodies]
    assert [event.aggregateversion for event in events] == list(range(1, 41))
    assert len({event.id for event in events}) == 40


async def test_a_state_that_does_not_change_writes_nothing(transactions: Transactions) -> None:
    async with transactions.begin(IDENTITY) as transaction:
        thing = await THINGS.save(transaction, "created", None, product())
        assert await THINGS.save(transaction, "changed", thing, thing) is thing
    assert await counts(transactions.any_database) == (1, 1, 1)


async def test_a_failing_command_leaves_nothing(transactions: Transactions) -> None:
    with pytest.raises(RuntimeError):
        await fail_after_saving(transactions)
    assert await counts(transactions.any_database) == (0, 0, 0)


async def test_an_external_id_names_one_record(transactions: Transactions) -> None:
    async with transactions.begin(IDENTITY) as transaction:
        await THINGS.save(transaction, "created", None, product("one", "A-1"))
    with pytest.raises(ExternalIdTaken):
        async with transactions.begin(IDENTITY) as transaction:
            await THINGS.save(transaction, "created", None, product("other", "A-1"))
    async with transactions.begin(system_identity(uuid4(), "sales")) as transaction:
        await THINGS.save(transaction, "created", None, product("another tenant's", "A-1"))
    assert (await counts(transactions.any_database))[0] == 2


async def test_an_external_id_that_is_given_back_is_free_again(transactions: Transactions) -> None:
    async with transactions.begin(IDENTITY) as transaction:
        first = await THINGS.save(transaction, "created", None, product("one", "A-1", "A-2"))
        without = msgspec.structs.replace(first, external_ids=first.external_ids[1:])
        await THINGS.save(transaction, "changed", first, without)
        await THINGS.save(transaction, "created", None, product("other", "A-1"))
    with pytest.raises(ExternalIdTaken):
        async with transactions.begin(IDENTITY) as transaction:
            await THINGS.save(transaction, "created", None, product("third", "A-2"))


async def test_what_could_not_be_sent_is_refused(transactions: Transactions) -> None:
    with pytest.raises(EventTooLarge):
        async with transactions.begin(IDENTITY) as transaction:
            await THINGS.save(transaction, "created", None, product("x" * 1_000_000))
    assert await counts(transactions.any_database) == (0, 0, 0)


async def test_many_at_once_are_one_version_each(transactions: Transactions) -> None:
    # FerretDB, on which this may run, has one command done at a time.
    many = 1_000 if isinstance(transactions.any_database, Database) else 50
    async with transactions.begin(IDENTITY) as transaction:
        steps: list[Step] = [
            THINGS.step(transaction, "created", None, product(f"thing {n}", f"B-{n}"))
            for n in range(many)
        ]
        assert await THINGS.save_all(transaction, steps) == {}
        tokens = transaction.read_after().split(", ")
    assert await counts(transactions.any_database) == (many, many, many)
    assert len(tokens) == PRODUCT.topic.partitions


async def test_commits_tell_the_relay_and_failures_do_not(transactions: Transactions) -> None:
    woken: list[bool] = []
    transactions.on_commit(lambda: woken.append(True))
    async with transactions.begin(IDENTITY) as transaction:
        await THINGS.save(transaction, "created", None, product())
    assert woken == [True]
    with pytest.raises(RuntimeError):
        await fail_after_saving(transactions)
    assert woken == [True]


async def test_a_reader_of_one_tenant_never_sees_anothers(transactions: Transactions) -> None:
    async with transactions.begin(IDENTITY) as transaction:
        thing = await THINGS.save(transaction, "created", None, product())
    stranger = system_identity(uuid4(), "sales")
    with pytest.raises(NotFound):
        await THINGS.read(transactions.any_database, stranger, thing.id)
