"""What a stream is asked for: of which records, which of their events, and from where on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from chassis.fields import sight_of
from chassis.identity import Identity
from chassis.problems import InvalidRequest
from events.catalogue import BY_TOPIC
from gateway.delivery.feed.feed import selection_of
from gateway.delivery.log.entry import Entry, Selection
from gateway.delivery.snapshots.snapshot import TOPICS
from gateway.delivery.stream.filter import Filter

MOST_RECORDS = 100
"""That one stream names."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Which events are told: those that every part of it takes; None takes all."""

    selection: Selection | None = None
    records: frozenset[tuple[str, UUID]] | None = None
    """(topic, id) of each."""
    filter: Filter | None = None

    def takes(self, entry: Entry) -> bool:
        """Whether an event is of the kind that is asked for, whatever it says."""
        selection = self.selection
        if selection is not None and not (
            entry.topic in selection.topics or entry.type in selection.types
        ):
            return False
        if self.records is not None and (entry.topic, entry.subject) not in self.records:
            return False
        return self.filter is None or entry.topic == self.filter.topic

    def read(self) -> Selection | None:
        """What has to be read of the log for it."""
        if self.selection is not None:
            return self.selection
        if self.filter is not None:
            return Selection((self.filter.topic,), ())
        if self.records is not None:
            return Selection(tuple({topic for topic, _ in self.records}), ())
        return None

    def require_seen_by(self, identity: Identity) -> None:
        """Raise `FieldNotPermitted` where the filter asks by a field that is kept from somebody.

        What it lets through would tell the field's value.
        """
        if self.filter is not None:
            sight = sight_of(identity, BY_TOPIC[self.filter.topic])
            if sight is not None:
                sight.require_seen(self.filter.wanted, "filter")


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What somebody wants to be told; after `last_event_id`, or from now on without one."""

    subscription: Subscription
    last_event_id: str | None

    @classmethod
    def parse(cls, query: Mapping[str, str], last_event_id: str | None) -> Self:
        """From a query string of known parameters; `InvalidRequest` names what is wrong.

        The header of the same name counts before the parameter: clients send it as they come
        again by themselves, to the address that they came to first.
        """
        types, records, wanted = (query.get(name) for name in ("types", "records", "filter"))
        return cls(
            Subscription(
                selection=None if types is None else selection_of(types.split(",")),
                records=None if records is None else _records_of(records.split(",")),
                filter=None if wanted is None else Filter.parse(wanted),
            ),
            last_event_id or query.get("last_event_id") or None,
        )


def _records_of(given: list[str]) -> frozenset[tuple[str, UUID]]:
    if len(given) > MOST_RECORDS:
        raise InvalidRequest(f"at most {MOST_RECORDS} records", field="records")
    return frozenset(map(_record_of, given))


def _record_of(given: str) -> tuple[str, UUID]:
    resource, _, id = given.partition("/")
    try:
        return TOPICS[resource], UUID(id)
    except (KeyError, ValueError):
        raise InvalidRequest(
            f"{given!r} is no record: they are named as `deals/<id>`", field="records"
        ) from None
