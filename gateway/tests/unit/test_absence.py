"""The rules of absences, and of who stands in."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace

from events.directory import Absence, User
from gateway.directory.absences import absence as rules
from gateway.directory.absences.absence import (
    AbsenceDraft,
    AbsencesOverlap,
    AbsenceTooLong,
    AbsenteeStays,
    DatesBackwards,
    Staff,
    UnknownAbsentee,
    UnknownDeputy,
)
from gateway.directory.presence.presence import absent_at, member, stand_in

ANNA, BORIS, CLARA, OFFICE = (UUID(int=number) for number in range(1, 5))
FIRST, LAST = date(2026, 7, 1), date(2026, 7, 14)


def user(id: UUID, status: str = "active") -> User:
    return User(id=id, version=1, name="x", login=str(id), status=status, roles=("agent",))


def staff(*absences: Absence, deputies: tuple[User, ...] = ()) -> Staff:
    return Staff(
        offices={ANNA: OFFICE},
        deputies={deputy.id: deputy for deputy in deputies},
        absences={ANNA: {absence.id: absence for absence in absences}},
    )


def draft(
    starts_on: date = FIRST, ends_on: date = LAST, deputy: UUID | None = None
) -> AbsenceDraft:
    return AbsenceDraft(kind="vacation", starts_on=starts_on, ends_on=ends_on, deputy=deputy)


def absence(owner: UUID = ANNA, deputy: UUID | None = None, number: int = 9) -> Absence:
    return Absence(
        id=UUID(int=number),
        version=1,
        owner=owner,
        department=OFFICE,
        kind="vacation",
        starts_on=FIRST,
        ends_on=LAST,
        deputy=deputy,
    )


def test_an_absence_lies_in_the_department_of_who_is_absent() -> None:
    recorded = rules.recorded(UUID(int=9), ANNA, draft(), staff())
    assert (recorded.owner, recorded.department) == (ANNA, OFFICE)


def test_who_is_beyond_reach_is_as_unknown_as_a_stranger() -> None:
    with pytest.raises(UnknownAbsentee):
        rules.recorded(UUID(int=9), BORIS, draft(), staff())


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "error"),
    [
        (LAST, FIRST, DatesBackwards),
        (date(2026, 1, 1), date(2029, 12, 31), AbsenceTooLong),
        (date(1820, 1, 1), date(1820, 1, 2), AbsenceTooLong),
    ],
)
def test_an_absence_has_a_first_and_a_last_day(
    starts_on: date, ends_on: date, error: type[Exception]
) -> None:
    with pytest.raises(error):
        rules.recorded(UUID(int=9), ANNA, draft(starts_on, ends_on), staff())


def test_nobody_is_absent_twice_on_one_day() -> None:
    known = staff(absence())
    with pytest.raises(AbsencesOverlap):
        rules.recorded(UUID(int=8), ANNA, draft(LAST, LAST), known)
    rules.recorded(UUID(int=8), ANNA, draft(date(2026, 7, 15), date(2026, 7, 20)), known)
    with pytest.raises(AbsencesOverlap):
        rules.recorded(UUID(int=7), ANNA, draft(date(2026, 7, 20), date(2026, 7, 21)), known)


def test_an_absence_may_be_prolonged_over_its_own_days() -> None:
    known = absence()
    longer = rules.changed(known, draft(FIRST, date(2026, 7, 20)), staff(known))
    assert longer.ends_on == date(2026, 7, 20)


def test_an_absence_stays_with_who_is_absent() -> None:
    with pytest.raises(AbsenteeStays):
        rules.changed(absence(), replace(draft(), owner=BORIS), staff(absence()))


@pytest.mark.parametrize("deputies", [(), (user(BORIS, "disabled"),)])
def test_a_deputy_is_a_colleague_who_can_stand_in(deputies: tuple[User, ...]) -> None:
    with pytest.raises(UnknownDeputy):
        rules.recorded(UUID(int=9), ANNA, draft(deputy=BORIS), staff(deputies=deputies))


def test_nobody_stands_in_for_themselves() -> None:
    with pytest.raises(UnknownDeputy):
        rules.recorded(UUID(int=9), ANNA, draft(deputy=ANNA), staff(deputies=(user(ANNA),)))


def test_a_deputy_who_has_left_since_does_not_stop_a_change() -> None:
    known = absence(deputy=BORIS)
    after = rules.changed(known, draft(FIRST, FIRST, BORIS), staff(known))
    assert (after.deputy, after.ends_on) == (BORIS, FIRST)


# -- who is there ------------------------------------------------------------------------


def test_a_day_of_absence_is_one_of_the_local_calendar() -> None:
    away = absence()
    last_evening_in_lisbon = datetime(2026, 7, 14, 20, tzinfo=UTC)
    assert absent_at([(away, "Europe/Lisbon")], last_evening_in_lisbon) == {ANNA: away}
    assert absent_at([(away, "Asia/Vladivostok")], last_evening_in_lisbon) == {}


def test_of_deputies_who_are_absent_too_their_deputies_stand_in() -> None:
    absent = {ANNA: absence(ANNA, BORIS), BORIS: absence(BORIS, CLARA)}
    assert stand_in(ANNA, absent) == CLARA
    assert stand_in(ANNA, absent | {CLARA: absence(CLARA)}) is None


def test_where_all_stand_in_for_one_another_and_are_absent_nobody_does() -> None:
    absent = {ANNA: absence(ANNA, BORIS), BORIS: absence(BORIS, ANNA)}
    assert stand_in(ANNA, absent) is None


def test_who_is_absent_is_not_at_work_and_why_is_not_told() -> None:
    away = member(user(ANNA), {ANNA: absence(ANNA, BORIS)}, is_open=True)
    assert (away.is_absent, away.absent_until, away.stand_in) == (True, LAST, BORIS)
    assert away.is_at_work is False
    assert "vacation" not in repr(away)
    here = member(user(BORIS), {}, is_open=None)
    assert (here.is_absent, here.stand_in, here.is_at_work) == (False, None, None)
