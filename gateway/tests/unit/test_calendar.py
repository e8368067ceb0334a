"""The calendar of a department: what may be written, and what comes down from above."""

from datetime import date
from uuid import UUID

import pytest

from events.directory import CalendarException, Department, Holidays, Hours, Week
from gateway.directory.tags import NoSkill, tagged
from gateway.directory.working_time import public_holidays
from gateway.directory.working_time.calendar import (
    HoursBackwards,
    HoursOverlap,
    OneExceptionForEachDate,
    in_force,
    ordered_exceptions,
    ordered_week,
)
from gateway.directory.working_time.public_holidays import UnknownHolidays

RUSSIA, PORTUGAL = Holidays(country="RU"), Holidays(country="PT")
OFFICE = Week(monday=(Hours("09:00", "18:00"),))
SHIFTS = Week(saturday=(Hours("10:00", "16:00"),))


def exception(day: date, name: str) -> CalendarException:
    return CalendarException(date=day, name=name)


def department(
    number: int,
    week: Week | None = None,
    holidays: Holidays | None = None,
    exceptions: tuple[CalendarException, ...] = (),
) -> Department:
    return Department(
        id=UUID(int=number),
        version=1,
        name="x",
        path=(),
        time_zone="UTC",
        working_hours=week,
        holidays=holidays,
        calendar_exceptions=exceptions,
    )


# -- what may be written ----------------------------------------------------------------


def test_hours_are_kept_in_order_and_may_touch() -> None:
    week = ordered_week(Week(monday=(Hours("14:00", "24:00"), Hours("09:00", "14:00"))))
    assert week == Week(monday=(Hours("09:00", "14:00"), Hours("14:00", "24:00")))


@pytest.mark.parametrize("hours", [Hours("18:00", "09:00"), Hours("09:00", "09:00")])
def test_hours_do_not_go_on_after_midnight(hours: Hours) -> None:
    with pytest.raises(HoursBackwards) as refused:
        ordered_week(Week(friday=(hours,)))
    assert refused.value.field == "working_hours.friday"


def test_hours_of_one_day_do_not_overlap() -> None:
    twice = (Hours("09:00", "13:00"), Hours("12:59", "18:00"))
    with pytest.raises(HoursOverlap):
        ordered_week(Week(monday=twice))
    with pytest.raises(HoursOverlap):
        ordered_exceptions([CalendarException(date=date(2026, 5, 1), name="x", hours=twice)])


def test_exceptions_are_kept_by_date_one_for_each() -> None:
    first, second = exception(date(2026, 5, 1), "a"), exception(date(2026, 5, 2), "b")
    assert ordered_exceptions([second, first]) == (first, second)
    with pytest.raises(OneExceptionForEachDate):
        ordered_exceptions([first, exception(first.date, "c")])


# -- what comes down from above ---------------------------------------------------------


def test_a_department_without_hours_has_those_of_the_nearest_above() -> None:
    found = in_force([department(3), department(2, SHIFTS), department(1, OFFICE)])
    assert found is not None
    assert found.week == SHIFTS
    assert in_force([department(2), department(1)]) is None


def test_hours_and_holidays_come_down_each_from_where_they_are_said() -> None:
    found = in_force([department(3), department(2, None, PORTUGAL), department(1, OFFICE, RUSSIA)])
    assert found is not None
    assert (found.week, found.holidays) == (OFFICE, PORTUGAL)


def test_exceptions_come_down_with_the_holidays_that_they_correct_and_the_nearest_holds() -> None:
    day, other = date(2026, 5, 1), date(2026, 5, 2)
    root = department(1, OFFICE, RUSSIA, (exception(day, "root"), exception(other, "root")))
    branch = department(2, None, None, (exception(day, "branch"),))
    found = in_force([department(3), branch, root])
    assert found is not None
    assert {one.date: one.name for one in found.exceptions} == {day: "branch", other: "root"}
    abroad = in_force([department(4, None, PORTUGAL), branch, root])
    assert abroad is not None
    assert abroad.exceptions == ()


# -- holidays as the library knows them --------------------------------------------------


def test_holidays_are_named_in_the_language_asked_for_where_the_library_can() -> None:
    victory = date(2026, 5, 9)
    assert public_holidays.names(RUSSIA, 2026, "ru")[victory] == "День Победы"
    assert public_holidays.names(RUSSIA, 2026, "en")[victory] == "Victory Day"
    new_year = date(2026, 1, 1)
    assert public_holidays.names(PORTUGAL, 2026, "ru")[new_year] == "New Year's Day"


def test_a_subdivision_has_holidays_of_its_own() -> None:
    bavaria = Holidays(country="DE", subdivision="BY")
    epiphany = date(2026, 1, 6)
    assert epiphany in public_holidays.names(bavaria, 2026, "en")
    assert epiphany not in public_holidays.names(Holidays(country="DE"), 2026, "en")


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Holidays(country="ZZ"), "holidays.country"),
        (Holidays(country="UK"), "holidays.country"),
        (Holidays(country="DE", subdivision="ZZ"), "holidays.subdivision"),
        (Holidays(country="DE", categories=("public", "lunar")), "holidays.categories"),
    ],
)
def test_holidays_that_the_library_does_not_know_are_refused(wanted: Holidays, field: str) -> None:
    with pytest.raises(UnknownHolidays) as refused:
        public_holidays.known(wanted)
    assert refused.value.field == field


def test_what_the_library_knows_no_longer_stops_no_calendar() -> None:
    assert public_holidays.names(Holidays(country="ZZ"), 2026, "en") == {}
    assert public_holidays.names(Holidays(country="DE", subdivision="ZZ"), 2026, "en") == {}


# -- skills ------------------------------------------------------------------------------


def test_skills_written_in_many_ways_are_one_tag() -> None:
    assert tagged(["Оптовые  продажи", "оптовые-продажи", "1С", "C++"]) == (
        "1с",
        "c++",
        "оптовые-продажи",
    )


@pytest.mark.parametrize("text", ["", "   ", "a,b", "x" * 41, "bell\x07", "ﷺ" * 4])
def test_what_is_no_short_tag_is_no_skill(text: str) -> None:
    with pytest.raises(NoSkill):
        tagged([text])
