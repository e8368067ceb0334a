"""The envelope: CloudEvents 1.0 in structured JSON, with Meridian's attributes.

What Kafka, the feed and webhooks carry is this same document. The owner writes
everything but `position` and `recordedtime`, which its journal assigns; the
relay completes the document with `complete` when it sends it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from events.values import UtcTime

CONTENT_TYPE = "application/cloudevents+json"
LARGEST_EVENT = 900_000
"""Bytes of one event at the most; a larger one is refused when it is written."""

State = TypeVar("State")


class Change(msgspec.Struct, Generic[State], frozen=True, gc=False):
    """The data of an event: the full state, and what the command changed.

    `changed` maps each changed field to its value before; a new aggregate has
    none. `after` is null when the aggregate was deleted or erased.
    """

    after: State | None
    changed: dict[str, Any] = {}


class Event(
    msgspec.Struct, Generic[State], frozen=True, gc=False, kw_only=True, omit_defaults=True
):
    """One version of one aggregate.

    `time` is when it happened in the business, `recordedtime` when its owner
    committed it; `subject` is the aggregate's id and `aggregateversion` its
    version; `position` is the place in the owner's journal. `erased` says that the
    event was emptied later, because its subject was erased.
    """

    id: UUID
    source: str
    type: str
    subject: str
    time: UtcTime
    tenantid: UUID
    aggregateversion: int
    data: Change[State]
    specversion: str
    datacontenttype: str
    dataschema: str | None = None
    actor: str | None = None
    reason: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    origin: str | None = None
    traceparent: str | None = None
    erased: bool = False
    recordedtime: UtcTime | None = None
    position: int | None = None


def complete(body: bytes, recorded: datetime, position: int) -> bytes:
    """The document as it is sent: `body` plus what the journal assigned."""
    stamp = recorded.astimezone(UTC).isoformat(timespec="microseconds")
    return (
        body[:-1]
        + (f',"recordedtime":"{stamp.replace("+00:00", "Z")}","position":{position}}}').encode()
    )


def partition_key(tenant: UUID, subject: str) -> bytes:
    """The Kafka key of an aggregate: `tenant:aggregate id`."""
    return f"{tenant}:{subject}".encode()


def headers_of(
    event: UUID, type: str, tenant: UUID, traceparent: str | None
) -> list[tuple[str, bytes]]:
    """The Kafka headers of an event: what can be told without reading it. None is ever null."""
    headers = [
        ("content-type", CONTENT_TYPE.encode()),
        ("ce_id", str(event).encode()),
        ("ce_type", type.encode()),
        ("ce_tenantid", str(tenant).encode()),
    ]
    if traceparent:
        headers.append(("traceparent", traceparent.encode()))
    return headers
