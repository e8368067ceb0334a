"""Deals as other systems know them: with their state, their history and their own dates.

What an imported item says counts as it is; what it does not say stays as it was.
The result follows from the item and the deal alone, so that the same import
again changes nothing: defaults are taken only for a deal that is new, and a
local date, once known for a moment, is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from chassis.merge import drafted
from chassis.problems import RuleBroken
from events.sales import Deal, DealStatus, Pipeline, StageEntry
from events.values import Text
from sales.deals import worth
from sales.deals.deal import DealDraft, next_step
from sales.deals.history import UNKNOWN, Span, StageEntryDraft, check, dated, paired
from sales.local_time import LocalTime, Moment
from sales.reasons.reason import Reasons


class DealImport(DealDraft, kw_only=True, forbid_unknown_fields=True):
    """A deal with the state and the past that another system says it has."""

    status: DealStatus = "open"
    history: Annotated[tuple[StageEntryDraft, ...], Meta(max_length=1_000)] = ()
    started_at: Moment | None = None
    started_on: date | None = None
    closed_at: Moment | None = None
    closed_on: date | None = None
    reason: UUID | None = None
    reason_comment: Text = ""


class ClosedNeedsDate(RuleBroken):
    title = "A deal that was won or lost ended on some day"


class OpenDealHasNotEnded(RuleBroken):
    title = "An open deal has no end and no reason for it"


class ClosedBeforeStarted(RuleBroken):
    title = "A deal cannot end before it starts"


class HistoryEndsElsewhere(RuleBroken):
    title = "The history ends in the stage where the deal stands"


_PAST = frozenset(DealImport.__struct_fields__) - frozenset(DealDraft.__struct_fields__)
_PAIRS = (("started_at", "started_on"), ("closed_at", "closed_on"))


@dataclass(frozen=True, slots=True)
class Import:
    """What an import needs to know beside the item: reasons, calendars, now, and who imports."""

    reasons: Reasons
    local: LocalTime
    now: datetime
    by: UUID | None


def carries_past(item: dict[str, Any]) -> bool:
    """Whether a bulk item says more of a deal than a client who opens one could."""
    return not _PAST.isdisjoint(item)


def read(before: Deal | None, item: dict[str, Any]) -> DealImport:
    """The item's draft: its own fields, and those of the deal that it does not mention.

    A moment and its date go together, and a history says where the deal stands:
    where an item has the one, the other must not stay from before.
    """
    item = dict(item)
    for pair in _PAIRS:
        if not item.keys().isdisjoint(pair):
            for field in pair:
                item.setdefault(field, None)
    if not item.get("history"):
        return drafted(before, item, DealImport)
    item.setdefault("stage", None)
    draft = drafted(before, item, DealImport)
    if draft.stage is not None and draft.stage != draft.history[-1].stage:
        raise HistoryEndsElsewhere("its last entry is another stage", field="history")
    return draft


def imported(
    id: UUID, before: Deal | None, draft: DealImport, pipeline: Pipeline, given: Import
) -> Deal:
    """The deal as the item has it; `before` is what is known of it, None for a new one."""
    history = dated(draft.history, before, draft.department, given.local)
    started = paired(
        (draft.started_at, draft.started_on),
        (before.started_at, before.started_on) if before else UNKNOWN,
        "started",
        draft.department,
        given.local,
    )
    if started == UNKNOWN and history:
        started = (history[0].entered_at, history[0].entered_on)
    history = _ending_in(draft.stage, history, started, pipeline, draft.department, given)
    check(history, draft.status, pipeline, before)
    end = _end(before, draft, started[1], given)
    return Deal(
        id=id,
        version=before.version if before else 0,
        name=draft.name,
        pipeline=pipeline.id,
        stage=history[-1].stage,
        status=draft.status,
        customer=draft.customer,
        owner=draft.owner,
        department=draft.department,
        lines=draft.lines,
        amount=worth.amount(draft.amount, draft.lines, before.amount if before else None),
        history=history,
        started_at=started[0],
        started_on=started[1],
        expected_close_on=draft.expected_close_on,
        closed_at=end.at,
        closed_on=end.on,
        reason=end.reason,
        reason_comment=end.comment,
        next_step=next_step(draft.next_step),
        channel=draft.channel,
        campaign=draft.campaign,
        lead=before.lead if before else None,
        external_ids=draft.external_ids,
    )


def newest_moment(deal: Deal, local: LocalTime) -> datetime | None:
    """The last thing that happened with the deal in the business; None where nobody knows.

    A date without its time counts from the beginning of that day.
    """
    entered = deal.history[-1]
    for at, on in (
        (deal.closed_at, deal.closed_on),
        (entered.entered_at, entered.entered_on),
        (deal.started_at, deal.started_on),
    ):
        if at is not None:
            return at
        if on is not None:
            return local.start_of(on, deal.department)
    return None


def _ending_in(
    stage: UUID | None,
    history: tuple[StageEntry, ...],
    started: Span,
    pipeline: Pipeline,
    department: UUID | None,
    given: Import,
) -> tuple[StageEntry, ...]:
    """The history, longer by an entry where it does not end in the `stage` that is meant."""
    if not history:
        first = pipeline.stages[0].id
        # Of a stage that is not the first, a start says nothing of when it was entered.
        at, on = started if stage in (None, first) else UNKNOWN
        return (StageEntry(stage=stage or first, entered_at=at, entered_on=on),)
    if stage is None or stage == history[-1].stage:
        return history
    on = given.local.date_of(given.now, department)
    return (*history, StageEntry(stage=stage, entered_at=given.now, entered_on=on, by=given.by))


@dataclass(frozen=True, slots=True)
class _End:
    at: datetime | None = None
    on: date | None = None
    reason: UUID | None = None
    comment: str = ""


_NO_END = _End()


def _end(before: Deal | None, draft: DealImport, started_on: date | None, given: Import) -> _End:
    """When and why the deal ended; an open deal has not."""
    was = _NO_END
    if before is not None:
        was = _End(before.closed_at, before.closed_on, before.reason, before.reason_comment)
    stated = _End(draft.closed_at, draft.closed_on, draft.reason, draft.reason_comment)
    if draft.status == "open":
        # What is left of an end that the item takes back is no statement of its own.
        if stated not in (_NO_END, was):
            raise OpenDealHasNotEnded("its status is open", field="status")
        return _NO_END
    closed = (stated.at, stated.on)
    at, on = paired(closed, (was.at, was.on), "closed", draft.department, given.local)
    if on is None:
        raise ClosedNeedsDate("give closed_on, or closed_at", field="closed_on")
    if started_on is not None and on < started_on:
        raise ClosedBeforeStarted(f"started on {started_on}, closed on {on}", field="closed_on")
    reason = stated.reason
    if before is not None and before.status != draft.status and reason == before.reason:
        # The reason of the former outcome.
        reason = None
    if reason is None:
        reason = given.reasons.not_recorded(draft.status)
    else:
        given.reasons.of_outcome(reason, draft.status)
    return _End(at, on, reason, stated.comment)
