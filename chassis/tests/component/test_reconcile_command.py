"""Who asks for a comparison waits for one that says something."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest

from chassis.database import Database
from chassis.inbox import Consumer, Reaction
from chassis.reconciliation import verdicts
from chassis.reconciliation.applied import Reading
from chassis.reconciliation.command import reconcile
from chassis.reconciliation.verdicts import Costs
from chassis.tests.component.products import eventually, opened
from chassis.tests.component.test_reconciliation import ignore
from chassis.transactions import now
from events.catalogue import PRODUCT

CONSUMER = Consumer("shop", (Reaction(PRODUCT, ignore, lambda _: True),))
READING = Reading("shop", PRODUCT.topic.name, PRODUCT.topic.owner, PRODUCT.topic.partitions)
BEHIND = "has never caught up yet"


async def wish_after(database: Database, earlier: datetime | None) -> datetime:
    async def is_made() -> bool:
        return await verdicts.last_wish(database) != earlier

    await eventually(is_made)
    made = await verdicts.last_wish(database)
    assert made is not None
    return made


async def conclude(database: Database, wish: datetime, hindrance: str | None) -> None:
    """As the worker does that has compared."""
    await verdicts.conclude(
        database,
        READING,
        as_of=None if hindrance else now(),
        granted=wish,
        hindrance=hindrance,
        keys=7,
        found=Counter(),
        cost=Costs(),
    )


async def test_what_was_hindered_is_compared_again(
    new_database: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(new_database()) as database:
        asking = asyncio.create_task(reconcile(database, [CONSUMER], 60))
        first = await wish_after(database, None)
        await conclude(database, first, BEHIND)
        await conclude(database, await wish_after(database, first), None)
        assert await asking == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["granted"], told["hindrance"], told["keys"]) == (True, None, 7)


async def test_what_is_still_hindered_when_patience_is_over_is_said(
    new_database: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(new_database()) as database:
        asking = asyncio.create_task(reconcile(database, [CONSUMER], 2))
        await conclude(database, await wish_after(database, None), BEHIND)
        assert await asking == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["granted"], told["hindrance"]) == (True, BEHIND)
