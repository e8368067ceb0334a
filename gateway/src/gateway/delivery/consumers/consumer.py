"""What a named consumer is: a place in the log that its program moves by acknowledging."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from chassis.problems import Conflict, InvalidRequest, RuleBroken
from gateway.delivery.cursor import cursor_after
from gateway.delivery.log.entry import Bounds

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,59}(?!\n)$"
ConsumerName = Annotated[str, Meta(pattern=NAME_PATTERN)]
EventType = Annotated[str, Meta(pattern=r"^crm(\.[a-z0-9_]+){2,4}(?!\n)$", max_length=200)]
Cursor = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_=-]+(?!\n)$", max_length=100)]


class ConsumerDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """A new consumer: of all events unless `types` names some (types or topics).

    It begins after `cursor`, as of a snapshot, else with the oldest event that is kept.
    """

    name: ConsumerName
    types: Annotated[tuple[EventType, ...], Meta(max_length=100)] = ()
    cursor: Cursor | None = None


class Acknowledgement(Struct, kw_only=True, forbid_unknown_fields=True):
    """Everything up to this cursor is dealt with."""

    cursor: Cursor


class Rewinding(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where to begin again: after a cursor, or with what was logged at a time or later.

    With neither of them, with the oldest event that is kept.
    """

    cursor: Cursor | UnsetType = UNSET
    time: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET


class FeedConsumer(Struct, kw_only=True):
    """A consumer as its owner sees it.

    `lag_events` counts all events behind `cursor`, also those that are not for it; `lag_seconds`
    is how long the oldest of them is there. `is_expired` says that some that it has not
    acknowledged are not kept any more.
    """

    name: str
    types: tuple[str, ...]
    cursor: str
    acknowledged: datetime | None
    is_paused: bool
    is_expired: bool
    lag_events: int
    lag_seconds: float
    created: datetime


class FeedConsumers(Struct, kw_only=True):
    """Consumers by their names."""

    items: list[FeedConsumer]


class ConsumerExists(Conflict):
    title = "There is a consumer of this name already"


class TwoPlaces(RuleBroken):
    title = "One begins again in one place"


@dataclass(frozen=True, slots=True)
class Known:
    """A consumer as it is kept; `acknowledged` is a sequence."""

    name: str
    types: tuple[str, ...]
    acknowledged: int
    acknowledged_at: datetime | None
    is_paused: bool
    created: datetime


def acknowledged(known: Known, sequence: int, bounds: Bounds) -> int:
    """Where a consumer is after an acknowledgement: never farther back than before.

    Raises `InvalidRequest` for a place that the log has not come to.
    """
    if sequence > bounds.last:
        raise InvalidRequest("the log has not come so far", field="cursor")
    return max(known.acknowledged, sequence)


def possible(time: datetime) -> datetime:
    """A time in UTC; of one that calendars do not have there, the nearest that they do."""
    try:
        return time.astimezone(UTC)
    except OverflowError:
        return time.replace(tzinfo=UTC)


def shown(known: Known, tenant: UUID, bounds: Bounds, waiting_since: float) -> FeedConsumer:
    """A consumer as its owner sees it, whose oldest waiting event waits for so many seconds."""
    return FeedConsumer(
        name=known.name,
        types=known.types,
        cursor=cursor_after(tenant, known.acknowledged),
        acknowledged=known.acknowledged_at,
        is_paused=known.is_paused,
        is_expired=known.acknowledged < bounds.first - 1,
        lag_events=max(0, bounds.last - known.acknowledged),
        lag_seconds=round(max(0.0, waiting_since), 3),
        created=known.created,
    )
