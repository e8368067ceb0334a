"""Events of every type and version that was ever sent are still understood by all who listen."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from chassis.decoding import Delivery
from chassis.inbox import Consumer, Inbox
from chassis.service import Service
from chassis.testing import Running
from events.contract.documents import schema_document
from events.envelope import complete
from tests.compatibility.conftest import StartService
from tests.compatibility.services import CONSUMERS
from tests.compatibility.story import (
    Telling,
    as_they_happened,
    deliveries,
    latest_keys_first,
    newest,
    one_by_one,
    rows,
    tables,
    twice,
    with_unknown_fields,
    with_unknown_values,
)

VOLATILE = ("journal", "outbox", "projection")
"""Tables of which the rows carry times, or ids of new events."""

every_consumer = pytest.mark.parametrize(
    ("service", "consumer"), CONSUMERS, ids=[consumer.name for _, consumer in CONSUMERS]
)


async def told(running: Running, consumer: Consumer, batches: list[list[Delivery]]) -> int:
    """Hand the batches over; returns how many events had an effect."""
    inbox = Inbox(consumer, running.transactions)
    read = [await inbox.decoding.read(batch) for batch in batches]
    return sum([await inbox.apply("generation", batch) for batch in read])


async def assert_understood(running: Running, consumer: Consumer) -> None:
    for waiting in ("parked", "undecodable"):
        assert await rows(running.database, waiting) == []
    applied = await running.database.pool.fetch(
        "select topic, tenant, key, version from applied where consumer = $1", consumer.name
    )
    assert {(row["topic"], row["tenant"], row["key"]): row["version"] for row in applied} == newest(
        consumer
    )


@every_consumer
@pytest.mark.parametrize("telling", [as_they_happened, one_by_one, latest_keys_first, twice])
async def test_none_is_parked_and_all_are_applied(
    start: StartService, service: Service, consumer: Consumer, telling: Telling
) -> None:
    running = await start(service)
    assert await told(running, consumer, telling(deliveries(consumer))) > 0
    await assert_understood(running, consumer)
    assert await told(running, consumer, telling(deliveries(consumer))) == 0


@every_consumer
async def test_fields_of_tomorrow_change_nothing_today(
    start: StartService, service: Service, consumer: Consumer
) -> None:
    today, tomorrow = await start(service), await start(service)
    effects = await told(today, consumer, [deliveries(consumer)])
    assert await told(tomorrow, consumer, [deliveries(consumer, with_unknown_fields)]) == effects
    await assert_understood(tomorrow, consumer)
    for table in await tables(today.database, but=VOLATILE):
        assert await rows(tomorrow.database, table) == await rows(today.database, table), table


@every_consumer
async def test_values_of_tomorrow_are_understood_as_none_of_those_known(
    start: StartService, service: Service, consumer: Consumer
) -> None:
    running = await start(service)
    assert await told(running, consumer, [deliveries(consumer, with_unknown_values)]) > 0
    await assert_understood(running, consumer)


@every_consumer
async def test_what_is_said_in_answer_is_as_published(
    start: StartService, service: Service, consumer: Consumer
) -> None:
    running = await start(service)
    await told(running, consumer, [deliveries(consumer)])
    journal = await running.database.pool.fetch("select body, recordedtime, position from journal")
    # Marketing answers for leads of its own, and here it has none.
    assert bool(journal) == (consumer.name in ("contacts.reactions", "sales.reactions"))
    for row in journal:
        event = json.loads(complete(row["body"].encode(), row["recordedtime"], row["position"]))
        schema = json.loads(schema_document(event["type"]) or b"")
        Draft202012Validator(schema).validate(event)
