"""What the feed is asked for, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from msgspec import Meta, Struct

from chassis.paging import limit_of
from chassis.problems import InvalidRequest, RuleBroken
from events.catalogue import AGGREGATES, BY_TOPIC
from gateway.delivery.log.entry import Selection

LONGEST_WAIT = 60
"""Seconds."""

TYPES: Mapping[str, None] = {
    aggregate.type_of(verb): None for aggregate in AGGREGATES for verb in aggregate.verbs
}
"""Every type of event."""


class UnknownEventType(RuleBroken):
    title = "There is no such type of event"


class ConsumerKnowsBetter(RuleBroken):
    title = "A consumer has a cursor and types of its own"


class FeedData(Struct, kw_only=True):
    """The record after the event, null where it is no more; each changed field as it was before."""

    after: dict[str, Any] | None
    changed: dict[str, Any] = {}


class FeedEvent(Struct, kw_only=True):
    """A CloudEvents document, as Kafka carries it, as far as it may be seen.

    `withdrawn` says that the record has gone out of reach: what was known of it is to be
    forgotten, and nothing of it is told. `erased` says that the event was emptied later.
    """

    specversion: str
    id: UUID
    source: str
    type: str
    subject: UUID
    time: datetime
    recordedtime: datetime
    tenantid: UUID
    aggregateversion: int
    datacontenttype: str
    data: FeedData
    dataschema: str | None = None
    actor: str | None = None
    reason: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    origin: str | None = None
    traceparent: str | None = None
    position: int | None = None
    withdrawn: bool = False
    erased: bool = False


class FeedPage(Struct, kw_only=True):
    """Events in order; after them one goes on from `next_cursor`, at once while `has_more`.

    A page may be empty and have more behind it: what it was made of is not for whoever asks.
    """

    items: list[FeedEvent]
    next_cursor: Annotated[str, Meta(pattern="^[A-Za-z0-9_=-]+$")]
    has_more: bool


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """What is asked for: `cursor` or what a `consumer` has acknowledged, else the beginning."""

    cursor: str | None
    consumer: str | None
    limit: int
    wait: int
    selection: Selection | None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Self:
        """From a query string of known parameters; `InvalidRequest` names what is wrong."""
        types = query.get("types")
        asked = cls(
            cursor=query.get("cursor") or None,
            consumer=query.get("consumer"),
            limit=limit_of(query),
            wait=_wait_of(query),
            selection=None if types is None else selection_of(types.split(",")),
        )
        if asked.consumer is not None and (asked.cursor or types is not None):
            raise ConsumerKnowsBetter("name it without them", field="consumer")
        return asked


def selection_of(types: Sequence[str]) -> Selection:
    """The events of these types; a topic stands for all of its types.

    `UnknownEventType` for what is neither.
    """
    for name in types:
        if name not in BY_TOPIC and name not in TYPES:
            raise UnknownEventType(f"{name!r} is neither a type nor a topic", field="types")
    return Selection(
        topics=tuple(name for name in types if name in BY_TOPIC),
        types=tuple(name for name in types if name in TYPES),
    )


def _wait_of(query: Mapping[str, str]) -> int:
    text = query.get("wait", "0")
    if not text.isascii() or not text.isdigit() or int(text[:9]) > LONGEST_WAIT:
        raise InvalidRequest(f"seconds, from 0 to {LONGEST_WAIT}", field="wait")
    return int(text)
