"""Keys that wait, and what an operator does about them: on either store."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from chassis.database import Database
from chassis.decoding import AnyEvent, Delivery
from chassis.inbox import PASSING, Consumer, Inbox, Reaction, Replica
from chassis.operations import operate
from chassis.parking import parked_events, parked_keys
from chassis.problems import NotFound
from chassis.settings import PlatformSettings
from chassis.storage import AnyDatabase
from chassis.testing import event
from chassis.testing_interruptions import failing_at
from chassis.tests.component.stores import Notes, opened_at
from chassis.transactions import Transaction, Transactions
from events.catalogue import PRODUCT
from events.envelope import partition_key
from events.sales import Product
from events.values import Money

TENANT = uuid4()
TOPIC = PRODUCT.topic.name


class Listener:
    """Notes the versions that it reacts to, and refuses some names."""

    def __init__(self, database: AnyDatabase) -> None:
        self.notes = Notes(database)
        self.refused: set[str] = set()
        self.slow = asyncio.Event()
        self.slow.set()
        self.reactions = Consumer("test.reactions", (Reaction(PRODUCT, self._react, _all),))
        self.replicas = Consumer(
            "test.replicas", (Replica(PRODUCT, self._keep, apply_documents=self._keep),)
        )

    async def _react(self, transaction: Transaction, told: AnyEvent) -> None:
        await self.slow.wait()
        await self._note(transaction, told)

    async def _keep(self, place: Any, events: Sequence[AnyEvent]) -> None:
        for told in events:
            await self._note(place, told)

    async def _note(self, place: Any, told: AnyEvent) -> None:
        if told.data.after is not None and told.data.after.name in self.refused:
            raise ValueError(f"{told.data.after.name} is refused")
        await self.notes.note(place, UUID(told.subject), told.aggregateversion)


def _all(_: AnyEvent) -> bool:
    return True


@pytest.fixture
async def database(new_store: Callable[[], str]) -> AsyncIterator[AnyDatabase]:
    async with opened_at(new_store(), tables=[Notes.TABLE]) as opened:
        yield opened


@pytest.fixture
def transactions(database: AnyDatabase) -> Transactions:
    return Transactions("test", database)


def version(id: UUID, number: int, name: str = "fine") -> AnyEvent:
    product = Product(id=id, version=number, name=name, price=Money(Decimal(1), "EUR"))
    return event(PRODUCT, "created" if number == 1 else "changed", product, tenant=TENANT)


async def noted(database: AnyDatabase, id: UUID) -> list[int]:
    return await Notes(database).of(id)


async def waiting(database: AnyDatabase, consumer: str, id: UUID) -> list[int]:
    events = await parked_events(database, consumer, TOPIC, TENANT, id)
    return [json.loads(body)["aggregateversion"] for body in events]


async def test_a_failed_event_waits_with_all_later_ones_until_it_is_redriven(
    database: AnyDatabase, transactions: Transactions
) -> None:
    listener, id, other = Listener(database), uuid4(), uuid4()
    inbox = Inbox(listener.reactions, transactions)
    listener.refused = {"bad"}
    await inbox.apply_events([version(id, 1), version(id, 2, "bad"), version(other, 1)])
    await inbox.apply_events([version(id, 3), version(other, 2)])
    assert await noted(database, id) == [1]
    assert await noted(database, other) == [1, 2]
    [parked] = await parked_keys(database, tenant=TENANT)
    assert (parked.first_version, parked.last_version, parked.events) == (2, 3, 2)
    assert "bad is refused" in parked.error
    assert await parked_keys(database, tenant=uuid4()) == []

    assert await inbox.redrive(TOPIC, (TENANT, id)) == 0
    assert await waiting(database, "test.reactions", id) == [2, 3]
    listener.refused = set()
    assert await inbox.redrive(TOPIC, (TENANT, id)) == 2
    assert await noted(database, id) == [1, 2, 3]
    assert await parked_keys(database) == []
    await inbox.apply_events([version(id, 4)])
    assert await noted(database, id) == [1, 2, 3, 4]


async def test_a_discarded_event_has_no_effect_and_holds_nothing_back(
    database: AnyDatabase, transactions: Transactions
) -> None:
    listener, id = Listener(database), uuid4()
    inbox = Inbox(listener.reactions, transactions)
    listener.refused = {"bad"}
    await inbox.apply_events([version(id, 1, "bad"), version(id, 2), version(id, 3)])
    assert await inbox.discard(TOPIC, (TENANT, id), "olga", "never mind") == 1
    assert await noted(database, id) == [2, 3]
    assert await Notes(database).discarded() == [(1, "olga", "never mind")]
    with pytest.raises(NotFound):
        await inbox.discard(TOPIC, (TENANT, id), "olga", "again")
    with pytest.raises(NotFound):
        await inbox.redrive(TOPIC, (TENANT, id))


async def test_an_event_that_is_parked_anew_can_be_discarded_anew(
    database: AnyDatabase, transactions: Transactions
) -> None:
    listener, id = Listener(database), uuid4()
    inbox = Inbox(listener.reactions, transactions)
    listener.refused = {"bad"}
    for by in ("olga", "pavel"):
        await inbox.apply_events([version(id, 1, "bad"), version(id, 2)])
        assert await inbox.discard(TOPIC, (TENANT, id), by, "never mind") == 1
        # As where a consumer begins anew.
        if isinstance(database, Database):
            await database.pool.execute("delete from applied")
        else:
            await database["applied"].delete({})
    assert await Notes(database).discarded() == [(1, "olga", "never mind")]


async def test_a_gap_is_closed_by_the_missing_version(
    database: AnyDatabase, transactions: Transactions
) -> None:
    listener, id = Listener(database), uuid4()
    inbox = Inbox(listener.reactions, transactions)
    await inbox.apply_events([version(id, 1)])
    await inbox.apply_events([version(id, 3)])
    await inbox.apply_events([version(id, 4)])
    [parked] = await parked_keys(database)
    assert (parked.gap, parked.error) == (True, "waits for version 2")
    assert await noted(database, id) == [1]
    await inbox.apply_events([version(id, 2)])
    assert await noted(database, id) == [1, 2, 3, 4]
    assert await parked_keys(database) == []


async def test_a_redrive_that_is_cut_off_anywhere_loses_nothing(
    database: AnyDatabase, transactions: Transactions
) -> None:
    listener = Listener(database)
    inbox = Inbox(listener.reactions, transactions)
    for place in count(1):
        id = uuid4()
        listener.refused = {"bad"}
        await inbox.apply_events([version(id, 1, "bad"), version(id, 2)])
        listener.refused = set()
        with failing_at(database, place) as interruption:
            try:
                await inbox.redrive(TOPIC, (TENANT, id))
            except PASSING:
                with suppress(NotFound):
                    await inbox.redrive(TOPIC, (TENANT, id))
        await inbox.apply_events([version(id, 3)])
        assert await noted(database, id) == [1, 2, 3]
        assert await parked_keys(database) == []
        if not interruption.happened:
            break


async def test_a_replica_needs_no_turn_and_repeats_nothing(
    database: AnyDatabase, transactions: Transactions
) -> None:
    listener, id = Listener(database), uuid4()
    inbox = Inbox(listener.replicas, transactions)
    await inbox.apply_events([version(id, 3)])
    await inbox.apply_events([version(id, 2), version(id, 3)])
    await inbox.apply_events([version(id, 7), version(id, 5)])
    assert await noted(database, id) == [3, 7]


async def test_an_event_that_comes_during_a_redrive_waits_for_it(
    database: AnyDatabase, transactions: Transactions
) -> None:
    listener, id = Listener(database), uuid4()
    inbox = Inbox(listener.reactions, transactions)
    listener.refused = {"bad"}
    await inbox.apply_events([version(id, 1, "bad")])
    listener.refused = set()
    listener.slow.clear()
    redriving = asyncio.create_task(inbox.redrive(TOPIC, (TENANT, id)))
    await asyncio.sleep(0.2)
    coming = asyncio.create_task(inbox.apply_events([version(id, 2)]))
    await asyncio.sleep(0.2)
    listener.slow.set()
    await asyncio.gather(redriving, coming)
    assert await noted(database, id) == [1, 2]
    assert await parked_keys(database) == []


async def test_a_parked_event_keeps_what_this_reader_does_not_know(
    database: AnyDatabase, transactions: Transactions
) -> None:
    listener, id = Listener(database), uuid4()
    inbox = Inbox(listener.reactions, transactions)
    listener.refused = {"bad"}
    told = json.loads(msgspec.json.encode(version(id, 1, "bad")))
    told["data"]["after"]["colour"] = "red"
    body = json.dumps(told).encode()
    delivery = Delivery(TOPIC, 0, 0, partition_key(TENANT, str(id)), body)
    await inbox.apply("generation", await inbox.decoding.read([delivery]))
    assert await parked_events(database, "test.reactions", TOPIC, TENANT, id) == [body]


async def test_what_cannot_be_decoded_is_kept_once_and_holds_nothing_back(
    database: AnyDatabase, transactions: Transactions
) -> None:
    listener, id = Listener(database), uuid4()
    inbox = Inbox(listener.reactions, transactions)
    broken = Delivery(TOPIC, 0, 7, b"key", b"no event")
    body = msgspec.json.encode(version(id, 1))
    good = Delivery(TOPIC, 0, 8, partition_key(TENANT, str(id)), body)
    for _ in range(2):
        await inbox.apply("generation", await inbox.decoding.read([broken, good]))
    assert await noted(database, id) == [1]
    assert await Notes(database).undecodable() == [b"no event"]


async def test_the_command_line_of_a_service_shows_and_redrives(
    database: AnyDatabase, transactions: Transactions, capsys: pytest.CaptureFixture[str]
) -> None:
    listener, id = Listener(database), uuid4()
    inbox = Inbox(listener.reactions, transactions)
    listener.refused = {"bad"}
    await inbox.apply_events([version(id, 1, "bad")])

    async def told(verb: str, **more: object) -> tuple[int, list[dict[str, object]]]:
        arguments = argparse.Namespace(
            verb=verb, consumer="test.reactions", topic=TOPIC, tenant=TENANT, key=id, **more
        )
        code = await operate(
            arguments, [listener.reactions], transactions, PlatformSettings(), "test"
        )
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    code, [parked] = await told("parked")
    assert (code, parked["consumer"], parked["key"]) == (0, "test.reactions", str(id))
    code, [shown] = await told("show")
    assert shown["aggregateversion"] == 1
    assert await told("redrive") == (0, [{"applied": 0}, {"still_parked": 1}])
    assert await told("discard", reason="no") == (0, [{"discarded": 1}, {"still_parked": 0}])
    code, [problem] = await told("redrive")
    assert (code, problem["status"]) == (1, 404)
