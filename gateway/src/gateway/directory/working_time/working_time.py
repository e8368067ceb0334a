"""When a department works: its calendar on the clocks of its time zone.

A time of the clock is the first moment at which the clock shows it or later: a
time that is skipped in spring is the moment of the change, one that comes twice
in autumn is the first. So hours stay in order, and what is left of them is true.
Hours that touch, at midnight too, are one interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

import msgspec

from chassis.clocks import zone
from chassis.problems import RuleBroken
from events.directory import CalendarException, Department, Hours, Week

Interval = tuple[datetime, datetime]
"""From when to when, in UTC."""

Because = Literal["week", "holiday", "exception"]
"""What says how a day is."""

FARTHEST = timedelta(days=731)
AHEAD = timedelta(days=60)
"""How far the next change of a department is looked for."""
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)
"""Whatever is asked or told lies between them; the latter is beyond."""
_DAY = timedelta(days=1)


class TooFarAhead(RuleBroken):
    title = "Not within two years"


@dataclass(frozen=True, slots=True)
class Day:
    """One date: its open intervals, none if it is closed, and what says so, by name if it has one.

    An interval that is open across midnight is in both of its days, up to midnight and from it.
    """

    date: date
    because: Because
    name: str | None
    intervals: tuple[Interval, ...]


class WorkingTime:
    """The working time of one department; `holidays` gives the names of a year's, by date."""

    def __init__(
        self,
        zone: tzinfo,
        week: Week,
        exceptions: Mapping[date, CalendarException],
        holidays: Callable[[int], Mapping[date, str]],
    ) -> None:
        self._zone = zone
        self._week: tuple[tuple[Hours, ...], ...] = msgspec.structs.astuple(week)
        self._exceptions = exceptions
        self._holidays = holidays

    def date_of(self, at: datetime) -> date:
        """The local date at a moment."""
        return self.local(at).date()

    def local(self, at: datetime) -> datetime:
        """A moment as the local clocks show it."""
        return at.astimezone(self._zone)

    def day(self, day: date) -> Day:
        """What becomes of one date."""
        exception = self._exceptions.get(day)
        if exception is not None:
            return Day(day, "exception", exception.name, self._on(day, exception.hours))
        holiday = self._holidays(day.year).get(day)
        if holiday is not None:
            return Day(day, "holiday", holiday, ())
        return Day(day, "week", None, self._on(day, self._week[day.weekday()]))

    def intervals(self, first: date, last: date) -> Iterator[Interval]:
        """The intervals of these dates, both among them, in order; those that touch are one."""
        held: Interval | None = None
        at = first
        while at <= last:
            for opens, closes in self.day(at).intervals:
                if held is not None and held[1] == opens:
                    held = (held[0], closes)
                    continue
                if held is not None:
                    yield held
                held = (opens, closes)
            at += _DAY
        if held is not None:
            yield held

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """How long work is done between two moments."""
        total = timedelta()
        for opens, closes in self.intervals(self.date_of(start) - _DAY, self.date_of(end)):
            total += max(min(closes, end) - max(opens, start), timedelta())
        return total

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """The first moment by which work was done for so long since `start`.

        Raises `TooFarAhead` when that takes longer than `FARTHEST`.
        """
        if not duration:
            return start
        left = duration
        for opens, closes in self._from(start, FARTHEST):
            begins = max(opens, start)
            if closes - begins >= left:
                return begins + left
            left -= closes - begins
        raise TooFarAhead(f"work ends before {duration} of it are done", field="hours")

    def at(self, moment: datetime) -> tuple[bool, datetime | None]:
        """Whether work is done at a moment, and when that changes next.

        None where it does not change within the days of `AHEAD`.
        """
        beyond = self._moment(self.date_of(moment + AHEAD) + _DAY, time.min)
        for opens, closes in self._from(moment, AHEAD):
            if opens <= moment:
                return True, closes if closes < beyond else None
            return False, opens
        return False, None

    def _from(self, moment: datetime, ahead: timedelta) -> Iterator[Interval]:
        """The intervals that end after a moment, and begin on the days from it on."""
        first, last = self.date_of(moment) - _DAY, self.date_of(moment + ahead)
        return (interval for interval in self.intervals(first, last) if interval[1] > moment)

    # -- clocks -----------------------------------------------------------------

    def _on(self, day: date, hours: tuple[Hours, ...]) -> tuple[Interval, ...]:
        """These hours of a date; those that touch are one, those that the clock skips are none."""
        intervals: list[Interval] = []
        for each in hours:
            opens, closes = self._shown(day, each.opens), self._shown(day, each.closes)
            if intervals and intervals[-1][1] == opens:
                intervals[-1] = (intervals[-1][0], closes)
            elif opens < closes:
                intervals.append((opens, closes))
        return tuple(intervals)

    def _shown(self, day: date, clock: str) -> datetime:
        if clock == "24:00":
            return self._moment(day + _DAY, time.min)
        return self._moment(day, time.fromisoformat(clock))

    def _moment(self, day: date, clock: time) -> datetime:
        """The first moment at which the clock shows this or later, in UTC."""
        shown = datetime.combine(day, clock, self._zone)
        moment = shown.astimezone(UTC)
        if moment.astimezone(self._zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
            return moment
        # The clock skips it: the moment is that of the change, between these two.
        before, after = shown.replace(fold=1).astimezone(UTC), moment
        offset = before.astimezone(self._zone).utcoffset()
        while after - before > timedelta(seconds=1):
            middle = before + (after - before) // 2
            if middle.astimezone(self._zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after.replace(microsecond=0)


def zone_of(department: Department) -> tzinfo:
    """The clocks of a department."""
    return zone(department.time_zone)
