"""When a department works, on clocks that are put forward and back."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.directory import CalendarException, Hours, Week
from gateway.directory.working_time.working_time import TooFarAhead, WorkingTime

MOSCOW, BERLIN, NEW_YORK, VLADIVOSTOK = (
    ZoneInfo(name)
    for name in ("Europe/Moscow", "Europe/Berlin", "America/New_York", "Asia/Vladivostok")
)
MAY_DAY = date(2026, 5, 1)
SATURDAY = date(2026, 11, 7)
OFFICE_DAY = (Hours("09:00", "13:00"), Hours("14:00", "18:00"))
OFFICE_WEEK = Week(
    monday=OFFICE_DAY,
    tuesday=OFFICE_DAY,
    wednesday=OFFICE_DAY,
    thursday=OFFICE_DAY,
    friday=OFFICE_DAY,
)
ALWAYS = (Hours("00:00", "24:00"),)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EVERY_MOMENT = Week(**dict.fromkeys(DAYS, ALWAYS))


def every_day(*hours: Hours) -> Week:
    return Week(**dict.fromkeys(DAYS, hours))


def working(
    zone: ZoneInfo = MOSCOW,
    week: Week = OFFICE_WEEK,
    *exceptions: CalendarException,
    holidays: Mapping[date, str] | None = None,
) -> WorkingTime:
    by_date = {exception.date: exception for exception in exceptions}
    return WorkingTime(zone, week, by_date, lambda year: holidays or {} if year else {})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def on(working_time: WorkingTime, day: date) -> list[tuple[str, str]]:
    """The intervals of a day, in UTC."""
    return [
        (f"{opens:%d %H:%M}", f"{closes:%d %H:%M}")
        for opens, closes in working_time.day(day).intervals
    ]


# -- days ---------------------------------------------------------------------------


def test_a_day_has_the_hours_of_its_weekday_on_the_local_clock() -> None:
    assert on(working(), date(2026, 5, 4)) == [("04 06:00", "04 10:00"), ("04 11:00", "04 15:00")]
    assert on(working(VLADIVOSTOK), date(2026, 5, 4))[0] == ("03 23:00", "04 03:00")
    assert on(working(), date(2026, 5, 3)) == []


def test_a_holiday_closes_a_day_and_says_its_name() -> None:
    day = working(holidays={MAY_DAY: "Праздник Весны и Труда"}).day(MAY_DAY)
    assert (day.because, day.name, day.intervals) == ("holiday", "Праздник Весны и Труда", ())


def test_a_working_saturday_is_open_and_an_exception_goes_before_a_holiday() -> None:
    transferred = CalendarException(date=SATURDAY, name="Перенос", hours=(Hours("09:00", "17:00"),))
    duty = CalendarException(date=MAY_DAY, name="Duty", hours=(Hours("10:00", "12:00"),))
    found = working(MOSCOW, OFFICE_WEEK, transferred, duty, holidays={MAY_DAY: "May Day"})
    assert on(found, SATURDAY) == [("07 06:00", "07 14:00")]
    assert on(found, MAY_DAY) == [("01 07:00", "01 09:00")]
    assert (found.day(SATURDAY).because, found.day(SATURDAY).name) == ("exception", "Перенос")


def test_an_exception_without_hours_closes_a_working_day() -> None:
    closed = CalendarException(date=date(2026, 5, 4), name="Переезд")
    assert on(working(MOSCOW, OFFICE_WEEK, closed), date(2026, 5, 4)) == []


def test_a_night_shift_is_one_interval_across_midnight() -> None:
    nights = every_day(Hours("00:00", "06:00"), Hours("22:00", "24:00"))
    found = list(working(VLADIVOSTOK, nights).intervals(date(2026, 5, 4), date(2026, 5, 5)))
    assert [closes - opens for opens, closes in found] == [
        timedelta(hours=6), timedelta(hours=8), timedelta(hours=2),
    ]  # fmt: skip


# -- clocks that are put forward and back ---------------------------------------------


@pytest.mark.parametrize(
    ("zone", "forward", "back"),
    [
        (BERLIN, date(2026, 3, 29), date(2026, 10, 25)),
        (NEW_YORK, date(2026, 3, 8), date(2026, 11, 1)),
    ],
)
def test_a_day_on_which_clocks_change_is_an_hour_shorter_or_longer(
    zone: ZoneInfo, forward: date, back: date
) -> None:
    def lasting(day: date, week: Week) -> timedelta:
        [(opens, closes)] = working(zone, week).day(day).intervals
        return closes - opens

    assert lasting(forward, EVERY_MOMENT) == timedelta(hours=23)
    assert lasting(back, EVERY_MOMENT) == timedelta(hours=25)
    night = every_day(Hours("00:00", "06:00"))
    assert lasting(forward, night) == timedelta(hours=5)
    assert lasting(back, night) == timedelta(hours=7)
    by_day = every_day(Hours("09:00", "18:00"))
    assert lasting(forward, by_day) == lasting(back, by_day) == timedelta(hours=9)


def test_vladivostok_has_no_such_days() -> None:
    found = working(VLADIVOSTOK, EVERY_MOMENT)
    for number in range(365):
        [(opens, closes)] = found.day(date(2026, 1, 1) + timedelta(days=number)).intervals
        assert closes - opens == timedelta(days=1)


def test_what_the_clock_skips_begins_with_the_change() -> None:
    def spring(*hours: Hours) -> list[tuple[str, str]]:
        return on(working(BERLIN, every_day(*hours)), date(2026, 3, 29))

    assert spring(Hours("02:30", "05:00")) == [("29 01:00", "29 03:00")]
    assert spring(Hours("01:30", "02:30")) == [("29 00:30", "29 01:00")]
    assert spring(Hours("02:15", "02:45")) == []


def test_of_what_the_clock_shows_twice_the_first_time_counts() -> None:
    def autumn(*hours: Hours) -> list[tuple[str, str]]:
        return on(working(BERLIN, every_day(*hours)), date(2026, 10, 25))

    assert autumn(Hours("02:30", "05:00")) == [("25 00:30", "25 04:00")]
    assert autumn(Hours("01:30", "02:30")) == [("24 23:30", "25 00:30")]


def test_a_day_that_a_place_left_out_has_no_hours() -> None:
    # Samoa went over the date line.
    apia = working(ZoneInfo("Pacific/Apia"), EVERY_MOMENT)
    assert on(apia, date(2011, 12, 30)) == []
    assert len(on(apia, date(2011, 12, 29))) == len(on(apia, date(2011, 12, 31))) == 1


# -- open, and when that changes ------------------------------------------------------


def test_a_department_is_open_until_it_closes_and_closed_until_it_opens() -> None:
    found = working(holidays={date(2026, 5, 11): "День Победы (выходной)"})
    assert found.at(utc("2026-05-08T06:00")) == (True, utc("2026-05-08T10:00"))
    assert found.at(utc("2026-05-08T10:00")) == (False, utc("2026-05-08T11:00"))
    assert found.at(utc("2026-05-08T15:00")) == (False, utc("2026-05-12T06:00"))


def test_who_never_closes_and_who_never_opens_change_at_no_moment() -> None:
    assert working(BERLIN, EVERY_MOMENT).at(utc("2026-05-08T06:00")) == (True, None)
    assert working(BERLIN, Week()).at(utc("2026-05-08T06:00")) == (False, None)


# -- so much work later ---------------------------------------------------------------


def test_eight_hours_of_work_from_friday_noon_end_on_monday() -> None:
    found = working()
    friday_noon = utc("2026-05-15T09:00")
    assert found.after(friday_noon, timedelta(hours=8)) == utc("2026-05-18T09:00")
    assert found.after(friday_noon, timedelta(hours=1)) == utc("2026-05-15T10:00")
    assert found.after(friday_noon, timedelta()) == friday_noon


def test_where_nobody_works_nothing_is_ever_due() -> None:
    with pytest.raises(TooFarAhead):
        working(MOSCOW, Week()).after(utc("2026-05-15T09:00"), timedelta(minutes=1))


# -- whatever the calendar ------------------------------------------------------------

minutes = st.integers(0, 24 * 60)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def hours_of_a_day(draw: st.DrawFn) -> tuple[Hours, ...]:
    edges = sorted(draw(st.lists(minutes, max_size=6, unique=True)))
    return tuple(
        Hours(clock(opens), clock(closes))
        for opens, closes in zip(edges[::2], edges[1::2], strict=False)
    )


weeks = st.builds(Week, **dict.fromkeys(DAYS, hours_of_a_day()))
zones = st.sampled_from([MOSCOW, BERLIN, NEW_YORK, VLADIVOSTOK, ZoneInfo("Australia/Lord_Howe")])
days = st.dates(date(2025, 1, 1), date(2027, 12, 31))
moments = st.builds(
    lambda day, second: datetime(day.year, day.month, day.day, tzinfo=UTC) + second,
    days,
    st.timedeltas(timedelta(), timedelta(days=1)),
)
exceptions = st.lists(
    st.builds(CalendarException, date=days, name=st.just("x"), hours=hours_of_a_day()), max_size=3
)


@given(zones, weeks, exceptions, days)
@settings(max_examples=40)
def test_intervals_are_in_order_and_apart(
    zone: ZoneInfo, week: Week, others: list[CalendarException], first: date
) -> None:
    found = list(working(zone, week, *others).intervals(first, first + timedelta(days=20)))
    edges = [edge for interval in found for edge in interval]
    assert edges == sorted(set(edges))


@given(weeks, days)
@settings(max_examples=40)
def test_a_week_without_changes_of_the_clock_lasts_as_long_as_its_hours(
    week: Week, first: date
) -> None:
    def minute(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    wanted = sum(
        minute(hours.closes) - minute(hours.opens) for day in DAYS for hours in getattr(week, day)
    )
    found = working(VLADIVOSTOK, week).intervals(first, first + timedelta(days=6))
    assert sum((closes - opens for opens, closes in found), timedelta()) == timedelta(
        minutes=wanted
    )


@given(zones, weeks, moments, st.integers(0, 3_000), st.integers(0, 3_000))
@settings(max_examples=40, deadline=None)
def test_what_is_due_later_is_more_work_and_just_as_much_as_asked_for(
    zone: ZoneInfo, week: Week, start: datetime, less: int, more: int
) -> None:
    found = working(zone, week)
    less, more = sorted((less, more))
    try:
        sooner = found.after(start, timedelta(minutes=less))
        later = found.after(start, timedelta(minutes=more))
    except TooFarAhead:
        assert found.worked(start, start + timedelta(days=700)) < timedelta(minutes=more)
        return
    assert start <= sooner <= later
    assert found.worked(start, sooner) == timedelta(minutes=less)
    assert found.worked(start, later) == timedelta(minutes=more)
    # It is the first such moment.
    if less:
        assert found.worked(start, sooner - timedelta(seconds=1)) < timedelta(minutes=less)


@given(zones, weeks, moments, st.integers(0, 3_000), st.integers(0, 100_000))
@settings(max_examples=40, deadline=None)
def test_who_begins_later_is_done_no_sooner(
    zone: ZoneInfo, week: Week, start: datetime, lasting: int, pause: int
) -> None:
    found = working(zone, week)
    try:
        sooner = found.after(start, timedelta(minutes=lasting))
        later = found.after(start + timedelta(minutes=pause), timedelta(minutes=lasting))
    except TooFarAhead:
        return
    assert sooner <= later


@given(zones, weeks, moments)
@settings(max_examples=40, deadline=None)
def test_a_department_does_what_it_does_until_it_changes(
    zone: ZoneInfo, week: Week, at: datetime
) -> None:
    found = working(zone, week)
    is_open, changes_at = found.at(at)
    if changes_at is not None:
        assert changes_at > at
        assert found.at(changes_at)[0] is not is_open
        assert found.at(changes_at - timedelta(seconds=1) if changes_at > at else at)[0] is is_open
