"""What a delivery is: one event on its way to one webhook, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from chassis.problems import Problem

State = Literal["waiting", "delivered", "failed", "withheld", "forgotten"]
STATES: tuple[State, ...] = get_args(State)

TEST_TYPE = "crm.gateway.webhook.tested.v1"


class Delivery(Struct, kw_only=True):
    """A delivery as it is shown; its `id` is the `webhook-id` of every attempt.

    It is `waiting` until it is accepted and `delivered`. `withheld` was out of the owner's reach
    when its turn came, `forgotten` what the log no longer held then, `failed` a test that was not
    accepted. `due` is when it is tried next, null behind another one of the same record.
    """

    id: UUID
    webhook: UUID
    state: State
    type: str
    subject: UUID
    version: int | None
    attempts: int
    created: datetime
    due: datetime | None
    attempted: datetime | None
    status_code: int | None
    milliseconds: int | None
    error: str | None
    finished: datetime | None


class EventForgotten(Problem):
    """What is to be sent again is not kept any more."""

    status = 410
    title = "The log does not hold this event any more"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An event that a webhook is to get."""

    id: UUID
    sequence: int
    type: str
    subject: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose turn it is; a test has no `sequence` in the log."""

    id: UUID
    sequence: int | None
    subject: UUID
    failures: int


class _Data(Struct):
    after: dict[str, Any] | None = None


class _Seen(Struct):
    id: UUID
    data: _Data


def delivery_id(webhook: UUID, event: UUID) -> UUID:
    """The id of an event's delivery to a webhook, however often it is sent."""
    return uuid5(webhook, str(event))


def read(event: bytes) -> tuple[UUID, dict[str, Any] | None]:
    """(id, state after it) of an event, JSON."""
    seen = msgspec.json.decode(event, type=_Seen)
    return seen.id, seen.data.after


def test_event(tenant: UUID, webhook: UUID, delivery: UUID, at: datetime) -> bytes:
    """What a test sends: an event of nothing."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": delivery,
            "source": "/meridian/gateway",
            "type": TEST_TYPE,
            "subject": webhook,
            "time": at,
            "tenantid": tenant,
            "aggregateversion": 1,
            "datacontenttype": "application/json",
            "data": {"after": None, "changed": {}},
        }
    )
