"""Commands that come at the same time: together in the database, each alone in effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from chassis.identity import system_identity
from chassis.problems import VersionLost
from chassis.schema import create_aggregate
from chassis.tests.component.products import TENANT, THINGS, Owner, opened
from chassis.transactions import Transactions, uuid7
from events.sales import Product
from events.values import Money


@pytest.fixture
async def owner(new_database: Callable[[], str]) -> AsyncIterator[Owner]:
    async with opened(new_database(), *create_aggregate("product")) as database:
        yield Owner(Transactions("sales", database))


async def journalled(owner: Owner) -> list[tuple[Any, int]]:
    rows = await owner.transactions.database.pool.fetch(
        "select subject, version from journal order by position"
    )
    return [(row["subject"], row["version"]) for row in rows]


def product(name: str = "a product") -> Product:
    return Product(id=uuid7(), version=0, name=name, price=Money(Decimal("1.00"), "EUR"))


async def test_commands_at_the_same_time_share_statements_and_journal_each_its_event(
    owner: Owner,
) -> None:
    made = await asyncio.gather(*(owner.create(f"product {n}") for n in range(60)))
    pool = owner.transactions.database.pool
    assert sorted(await journalled(owner)) == sorted((item.id, 1) for item in made)
    assert await pool.fetchval("select count(*) from outbox") == 60
    assert await pool.fetchval("select count(distinct xmin::text) from product") < 60


async def test_of_commands_at_the_same_time_that_change_one_version_only_one_succeeds(
    owner: Owner,
) -> None:
    first = await owner.create("first")
    others = [owner.create(f"other {n}") for n in range(5)]
    done = await asyncio.gather(
        *(owner.rename(first, f"renamed {n}") for n in range(10)), *others, return_exceptions=True
    )
    assert sum(isinstance(result, VersionLost) for result in done) == 9
    assert sum(isinstance(result, Product) for result in done) == 6
    assert [entry for entry in await journalled(owner) if entry[0] == first.id] == [
        (first.id, 1),
        (first.id, 2),
    ]


async def test_a_command_that_the_database_refuses_fails_alone(owner: Owner) -> None:
    await owner.transactions.database.pool.execute(
        "alter table product add check (state ->> 'name' <> 'forbidden')"
    )
    names = ["a", "forbidden", "b", "c"]
    done = await asyncio.gather(*map(owner.create, names), return_exceptions=True)
    assert [isinstance(result, Product) for result in done] == [True, False, True, True]
    assert isinstance(done[1], asyncpg.CheckViolationError)
    assert len(await journalled(owner)) == 3


async def test_what_is_read_after_a_save_sees_it(owner: Owner) -> None:
    saved = product()
    async with owner.transactions.begin(system_identity(TENANT, "sales")) as transaction:
        await THINGS.save(transaction, "created", None, saved)
        assert (await THINGS.load(transaction, saved.id)).name == saved.name
    assert await journalled(owner) == [(saved.id, 1)]


@pytest.mark.parametrize("is_begun", [True, False])
async def test_a_command_that_fails_leaves_nothing_of_what_it_saved(
    owner: Owner, is_begun: bool
) -> None:
    async def fail() -> None:
        async with owner.transactions.begin(system_identity(TENANT, "sales")) as transaction:
            saved = await THINGS.save(transaction, "created", None, product())
            if is_begun:
                await THINGS.load(transaction, saved.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await journalled(owner) == []


async def test_two_saves_of_one_command_are_both_or_neither(owner: Owner) -> None:
    there = await owner.create("there")
    outdated = msgspec.structs.replace(there, version=5)

    async def save_both() -> None:
        async with owner.transactions.begin(system_identity(TENANT, "sales")) as transaction:
            await THINGS.save(transaction, "created", None, product())
            renamed = msgspec.structs.replace(outdated, name="other")
            await THINGS.save(transaction, "changed", outdated, renamed)

    with pytest.raises(VersionLost):
        await save_both()
    assert await journalled(owner) == [(there.id, 1)]


async def test_a_command_that_is_given_up_holds_up_no_other(owner: Owner) -> None:
    tasks = [asyncio.create_task(owner.create(f"product {n}")) for n in range(20)]
    await asyncio.sleep(0)
    for task in tasks[1::2]:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, Product) for result in done[0::2])
    kept = {subject for subject, _ in await journalled(owner)}
    assert kept >= {result.id for result in done if isinstance(result, Product)}


async def test_tenants_do_not_mix(owner: Owner) -> None:
    tenants = [uuid4(), uuid4()]

    async def create(tenant: Any) -> None:
        async with owner.transactions.begin(system_identity(tenant, "sales")) as transaction:
            await THINGS.save(transaction, "created", None, product())

    await asyncio.gather(*(create(tenant) for tenant in tenants for _ in range(5)))
    rows = await owner.transactions.database.pool.fetch(
        """select p.tenant, count(*) as many from product p
           join journal j on j.tenant = p.tenant and j.subject = p.id
                and j.body ->> 'tenantid' = p.tenant::text group by 1"""
    )
    assert {row["tenant"]: row["many"] for row in rows} == dict.fromkeys(tenants, 5)
