"""Decoding: what came from the broker as one batch, by topic, and what of it means nothing."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from events.envelope import Event, partition_key
from events.topics import Aggregate, replay_topic

AnyEvent: TypeAlias = Event[Any]

_AT_ONCE = 64
"""Events decoded before others get their turn: a millisecond or two."""


class Delivery(NamedTuple):
    """A record as it came from the broker."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(slots=True)
class Read:
    """A batch as it is understood: by topic, in their order, and what means nothing, with why."""

    is_replayed: bool
    events: dict[str, list[AnyEvent]] = field(default_factory=lambda: defaultdict(list))
    bodies: dict[UUID, bytes] = field(default_factory=dict)
    broken: list[tuple[Delivery, str]] = field(default_factory=list)


class _Typed(msgspec.Struct):
    """As much of an event as says what the rest of it is."""

    type: str


_typed = msgspec.json.Decoder(_Typed)


@lru_cache(maxsize=16_384)
def id_of(subject: str) -> UUID:
    """The id that a subject is, read once for all that asks; ValueError when it is none."""
    return UUID(subject)


def topic_of(event: AnyEvent | _Typed) -> str:
    """The topic that an event belongs to, by its type."""
    return event.type.rsplit(".", 2)[0]


class Decoding:
    """Decodes what the consumer `name` reads: live topics, and what is replayed to it."""

    def __init__(self, name: str, aggregates: Sequence[Aggregate]) -> None:
        self._name = name
        self._replays = replay_topic(name).name
        self._aggregates = {aggregate.topic.name: aggregate for aggregate in aggregates}
        self._decoders = {
            topic: msgspec.json.Decoder(Event[aggregate.state])  # type: ignore[name-defined]
            for topic, aggregate in self._aggregates.items()
        }

    async def read(self, deliveries: Sequence[Delivery]) -> Read:
        """Decode what came as one batch; others get their turn now and then meanwhile."""
        found = Read(is_replayed=any(delivery.topic == self._replays for delivery in deliveries))
        for number, delivery in enumerate(deliveries, start=1):
            try:
                event, body = self._event(delivery)
            except (ValueError, RecursionError) as error:
                found.broken.append((delivery, f"{type(error).__name__}: {error}"))
            else:
                found.events[topic_of(event)].append(event)
                found.bodies[event.id] = body
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        return found

    def decode(self, topic: str, value: bytes) -> AnyEvent:
        """An event of `topic`; ValueError (as msgspec raises it) when it is none."""
        event: AnyEvent = self._decoders[topic].decode(value)
        aggregate = self._aggregates[topic]
        if not event.type.startswith(topic + ".") or not event.type.endswith(
            f".v{aggregate.major}"
        ):
            raise ValueError(f"type {event.type} does not belong to {topic} v{aggregate.major}")
        id_of(event.subject)
        return event

    def _event(self, delivery: Delivery) -> tuple[AnyEvent, bytes]:
        if delivery.value is None:
            raise ValueError("the record has no value")
        topic = delivery.topic
        if topic == self._replays:
            topic = topic_of(_typed.decode(delivery.value))
            if topic not in self._aggregates:
                raise ValueError(f"{self._name} does not read {topic}")
        event = self.decode(topic, delivery.value)
        if delivery.key != partition_key(event.tenantid, event.subject):
            raise ValueError("the record's key is not that of its event")
        return event, delivery.value
