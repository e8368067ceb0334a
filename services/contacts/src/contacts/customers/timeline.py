"""How a timeline is asked for and turned over, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, get_args
from uuid import UUID

from msgspec import Struct

from chassis.paging import Page, cursor_of, limit_of, position_of
from chassis.problems import InvalidRequest
from events.contacts import Touch
from events.integration import Fact
from events.values import UtcTime

EntryType = Literal["touch", "fact"]
SHOWN = ("planned", "done")
"""Cancelled touches are shown only to those who ask for them."""


class TimelineEntry(Struct, kw_only=True):
    """What happened with a customer, or will: a touch, or a fact that another system reports."""

    type: EntryType
    at: UtcTime
    touch: Touch | None = None
    fact: Fact | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands in a timeline: no two stand in one place."""

    moment: datetime
    id: UUID

    def cursor(self) -> str:
        text = f"{self.moment.isoformat()} {self.id}"
        return cursor_of(text.encode())

    @classmethod
    def of_cursor(cls, cursor: str) -> Place:
        """The place that `cursor` names; raises `InvalidRequest` when it is none of ours."""
        try:
            text = position_of(cursor).decode("ascii")
            moment, _, id = text.partition(" ")
            place = cls(datetime.fromisoformat(moment), UUID(id))
        except ValueError:
            raise InvalidRequest("not a cursor of this timeline", field="cursor") from None
        if place.moment.tzinfo is None:
            raise InvalidRequest("not a cursor of this timeline", field="cursor")
        return place


Row: TypeAlias = tuple[Place, str]
"""An entry's place, and the state of the touch or the fact as JSON."""


@dataclass(frozen=True, slots=True)
class TimelineRequest:
    """What a timeline is asked for; `channels` None means every one.

    `named` are the fields of touches that the request filters by: no fact has them.
    """

    limit: int
    after: Place | None
    types: Sequence[str]
    statuses: Sequence[str]
    channels: Sequence[str] | None
    named: Sequence[str] = ()

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> TimelineRequest:
        """From a query string of known parameters; `InvalidRequest` names what is wrong."""
        types = query["type"].split(",") if "type" in query else get_args(EntryType)
        if not set(types) <= set(get_args(EntryType)):
            raise InvalidRequest("touch, fact or both", field="type")
        return cls(
            limit=limit_of(query),
            after=Place.of_cursor(query["cursor"]) if query.get("cursor") else None,
            types=types,
            statuses=query["status"].split(",") if "status" in query else SHOWN,
            channels=query["channel"].split(",") if "channel" in query else None,
            named=[name for name in ("status", "channel") if name in query],
        )

    @property
    def asks_for_touches(self) -> bool:
        return "touch" in self.types

    @property
    def asks_for_facts(self) -> bool:
        return "fact" in self.types and not self.named

    def asked_by(self) -> Sequence[str]:
        """The fields of touches by which this asks: whose, in which order, which of them."""
        return ("customer", "done_at", "planned_for", *self.named)

    def page(self, touches: Iterable[Row], facts: Iterable[Row]) -> Page:
        """The page that these make, each newest first and one more than the limit."""
        rows = [
            *((place, _entry("touch", place, state)) for place, state in touches),
            *((place, _entry("fact", place, state)) for place, state in facts),
        ]
        rows.sort(key=lambda row: (row[0].moment, row[0].id), reverse=True)
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return Page([entry for _, entry in shown], shown[-1][0].cursor() if more else None)


def _entry(type_: EntryType, place: Place, state: str) -> str:
    """A `TimelineEntry` as JSON."""
    at = place.moment.isoformat().replace("+00:00", "Z")
    return f'{{"type":"{type_}","at":"{at}","{type_}":{state}}}'
