"""What a touch is: one contact with a customer, planned or done, and how it may go on.

A planned touch becomes done or cancelled; both are the end of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.merge import redrafted
from chassis.problems import RuleBroken
from contacts.contact_details import ExternalIds, spaced, spaced_or_none
from contacts.holders import Holder
from events.contacts import Direction, Touch, TouchChannel, TouchStatus
from events.erasure import ERASED_TEXT
from events.marketing import Lead
from events.values import CustomerRef, Name, Text

CLOCK_TOLERANCE = timedelta(minutes=5)
"""So far may the clock of who reports a touch be ahead of ours."""

_LONGEST_SUBJECT = 300

BLANKS: Mapping[str, Any] = {"subject": ERASED_TEXT, "notes": "", "outcome": None}
"""What is left of the free text of a touch with somebody who was erased."""

Moment = Annotated[datetime, Meta(tz=True)]
Minutes = Annotated[int, Meta(ge=0, le=10_080)]
Outcome = Annotated[str, Meta(max_length=300)]


class TouchDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a touch that clients set.

    Without a status, a new touch that names only when it is planned for is
    planned; any other is done, now unless it says when.
    """

    channel: TouchChannel
    direction: Direction = "outbound"
    status: TouchStatus | None = None
    customer: CustomerRef
    subject: Name
    notes: Text = ""
    planned_for: Moment | None = None
    done_at: Moment | None = None
    duration_minutes: Minutes | None = None
    outcome: Outcome | None = None
    deal: UUID | None = None
    campaign: UUID | None = None
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: ExternalIds = ()


class Completion(Struct, kw_only=True, forbid_unknown_fields=True):
    """How a planned touch went; `done_at` is now by default."""

    done_at: Moment | None = None
    outcome: Outcome | None = None
    duration_minutes: Minutes | None = None


class TouchNeedsSubject(RuleBroken):
    title = "A touch needs a subject"


class PlannedTouchNeedsTime(RuleBroken):
    title = "A planned touch needs the time it is planned for"


class OnlyDoneTouchWasDone(RuleBroken):
    title = "Only a done touch has a time when it was done"


class DoneInTheFuture(RuleBroken):
    title = "A touch cannot have been done in the future"


class TimeOutOfRange(RuleBroken):
    title = "The time is beyond the calendar"


class NewTouchIsCancelled(RuleBroken):
    title = "A touch is cancelled only after it was planned"


class TouchAlreadyDone(RuleBroken):
    title = "The touch is done already"


class TouchAlreadyCancelled(RuleBroken):
    title = "The touch is cancelled already"


class DoneTouchCannotBeCancelled(RuleBroken):
    title = "A done touch cannot be cancelled"


class CancelledTouchCannotBeDone(RuleBroken):
    title = "A cancelled touch cannot be done"


class EndedTouchCannotBePlanned(RuleBroken):
    title = "A done or cancelled touch cannot be planned again"


def moment(touch: Touch) -> datetime:
    """When a touch stands in the timeline: done, else planned for."""
    found = touch.done_at or touch.planned_for
    assert found is not None, "the rules let no touch be without a time"
    return found


def created(id: UUID, draft: TouchDraft, by: Holder, now: datetime) -> Touch:
    """A new touch as drafted, held `by` whom the draft does not say otherwise."""
    status = draft.status or ("planned" if draft.planned_for and not draft.done_at else "done")
    if status == "cancelled":
        raise NewTouchIsCancelled("plan it first", field="status")
    touch = Touch(id=id, version=0, **_fields(draft, status, now))
    return replace(
        touch, owner=draft.owner or by.owner, department=draft.department or by.department
    )


def changed(touch: Touch, draft: TouchDraft, now: datetime) -> Touch:
    """The touch with the draft's fields; its status may go on as by the verbs."""
    status = draft.status or touch.status
    _check_course(touch.status, status)
    return replace(touch, **_fields(draft, status, now))


def done(touch: Touch, completion: Completion, now: datetime) -> Touch:
    """The planned touch as it was done."""
    if touch.status == "done":
        raise TouchAlreadyDone(f"it was done at {touch.done_at}")
    _check_course(touch.status, "done")
    at = _utc(completion.done_at, "done_at") or now
    _check_not_ahead(at, now)
    return replace(
        touch,
        status="done",
        done_at=at,
        outcome=spaced_or_none(completion.outcome) or touch.outcome,
        duration_minutes=(
            touch.duration_minutes
            if completion.duration_minutes is None
            else completion.duration_minutes
        ),
    )


def cancelled(touch: Touch) -> Touch:
    """The planned touch that will not be made."""
    if touch.status == "cancelled":
        raise TouchAlreadyCancelled("nothing to do")
    _check_course(touch.status, "cancelled")
    return replace(touch, status="cancelled")


def of_form(id: UUID, lead: Lead, person: UUID) -> Touch:
    """What somebody sent through a public form, held by whom the lead is."""
    return Touch(
        id=id,
        version=0,
        owner=lead.owner,
        department=lead.department,
        channel="web_form",
        direction="inbound",
        status="done",
        customer=CustomerRef("person", person),
        subject=f"Form: {spaced(lead.name)}"[:_LONGEST_SUBJECT].rstrip(),
        notes=lead.message,
        # When it was captured is the sender's word: it is kept even from a clock ahead of ours.
        done_at=_utc(lead.captured_at, "done_at"),
        campaign=lead.campaign,
        lead=lead.id,
    )


def verb(before: Touch | None, after: Touch) -> str:
    """What the event is called that leads from `before` to `after`."""
    if before is None:
        return "planned" if after.status == "planned" else "recorded"
    return after.status if before.status != after.status else "changed"


def happened(verb: str, after: Touch) -> datetime | None:
    """When an event took place in the business; None is the moment of its command."""
    return moment(after) if verb in ("planned", "recorded", "done") else None


def _fields(draft: TouchDraft, status: str, now: datetime) -> dict[str, Any]:
    subject = spaced(draft.subject)
    if not subject:
        raise TouchNeedsSubject("its subject is blank", field="subject")
    planned_for = _utc(draft.planned_for, "planned_for")
    done_at = _utc(draft.done_at, "done_at")
    if status == "done":
        done_at = done_at or now
        _check_not_ahead(done_at, now)
    elif done_at is not None:
        raise OnlyDoneTouchWasDone(f"this one is {status}", field="done_at")
    elif planned_for is None:
        raise PlannedTouchNeedsTime("say when", field="planned_for")
    return redrafted(draft) | {
        "status": status,
        "subject": subject,
        "planned_for": planned_for,
        "done_at": done_at,
        "outcome": spaced_or_none(draft.outcome),
    }


def _check_course(before: str, after: str) -> None:
    if before in (after, "planned"):
        return
    if after == "planned":
        raise EndedTouchCannotBePlanned(f"it is {before}: plan a new one", field="status")
    if after == "cancelled":
        raise DoneTouchCannotBeCancelled("it has been made", field="status")
    raise CancelledTouchCannotBeDone("record a new one", field="status")


def _check_not_ahead(done_at: datetime, now: datetime) -> None:
    if done_at > now + CLOCK_TOLERANCE:
        raise DoneInTheFuture(f"{done_at.isoformat()} is yet to come", field="done_at")


def _utc(at: datetime | None, field: str) -> datetime | None:
    """The same moment in UTC; raises `TimeOutOfRange` beyond the years 1 to 9999."""
    try:
        return at.astimezone(UTC) if at is not None else None
    except OverflowError:
        raise TimeOutOfRange(f"{at} has no date in UTC", field=field) from None
