"""How a touch may go."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest

from chassis.problems import RuleBroken
from chassis.transactions import uuid7
from contacts.holders import Holder
from contacts.touches.touch import (
    CancelledTouchCannotBeDone,
    Completion,
    DoneInTheFuture,
    DoneTouchCannotBeCancelled,
    EndedTouchCannotBePlanned,
    NewTouchIsCancelled,
    OnlyDoneTouchWasDone,
    PlannedTouchNeedsTime,
    TimeOutOfRange,
    TouchAlreadyCancelled,
    TouchAlreadyDone,
    TouchDraft,
    TouchNeedsSubject,
    cancelled,
    changed,
    created,
    done,
    happened,
    moment,
    of_form,
    verb,
)
from events.contacts import Touch
from events.marketing import Lead
from events.values import CustomerRef

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
YESTERDAY = NOW - timedelta(days=1)
NOBODY = Holder(None, None)


def draft(**fields: object) -> TouchDraft:
    given = {"channel": "call", "customer": CustomerRef("person", uuid4()), "subject": "Звонок"}
    return TouchDraft(**(given | fields))  # type: ignore[arg-type]


def touch(**fields: object) -> Touch:
    return created(uuid7(), draft(**fields), NOBODY, NOW)


def planned() -> Touch:
    return touch(planned_for=TOMORROW)


def test_a_touch_for_which_only_a_time_is_planned_is_planned() -> None:
    made = planned()
    assert (made.status, moment(made), verb(None, made)) == ("planned", TOMORROW, "planned")


def test_any_other_touch_is_done_now_or_when_it_says() -> None:
    assert (touch().status, touch().done_at) == ("done", NOW)
    made = touch(done_at=YESTERDAY, planned_for=YESTERDAY - timedelta(days=1))
    assert (made.status, moment(made), verb(None, made)) == ("done", YESTERDAY, "recorded")


def test_a_planned_touch_needs_its_time() -> None:
    with pytest.raises(PlannedTouchNeedsTime):
        touch(status="planned")


def test_a_planned_touch_has_not_been_done() -> None:
    with pytest.raises(OnlyDoneTouchWasDone):
        touch(status="planned", planned_for=TOMORROW, done_at=YESTERDAY)


def test_a_new_touch_cannot_be_cancelled_already() -> None:
    with pytest.raises(NewTouchIsCancelled):
        touch(status="cancelled", planned_for=TOMORROW)


def test_a_touch_needs_a_subject() -> None:
    with pytest.raises(TouchNeedsSubject):
        touch(subject="  ")


def test_nothing_was_done_in_the_future_but_clocks_may_differ_by_five_minutes() -> None:
    assert touch(done_at=NOW + timedelta(minutes=5)).status == "done"
    with pytest.raises(DoneInTheFuture):
        touch(done_at=NOW + timedelta(minutes=5, seconds=1))
    with pytest.raises(DoneInTheFuture):
        done(planned(), Completion(done_at=TOMORROW), NOW)


def test_times_are_kept_in_utc() -> None:
    vladivostok = timezone(timedelta(hours=10))
    made = touch(done_at=datetime(2026, 3, 1, 9, tzinfo=vladivostok))
    assert made.done_at is not None
    assert made.done_at.isoformat() == "2026-02-28T23:00:00+00:00"


def test_a_time_without_a_date_in_utc_is_refused() -> None:
    edge = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    with pytest.raises(TimeOutOfRange):
        touch(done_at=edge)


def test_a_planned_touch_becomes_done() -> None:
    before = planned()
    after = done(before, Completion(outcome=" перезвонить ", duration_minutes=0), NOW)
    assert (after.status, after.done_at, after.planned_for) == ("done", NOW, TOMORROW)
    assert (after.outcome, after.duration_minutes) == ("перезвонить", 0)
    assert verb(before, after) == "done"


def test_a_planned_touch_becomes_cancelled() -> None:
    before = planned()
    after = cancelled(before)
    assert (after.status, verb(before, after), moment(after)) == (
        "cancelled",
        "cancelled",
        TOMORROW,
    )


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (lambda: cancelled(touch()), DoneTouchCannotBeCancelled),
        (lambda: cancelled(cancelled(planned())), TouchAlreadyCancelled),
        (lambda: done(cancelled(planned()), Completion(), NOW), CancelledTouchCannotBeDone),
        (lambda: done(touch(), Completion(), NOW), TouchAlreadyDone),
        (
            lambda: changed(touch(), draft(status="planned", planned_for=TOMORROW), NOW),
            EndedTouchCannotBePlanned,
        ),
        (
            lambda: changed(touch(), draft(status="cancelled", planned_for=TOMORROW), NOW),
            DoneTouchCannotBeCancelled,
        ),
        (
            lambda: changed(cancelled(planned()), draft(status="done"), NOW),
            CancelledTouchCannotBeDone,
        ),
    ],
)
def test_done_and_cancelled_are_the_end(broken: object, error: type[RuleBroken]) -> None:
    with pytest.raises(error):
        broken()  # type: ignore[operator]


def test_a_change_of_status_by_patch_is_the_same_event_as_by_its_verb() -> None:
    before = planned()
    assert verb(before, changed(before, draft(status="done"), NOW)) == "done"
    assert (
        verb(before, changed(before, draft(status="cancelled", planned_for=TOMORROW), NOW))
        == "cancelled"
    )
    assert verb(before, changed(before, draft(planned_for=YESTERDAY), NOW)) == "changed"


def test_business_time_is_when_it_was_done_or_is_planned_for() -> None:
    before = planned()
    assert happened("planned", before) == TOMORROW
    assert happened("recorded", touch(done_at=YESTERDAY)) == YESTERDAY
    assert happened("cancelled", cancelled(before)) is None
    assert happened("changed", before) is None


def test_a_form_becomes_a_touch_that_names_its_lead() -> None:
    person = uuid4()
    lead = Lead(
        id=uuid4(),
        version=1,
        owner=uuid4(),
        department=uuid4(),
        form=uuid4(),
        captured_at=YESTERDAY,
        name="Анна " * 70,
        message="Перезвоните",
        campaign=uuid4(),
    )
    made = of_form(UUID(int=1), lead, person)
    assert (made.channel, made.direction, made.status) == ("web_form", "inbound", "done")
    assert (made.lead, made.campaign, made.done_at) == (lead.id, lead.campaign, YESTERDAY)
    assert (made.owner, made.department) == (lead.owner, lead.department)
    assert made.customer == CustomerRef("person", person)
    assert made.subject.startswith("Form: Анна")
    assert len(made.subject) <= 300
