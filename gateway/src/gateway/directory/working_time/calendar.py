"""What a working calendar is: a week's hours, whose holidays are kept, and dated exceptions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from chassis.problems import RuleBroken
from events.directory import CalendarException, Department, Holidays, Hours, Week


class HoursBackwards(RuleBroken):
    title = "Hours end after they begin, on the same day"


class HoursOverlap(RuleBroken):
    title = "The hours of one day do not overlap"


class OneExceptionForEachDate(RuleBroken):
    title = "A date has one exception at the most"


@dataclass(frozen=True, slots=True)
class Calendar:
    """The calendar that holds for a department, its own and what it has from above."""

    week: Week
    holidays: Holidays | None
    exceptions: tuple[CalendarException, ...]


def in_force(upwards: Iterable[Department]) -> Calendar | None:
    """The calendar of the first of `upwards`, which lists a department and those above it.

    None where nobody has said when work is done.
    """
    week: Week | None = None
    holidays: Holidays | None = None
    exceptions: dict[object, CalendarException] = {}
    for department in upwards:
        week = week or department.working_hours
        if holidays is None:
            for exception in department.calendar_exceptions:
                exceptions.setdefault(exception.date, exception)
            holidays = department.holidays
    if week is None:
        return None
    return Calendar(week, holidays, tuple(exceptions.values()))


def ordered_week(week: Week | None) -> Week | None:
    """The week with the hours of each day in order; raises what is wrong with them."""
    if week is None:
        return None
    days = msgspec.structs.asdict(week)
    return Week(**{day: _ordered(hours, f"working_hours.{day}") for day, hours in days.items()})


def ordered_exceptions(given: Iterable[CalendarException]) -> tuple[CalendarException, ...]:
    """The exceptions by date; raises what is wrong with them."""
    exceptions = sorted(given, key=lambda exception: exception.date)
    for one, next_ in pairwise(exceptions):
        if one.date == next_.date:
            raise OneExceptionForEachDate(f"{one.date} has two", field="calendar_exceptions")
    return tuple(
        replace(exception, hours=_ordered(exception.hours, "calendar_exceptions"))
        for exception in exceptions
    )


def _ordered(given: Iterable[Hours], field: str) -> tuple[Hours, ...]:
    hours = sorted(given, key=lambda hours: hours.opens)
    for one in hours:
        if one.closes <= one.opens:
            raise HoursBackwards(
                f"{one.opens} to {one.closes}: what goes on after midnight is the next day's",
                field=field,
            )
    for one, next_ in pairwise(hours):
        if next_.opens < one.closes:
            raise HoursOverlap(f"{next_.opens} is before {one.closes}", field=field)
    return tuple(hours)
