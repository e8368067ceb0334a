"""What somebody may see of an event: decided here, for the feed, snapshots and whatever follows.

As the services decide it: the permission `<resource>:read` reaches all records, those of one's
department and below, or one's own, by the owner and the department of each. Rules for fields
hold for the state and for what changed. A topic without a resource is seen by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec

from chassis.database import Database
from chassis.fields import Sight, sight_of
from chassis.identity import Identity
from events import topics
from events.catalogue import AGGREGATES, BY_TOPIC
from gateway.delivery.log import store
from gateway.delivery.log.entry import Entry, Head, Reach

RESOURCES: Mapping[str, str] = {
    topics.TENANT.name: "tenant",
    topics.DEPARTMENT.name: "departments",
    topics.USER.name: "users",
    topics.ROLE.name: "roles",
    topics.ABSENCE.name: "absences",
    topics.FACT.name: "facts",
    **{
        aggregate.topic.name: aggregate.resource
        for aggregate in AGGREGATES
        if aggregate.resource is not None
    },
}
"""Topic -> the word of permissions for its records."""

Seen = Literal["whole", "withdrawn"]
"""`withdrawn` is what has left one's reach: that it has is told, and nothing of it."""

_LEFT_OF_WITHDRAWN = (
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "tenantid",
    "aggregateversion",
    "datacontenttype",
    "recordedtime",
    "position",
)


@dataclass(frozen=True, slots=True)
class Visibility:
    """What `identity` may see, with the departments that its permissions reach now."""

    identity: Identity
    reach: Reach

    def seen(self, entry: Entry) -> Seen | None:
        """How an entry is seen; None where it is not.

        A record is seen by whom it belongs to after the event. Whom it belonged to before sees
        that it is no more, or that it has gone out of reach.
        """
        if entry.remains and self.reach.covers(entry.topic, entry.owner, entry.department):
            return "whole"
        if not self.reach.covers(entry.topic, entry.was_owner, entry.was_department):
            return None
        return "withdrawn" if entry.remains else "whole"

    def event(self, entry: Entry) -> bytes | None:
        """The event of an entry as it may be seen, JSON; None where it may not."""
        match self.seen(entry):
            case "whole":
                return self._as_seen(entry.topic, entry.body)
            case "withdrawn":
                return _withdrawn(entry.body)
        return None

    def newest(self, head: Head) -> bytes | None:
        """The newest event of a record that there is, as it may be seen; None where it may not."""
        if not head.remains or not self.reach.covers(head.topic, head.owner, head.department):
            return None
        return self._as_seen(head.topic, head.body)

    def _as_seen(self, topic: str, body: bytes) -> bytes:
        sight = sight_of(self.identity, BY_TOPIC[topic])
        return body if sight is None else _restricted(body, sight)


async def visibility_of(database: Database, identity: Identity) -> Visibility:
    """What `identity` may see from now on."""
    below = await store.departments_below(database, identity)
    return Visibility(identity, reach_of(identity, below))


def reach_of(identity: Identity, departments: frozenset[UUID]) -> Reach:
    """How far `identity` may read each topic, whose department and those below are given."""
    topics_by: dict[str, list[str]] = {"all": [], "department": [], "own": []}
    for topic, resource in RESOURCES.items():
        reach = identity.permissions.get(f"{resource}:read")
        if reach in topics_by:
            topics_by[reach].append(topic)
    return Reach(
        everywhere=tuple(topics_by["all"]),
        in_departments=tuple(topics_by["department"]),
        own=tuple(topics_by["own"]),
        user=identity.user,
        departments=departments,
    )


def _restricted(body: bytes, sight: Sight) -> bytes:
    """An event without what rules keep of its state, of what changed, and of when."""
    document = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    data = msgspec.json.decode(document["data"], type=dict[str, msgspec.Raw])
    for part in ("after", "changed"):
        told = bytes(data.get(part, b"null"))
        if told != b"null":
            data[part] = msgspec.Raw(sight.state(told).encode())
    document["data"] = msgspec.Raw(msgspec.json.encode(data))
    if not sight.tells_time:
        document["time"] = document.get("recordedtime", document["time"])
    return msgspec.json.encode(document)


def _withdrawn(body: bytes) -> bytes:
    """What is told of a record that has gone out of reach."""
    document = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    left = {name: document[name] for name in _LEFT_OF_WITHDRAWN if name in document}
    return msgspec.json.encode(
        {
            **left,
            "time": document.get("recordedtime", document["time"]),
            "data": {"after": None, "changed": {}},
            "withdrawn": True,
        }
    )
