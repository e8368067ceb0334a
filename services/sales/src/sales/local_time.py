"""Which day it is where a deal's department sits: reports count by local dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, tzinfo
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from chassis.clocks import zone
from chassis.problems import RuleBroken

Moment = Annotated[datetime, Meta(tz=True)]
"""A time as clients give it: RFC 3339, always with its offset from UTC."""

_EARLIEST, _LATEST = date(1900, 1, 1), date(2200, 1, 1)


class DateOutOfRange(RuleBroken):
    title = "Times lie between the years 1900 and 2200"


class LocalTime:
    """The calendars of departments; those that are not known keep UTC."""

    def __init__(self, zones: Mapping[UUID, str]) -> None:
        self._zones = zones

    def date_of(self, at: datetime, department: UUID | None) -> date:
        """The local date at the moment `at`."""
        return at.astimezone(self._zone(department)).date()

    def start_of(self, day: date, department: UUID | None) -> datetime:
        """The moment at which the local date `day` began, in UTC."""
        return datetime.combine(day, time.min, self._zone(department)).astimezone(UTC)

    def _zone(self, department: UUID | None) -> tzinfo:
        name = None if department is None else self._zones.get(department)
        return UTC if name is None else zone(name)


def in_utc(at: datetime | None, field: str) -> datetime | None:
    """`at` in UTC; `DateOutOfRange` for what no calendar of ours could convert."""
    if at is None:
        return None
    if not _EARLIEST <= at.date() < _LATEST:
        raise DateOutOfRange(f"{at.isoformat()} is out of range", field=field)
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def possible(day: date | None, field: str) -> date | None:
    """`day` itself; `DateOutOfRange` for what no calendar of ours could convert."""
    if day is not None and not _EARLIEST <= day < _LATEST:
        raise DateOutOfRange(f"{day} is out of range", field=field)
    return day
