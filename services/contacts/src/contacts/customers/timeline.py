"""How a timeline is asked for and turned over, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.paging import Page, cursor_of, limit_of, position_of
from chassis.problems import InvalidRequest

SHOWN = ("planned", "done")
"""Cancelled touches are shown only to those who ask for them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a touch stands in a timeline: no two stand in one place."""

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


@dataclass(frozen=True, slots=True)
class TimelineRequest:
    """What a timeline is asked for; `channels` None means every one.

    `named` are the fields of touches that the request filters by.
    """

    limit: int
    after: Place | None
    statuses: Sequence[str]
    channels: Sequence[str] | None
    named: Sequence[str] = ()

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> TimelineRequest:
        """From a query string of known parameters; `InvalidRequest` names what is wrong."""
        return cls(
            limit=limit_of(query),
            after=Place.of_cursor(query["cursor"]) if query.get("cursor") else None,
            statuses=query["status"].split(",") if "status" in query else SHOWN,
            channels=query["channel"].split(",") if "channel" in query else None,
            named=[name for name in ("status", "channel") if name in query],
        )

    def asked_by(self) -> Sequence[str]:
        """The fields of touches by which this asks: whose, in which order, which of them."""
        return ("customer", "done_at", "planned_for", *self.named)

    def page(self, rows: Sequence[tuple[Place, str]]) -> Page:
        """The page that these rows, newest first and one more than the limit, make."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return Page([state for _, state in shown], shown[-1][0].cursor() if more else None)
