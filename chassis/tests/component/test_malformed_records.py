"""What is no event of ours is set aside, word for word, and stops nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError

from chassis.kafka import admin, make_topics
from chassis.settings import PlatformSettings
from chassis.tests.component.products import TENANT, eventually, pair
from cli.local.broker import Broker
from cli.local.kafka.server import Kafka
from events.catalogue import PRODUCT
from events.envelope import partition_key

SUBJECT = str(uuid4())
KEY = partition_key(TENANT, SUBJECT)
LARGEST_RECORD = 1_048_588
MEGABYTES = 3_000_000


def an_event(**attributes: Any) -> dict[str, Any]:
    """A good event, as another service would write it, with some attributes otherwise."""
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/sales",
        "type": PRODUCT.type_of("created"),
        "datacontenttype": "application/json",
        "subject": SUBJECT,
        "time": "2026-01-02T03:04:05Z",
        "tenantid": str(TENANT),
        "aggregateversion": 1,
        "data": {
            "after": {
                "id": SUBJECT,
                "version": 1,
                "name": "a product",
                "price": {"amount": "1.00", "currency": "EUR"},
            },
            "changed": {},
        },
        **attributes,
    }


def without(attribute: str) -> dict[str, Any]:
    event = an_event()
    del event[attribute]
    return event


def wire(document: object) -> bytes:
    return json.dumps(document).encode()


MALFORMED: dict[str, tuple[bytes | None, str]] = {
    "null value": (None, "the record has no value"),
    "empty": (b"", "truncated"),
    "not JSON": (b"not json", "malformed"),
    "not UTF-8": (b"\xff\xfe", "malformed"),
    "cut off": (wire(an_event())[:-20], "truncated"),
    "two documents": (wire(an_event()) * 2, "trailing characters"),
    "an array": (b"[]", "Expected `object`, got `array`"),
    "a text": (b'"text"', "Expected `object`, got `str`"),
    "nested without end": (
        wire(an_event()).replace(b'"changed": {', b'"changed": {"deep": ' + b"[" * 100_000),
        "RecursionError",
    ),
    "no id": (wire(without("id")), "missing required field `id`"),
    "no type": (wire(without("type")), "missing required field `type`"),
    "no subject": (wire(without("subject")), "missing required field `subject`"),
    "no tenant": (wire(without("tenantid")), "missing required field `tenantid`"),
    "no version": (wire(without("aggregateversion")), "missing required field `aggregateversion`"),
    "no data": (wire(without("data")), "missing required field `data`"),
    "null id": (wire(an_event(id=None)), "Expected `uuid`, got `null`"),
    "a version in words": (wire(an_event(aggregateversion="one")), "Expected `int`, got `str`"),
    "a subject that is no id": (wire(an_event(subject="it")), "badly formed"),
    "a state of another kind": (
        wire(an_event(data={"after": {"id": SUBJECT}})),
        "missing required field",
    ),
    "an unknown type": (
        wire(an_event(type="crm.sales.rocket.launched.v1")),
        "does not belong to crm.sales.product",
    ),
    "an unknown major": (
        wire(an_event(type="crm.sales.product.created.v2")),
        "does not belong to crm.sales.product v1",
    ),
    "another tenant than the key's": (
        wire(an_event(tenantid=str(uuid4()))),
        "key is not that of its event",
    ),
    "as large as the broker takes": (b"x" * (LARGEST_RECORD - 200), "malformed"),
}


async def send(settings: PlatformSettings, *values: bytes | None) -> None:
    """Write to the topic of products as nobody of us would: with a null header, too."""
    async with admin(settings) as client:
        await make_topics(client, [PRODUCT.topic], settings)
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, max_request_size=2 * MEGABYTES)
    await producer.start()
    try:
        for value in values:
            headers = [("ce_id", None), ("content-type", b"text/plain")]
            await producer.send_and_wait(
                PRODUCT.topic.name, value, key=KEY, partition=0, headers=headers
            )
    finally:
        await producer.stop()


async def test_what_is_malformed_is_set_aside_by_every_consumer_and_stops_nothing(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    async with pair(new_database, own_broker) as (owner, reader, settings):
        first = await owner.create("first")

        async def first_seen() -> bool:
            return first.id in await reader.kept()

        await eventually(first_seen)
        await send(settings, *(value for value, _ in MALFORMED.values()))
        second = await owner.create("second")

        async def second_seen() -> bool:
            return second.id in await reader.kept() and (second.id, 1) in await reader.reacted()

        await eventually(second_seen)
        for consumer in ("reader.replica", "reader.reactions"):
            rows = await reader.database.pool.fetch(
                "select value, error from undecodable where consumer = $1 order by kafka_offset",
                consumer,
            )
            assert [row["value"] for row in rows] == [value for value, _ in MALFORMED.values()]
            for row, (name, (_, why)) in zip(rows, MALFORMED.items(), strict=True):
                assert why in row["error"], f"{name}: {row['error']}"
        assert set(await reader.kept()) == {first.id, second.id}


@pytest.mark.parametrize(
    "event",
    [
        an_event(type="crm.sales.product.renamed_by_a_later_version.v1"),
        an_event(colour="an attribute of tomorrow"),
        an_event(reason=None, origin=None),
    ],
    ids=["an unknown verb", "an unknown attribute", "attributes without a value"],
)
async def test_what_a_later_version_adds_is_no_malformation(
    new_database: Callable[[], str], own_broker: Broker, event: dict[str, Any]
) -> None:
    async with pair(new_database, own_broker) as (_, reader, settings):

        async def is_seen() -> bool:
            return list((await reader.kept()).values()) == ["a product"]

        await send(settings, wire(event))
        await eventually(is_seen)
        assert await reader.database.pool.fetchval("select count(*) from undecodable") == 0


async def test_a_record_of_several_megabytes_stops_nothing(
    new_database: Callable[[], str], own_broker: Broker
) -> None:
    """An operator has raised the limit of the topic, and somebody has used it."""
    if not isinstance(own_broker, Kafka):
        pytest.skip("Tansu knows no limits")
    async with pair(new_database, own_broker) as (owner, reader, settings):
        raised = {"max.message.bytes": str(2 * MEGABYTES)}
        async with admin(settings) as client:
            await make_topics(client, [PRODUCT.topic], settings)
            named = ConfigResource(ConfigResourceType.TOPIC, PRODUCT.topic.name, raised)
            await client.alter_configs([named])

        async def is_sent() -> bool:
            try:
                await send(settings, b"x" * MEGABYTES)
            except MessageSizeTooLargeError:  # the broker follows its controller a moment later
                return False
            return True

        await eventually(is_sent)
        product = await owner.create("behind it")

        async def is_seen() -> bool:
            return (product.id, 1) in await reader.reacted()

        await eventually(is_seen)
