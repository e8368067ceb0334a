"""What is asked about working time, and the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self
from uuid import UUID

from msgspec import Struct, field

from chassis.history import moment
from chassis.problems import InvalidRequest, RuleBroken
from events.directory import Department, Languages, Skills
from gateway.directory.working_time.working_time import (
    EARLIEST,
    LATEST,
    Because,
    Interval,
    WorkingTime,
    zone_of,
)

MOST_DAYS = 92
MOST_MINUTES = 250_000
"""About two years of somebody's work."""


class OutOfRange(RuleBroken):
    title = "Times lie between the years 1970 and 2200"


class SpanNotPossible(RuleBroken):
    title = f"A timetable has 1 to {MOST_DAYS} days"


class NoWorkingHours(RuleBroken):
    title = "Neither this department nor one above it has working hours"


class OpenInterval(Struct, kw_only=True):
    """From when to when work is done: in UTC, and as the department's clocks show it."""

    opens: datetime
    closes: datetime
    local_opens: datetime
    local_closes: datetime


class WorkingDay(Struct, kw_only=True):
    """One date of a department: closed, if it has no intervals.

    `because` says what decides: the hours of the `week`, a `holiday`, or an `exception`; the
    latter two have a name.
    """

    date: date
    because: Because
    name: str | None
    intervals: list[OpenInterval]


class Timetable(Struct, kw_only=True):
    """When a department works, day by day, and how many minutes that is together."""

    department: UUID
    time_zone: str
    from_: date = field(name="from")
    to: date
    minutes: int
    days: list[WorkingDay]


class Due(Struct, kw_only=True):
    """The first moment by which work was done for so many minutes since `start`."""

    department: UUID
    start: datetime
    minutes: int
    due: datetime
    local_due: datetime


class Opening(Struct, kw_only=True):
    """A department at a moment: whether it is open, and when it closes or opens next.

    `is_open` is null where nobody has said when work is done, `changes_at` where nothing changes
    in the next weeks.
    """

    id: UUID
    name: str
    city: str | None
    time_zone: str
    languages: Languages
    skills: Skills
    local_time: datetime
    is_open: bool | None
    changes_at: datetime | None
    local_changes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Span:
    """The days `from` to `to`, both among them."""

    first: date
    last: date

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Self:
        span = cls(_day(query, "from"), _day(query, "to"))
        if not 0 <= (span.last - span.first).days < MOST_DAYS:
            raise SpanNotPossible(f"{span.first} to {span.last} are not as many", field="to")
        return span


@dataclass(frozen=True, slots=True)
class Task:
    """Work that takes so long, and begins at a moment."""

    start: datetime
    minutes: int

    @classmethod
    def parse(cls, query: Mapping[str, str], now: datetime) -> Self:
        text = query.get("minutes", "")
        if not text.isascii() or not text.isdigit() or not 0 <= int(text[:9]) <= MOST_MINUTES:
            raise InvalidRequest(f"a number from 0 to {MOST_MINUTES}", field="minutes")
        return cls(possible_moment(query, "start") or now, int(text))


def possible_moment(query: Mapping[str, str], name: str) -> datetime | None:
    """The moment of a parameter; None without it."""
    at = moment(query, name)
    if at is not None and not EARLIEST <= at.date() < LATEST:
        raise OutOfRange(f"{at.isoformat()} is out of range", field=name)
    return at


def timetable(department: Department, working_time: WorkingTime, span: Span) -> Timetable:
    """Every day of the span."""
    days = [
        working_time.day(span.first + timedelta(days=number))
        for number in range((span.last - span.first).days + 1)
    ]
    lasting = sum(
        (closes - opens for day in days for opens, closes in day.intervals), start=timedelta()
    )
    return Timetable(
        department=department.id,
        time_zone=department.time_zone,
        from_=span.first,
        to=span.last,
        minutes=lasting // timedelta(minutes=1),
        days=[
            WorkingDay(
                date=day.date,
                because=day.because,
                name=day.name,
                intervals=[_open(working_time, interval) for interval in day.intervals],
            )
            for day in days
        ],
    )


def due(department: Department, working_time: WorkingTime, task: Task) -> Due:
    """By when the task is done."""
    at = working_time.after(task.start, timedelta(minutes=task.minutes))
    return Due(
        department=department.id,
        start=task.start,
        minutes=task.minutes,
        due=at,
        local_due=working_time.local(at),
    )


def opening(department: Department, working_time: WorkingTime | None, at: datetime) -> Opening:
    """What a department does at a moment."""
    zone = zone_of(department)
    is_open, changes_at = (None, None) if working_time is None else working_time.at(at)
    return Opening(
        id=department.id,
        name=department.name,
        city=department.city,
        time_zone=department.time_zone,
        languages=department.languages,
        skills=department.skills,
        local_time=at.astimezone(zone),
        is_open=is_open,
        changes_at=changes_at,
        local_changes_at=None if changes_at is None else changes_at.astimezone(zone),
    )


def _open(working_time: WorkingTime, interval: Interval) -> OpenInterval:
    opens, closes = interval
    return OpenInterval(
        opens=opens,
        closes=closes,
        local_opens=working_time.local(opens),
        local_closes=working_time.local(closes),
    )


def _day(query: Mapping[str, str], name: str) -> date:
    try:
        day = date.fromisoformat(query[name])
    except (KeyError, ValueError):
        raise InvalidRequest("a date, as 2026-05-09", field=name) from None
    if not EARLIEST <= day < LATEST:
        raise OutOfRange(f"{day} is out of range", field=name)
    return day
