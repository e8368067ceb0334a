"""What a snapshot is: lines of JSON that a follower reads as it reads the feed."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

from chassis.problems import NotFound
from gateway.delivery.cursor import cursor_after
from gateway.delivery.feed.feed import FeedEvent
from gateway.delivery.visibility import RESOURCES

TOPICS: Mapping[str, str] = {resource: topic for topic, resource in RESOURCES.items()}
"""The word of permissions for records of a kind -> their topic."""


class SnapshotHead(Struct, kw_only=True):
    """The first line: one goes on with the feed from `cursor`, whatever the lines are."""

    aggregate: str
    topic: str
    cursor: str


class SnapshotEnd(Struct, kw_only=True):
    """The last line: how many records there were. Without it, the snapshot is not whole."""

    records: int


SnapshotLine = SnapshotHead | FeedEvent | SnapshotEnd


def topic_of(aggregate: str) -> str:
    """The topic of `deals`, `companies`, ...; `NotFound` for what is none."""
    if aggregate not in TOPICS:
        raise NotFound(f"there are snapshots of {', '.join(sorted(TOPICS))}")
    return TOPICS[aggregate]


def head(aggregate: str, tenant: UUID, sequence: int) -> bytes:
    """The first line of a snapshot as of a sequence."""
    return msgspec.json.encode(
        SnapshotHead(
            aggregate=aggregate, topic=TOPICS[aggregate], cursor=cursor_after(tenant, sequence)
        )
    )


def end(records: int) -> bytes:
    """The last line of a snapshot."""
    return msgspec.json.encode(SnapshotEnd(records=records))
