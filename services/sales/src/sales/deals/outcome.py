"""How a deal ends, and how it begins again."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from chassis.problems import RuleBroken
from events.sales import Deal, Outcome, Pipeline
from events.values import Text
from sales.deals.deal import Act, DealIsClosed, LossNeedsReason, moved
from sales.local_time import Moment, in_utc
from sales.reasons.reason import Reasons

_CLOCKS_DIFFER = timedelta(minutes=5)


class Closing(Struct, kw_only=True, forbid_unknown_fields=True):
    """How a deal was won or lost; `closed_at` is now by default."""

    reason: UUID | None = None
    comment: Text = ""
    closed_at: Moment | None = None


class DealIsOpen(RuleBroken):
    status = 409
    title = "The deal is open"


class ClosedInTheFuture(RuleBroken):
    title = "A deal cannot have ended in the future"


def closing_moment(closing: Closing, now: datetime) -> datetime:
    """When the deal ended, in UTC; `ClosedInTheFuture` beyond what clocks may differ by."""
    at = in_utc(closing.closed_at, "closed_at")
    if at is None:
        return now
    if at > now + _CLOCKS_DIFFER:
        raise ClosedInTheFuture(f"{at.isoformat()} is yet to come", field="closed_at")
    return at


def won(deal: Deal, closing: Closing, act: Act, reasons: Reasons) -> Deal:
    """The deal, won; without a reason its reason is "not recorded"."""
    return _closed(deal, "won", closing.reason, closing.comment, act, reasons)


def lost(deal: Deal, closing: Closing, act: Act, reasons: Reasons) -> Deal:
    """The deal, lost for the reason that the closing names; `LossNeedsReason` without one."""
    if closing.reason is None:
        raise LossNeedsReason("say why the deal was lost", field="reason")
    return _closed(deal, "lost", closing.reason, closing.comment, act, reasons)


def reopened(deal: Deal, pipeline: Pipeline, act: Act) -> Deal:
    """The deal, open again where it stood; in the first stage if its own is gone."""
    if deal.status == "open":
        raise DealIsOpen("only a deal that was won or lost can be reopened")
    again = replace(
        deal, status="open", closed_at=None, closed_on=None, reason=None, reason_comment=""
    )
    if any(stage.id == deal.stage for stage in pipeline.stages):
        return again
    return moved(again, pipeline.stages[0].id, pipeline, act)


def _closed(
    deal: Deal, outcome: Outcome, reason: UUID | None, comment: str, act: Act, reasons: Reasons
) -> Deal:
    if deal.status != "open":
        raise DealIsClosed(f"the deal is {deal.status} already")
    if reason is not None:
        reasons.in_use(reason, outcome)
    return replace(
        deal,
        status=outcome,
        closed_at=act.at,
        closed_on=act.on,
        reason=reason or reasons.not_recorded(outcome),
        reason_comment=comment,
    )
