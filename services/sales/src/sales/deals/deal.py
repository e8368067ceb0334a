"""What a deal is and may do while it is open. Winning and losing it: outcome.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.problems import RuleBroken
from events.sales import Deal, DealLine, NextStep, Pipeline, StageEntry
from events.values import CustomerRef, ExternalId, Money, Name, Text
from sales.deals import worth
from sales.local_time import Moment, in_utc
from sales.pipelines.pipeline import stage_of
from sales.reasons.reason import Reasons

Lines = Annotated[tuple[DealLine, ...], Meta(max_length=500)]


class NextStepDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A next step as clients give it."""

    text: Name
    due_at: Moment | None = None
    assignee: UUID | None = None


class DealFields(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a deal that clients may set at any time."""

    name: Name
    customer: CustomerRef | None = None
    owner: UUID | None = None
    department: UUID | None = None
    lines: Lines = ()
    amount: Money | None = None
    expected_close_on: date | None = None
    next_step: NextStepDraft | None = None
    channel: UUID | None = None
    campaign: UUID | None = None
    external_ids: tuple[ExternalId, ...] = ()


class DealDraft(DealFields, kw_only=True, forbid_unknown_fields=True):
    """A deal to be opened: by default in the first stage of the tenant's default pipeline."""

    pipeline: UUID | None = None
    stage: UUID | None = None


class DealChange(DealFields, kw_only=True, forbid_unknown_fields=True):
    """What may change in a deal; its reason only when it is closed, and then not much else."""

    reason: UUID | None = None
    reason_comment: Text = ""


class Move(Struct, forbid_unknown_fields=True):
    """Where a deal is moved: a stage of its pipeline."""

    stage: UUID


class DealIsClosed(RuleBroken):
    """It was won or lost: reopen it first."""

    status = 409
    title = "The deal is closed"


class OpenDealHasNoReason(RuleBroken):
    title = "Only closed deals have a reason"


class PipelineIsFixed(RuleBroken):
    title = "A deal stays in its pipeline"


class PipelineRetired(RuleBroken):
    title = "The pipeline is no longer in use"


class LossNeedsReason(RuleBroken):
    title = "A deal is lost for a reason"


AnyDraft = TypeVar("AnyDraft", bound=DealDraft)


@dataclass(frozen=True, slots=True)
class Act:
    """When somebody does something with a deal, which day it is there, and who it is."""

    at: datetime
    on: date
    by: UUID | None


# Whom a closed deal belongs to and why it ended may still be put right.
_OF_CLOSED_DEALS = frozenset({"owner", "department", "reason", "reason_comment"})


def opened(id: UUID, draft: DealDraft, pipeline: Pipeline, act: Act) -> Deal:
    """A new deal as drafted, which enters its first stage with `act`."""
    if not pipeline.is_active:
        raise PipelineRetired(f"{pipeline.name!r} is no longer in use", field="pipeline")
    stage = pipeline.stages[0] if draft.stage is None else stage_of(pipeline, draft.stage)
    return Deal(
        id=id,
        version=0,
        name=draft.name,
        pipeline=pipeline.id,
        stage=stage.id,
        history=(_entry(stage.id, act),),
        started_at=act.at,
        started_on=act.on,
        customer=draft.customer,
        owner=draft.owner,
        department=draft.department,
        lines=draft.lines,
        amount=worth.amount(draft.amount, draft.lines),
        expected_close_on=draft.expected_close_on,
        next_step=next_step(draft.next_step),
        channel=draft.channel,
        campaign=draft.campaign,
        external_ids=draft.external_ids,
    )


def changed(deal: Deal, draft: DealFields) -> Deal:
    """The deal with the draft's fields; of a closed one, only whom it belongs to may change."""
    after = replace(
        deal,
        name=draft.name,
        customer=draft.customer,
        owner=draft.owner,
        department=draft.department,
        lines=draft.lines,
        amount=worth.amount(draft.amount, draft.lines, deal.amount),
        expected_close_on=draft.expected_close_on,
        next_step=next_step(draft.next_step),
        channel=draft.channel,
        campaign=draft.campaign,
        external_ids=draft.external_ids,
    )
    if deal.status != "open":
        for field in DealFields.__struct_fields__:
            if field not in _OF_CLOSED_DEALS and getattr(after, field) != getattr(deal, field):
                raise DealIsClosed(f"the deal is {deal.status}: reopen it first", field=field)
    return after


def explained(deal: Deal, reason: UUID | None, comment: str, reasons: Reasons) -> Deal:
    """The deal with another reason for how it ended, and what there is to say about it."""
    if deal.status == "open":
        if reason is not None or comment:
            raise OpenDealHasNoReason("win or lose the deal first", field="reason")
        return deal
    if reason == deal.reason:
        return replace(deal, reason_comment=comment)
    if reason is None:
        if deal.status == "lost":
            raise LossNeedsReason("name another reason", field="reason")
        reason = reasons.not_recorded(deal.status)
    chosen = reasons.in_use(reason, deal.status)
    return replace(deal, reason=chosen.id, reason_comment=comment)


def moved(deal: Deal, stage: UUID, pipeline: Pipeline, act: Act) -> Deal:
    """The deal in another stage of its pipeline, its history longer by one entry."""
    if deal.status != "open":
        raise DealIsClosed(f"the deal is {deal.status}: reopen it first", field="stage")
    target = stage_of(pipeline, stage)
    if target.id == deal.stage:
        return deal
    return replace(deal, stage=target.id, history=(*deal.history, _entry(target.id, act)))


def same_pipeline(deal: Deal, pipeline: UUID | None) -> None:
    """Raise `PipelineIsFixed` unless `pipeline` is the deal's own."""
    if pipeline != deal.pipeline:
        raise PipelineIsFixed("open another deal in the other pipeline", field="pipeline")


def next_step(draft: NextStepDraft | None) -> NextStep | None:
    """The drafted next step, its time in UTC."""
    if draft is None:
        return None
    due_at = in_utc(draft.due_at, "next_step.due_at")
    return NextStep(text=draft.text, due_at=due_at, assignee=draft.assignee)


def _entry(stage: UUID, act: Act) -> StageEntry:
    return StageEntry(stage=stage, entered_at=act.at, entered_on=act.on, by=act.by)
