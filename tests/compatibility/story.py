"""The golden events as a consumer of the broker would get them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from chassis.database import Database
from chassis.decoding import Delivery
from chassis.inbox import Consumer
from chassis.partitions import partition_of
from events.catalogue import BY_TOPIC
from events.contract.archive import Archive, Golden
from events.contract.schemas import state_schemas
from events.envelope import partition_key
from events.values import KNOWN_VALUES

GOLDEN: tuple[Golden, ...] = tuple(Archive(Path(__file__).parents[2] / "events").golden())

Telling = Callable[[Sequence[Delivery]], list[list[Delivery]]]
"""How deliveries come: in which order, and how many together."""

Document = dict[str, Any]


def deliveries(
    consumer: Consumer, rewritten: Callable[[Document], Document] = lambda event: event
) -> list[Delivery]:
    """What the consumer's topics hold, each key's versions in order."""
    events = [golden.event() for golden in GOLDEN]
    of_topics = [event for event in events if topic_of(event) in consumer.topics]
    of_topics.sort(key=lambda event: (event["recordedtime"], event["aggregateversion"]))
    return [_delivered(rewritten(event), offset) for offset, event in enumerate(of_topics)]


def newest(consumer: Consumer) -> dict[tuple[str, UUID, UUID], int]:
    """The last version of every (topic, tenant, key) that the consumer hears of."""
    versions: dict[tuple[str, UUID, UUID], int] = {}
    for delivery in deliveries(consumer):
        event = json.loads(delivery.value or b"")
        key = (delivery.topic, UUID(event["tenantid"]), UUID(event["subject"]))
        versions[key] = max(versions.get(key, 0), event["aggregateversion"])
    return versions


def as_they_happened(told: Sequence[Delivery]) -> list[list[Delivery]]:
    return [list(told)]


def one_by_one(told: Sequence[Delivery]) -> list[list[Delivery]]:
    return [[delivery] for delivery in told]


def latest_keys_first(told: Sequence[Delivery]) -> list[list[Delivery]]:
    """Keys in the opposite order, one after the other: everything refers to what is yet to come."""
    by_key: dict[bytes | None, list[Delivery]] = {}
    for delivery in told:
        by_key.setdefault(delivery.key, []).append(delivery)
    return list(reversed(by_key.values()))


def twice(told: Sequence[Delivery]) -> list[list[Delivery]]:
    return [list(told), list(told)]


def with_unknown_fields(value: Any) -> Any:
    """`value` with a field that nobody knows in each of its objects."""
    if isinstance(value, dict):
        known = {name: with_unknown_fields(part) for name, part in value.items()}
        return known | {"x_of_tomorrow": {"kind": "unknown", "values": [1, None, "ё"]}}
    if isinstance(value, list):
        return [with_unknown_fields(part) for part in value]
    return value


def with_unknown_values(event: Document) -> Document:
    """The event with a value that nobody knows wherever a vocabulary may grow."""
    aggregate = BY_TOPIC[topic_of(event)]
    fields = state_schemas([aggregate], "{name}")[aggregate.state.__name__]["properties"]
    state = event["data"]["after"]
    told = {
        name: ["of_tomorrow"] if "items" in schema else "of_tomorrow"
        for name, schema in fields.items()
        if KNOWN_VALUES in schema or KNOWN_VALUES in schema.get("items", {})
    }
    return event | {"data": event["data"] | {"after": state and state | told}}


def topic_of(event: Document) -> str:
    return str(event["type"]).rsplit(".", 2)[0]


def _delivered(event: Document, offset: int) -> Delivery:
    topic = BY_TOPIC[topic_of(event)].topic
    key = partition_key(UUID(event["tenantid"]), event["subject"])
    value = json.dumps(event, ensure_ascii=False).encode()
    return Delivery(topic.name, partition_of(key, topic.partitions), offset, key, value)


async def rows(database: Database, table: str) -> list[str]:
    """Every row of `table` as text, in an order of its own."""
    found = await database.pool.fetch(f'select t::text as row from "{table}" t')
    return sorted(row["row"] for row in found)


async def tables(database: Database, but: Iterable[str]) -> list[str]:
    """The tables of the database, but those whose rows differ from run to run."""
    found = await database.pool.fetch(
        """select table_name from information_schema.tables
           where table_schema = 'public' and table_type = 'BASE TABLE' order by 1"""
    )
    return [row["table_name"] for row in found if not row["table_name"].startswith(tuple(but))]
