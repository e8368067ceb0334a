"""How a deal goes while it is open, and how it ends."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from chassis.merge import merged
from chassis.problems import RuleBroken
from events.sales import Deal, StageEntry
from events.values import CustomerRef, Money
from sales.deals.deal import (
    Act,
    DealChange,
    DealDraft,
    DealIsClosed,
    LossNeedsReason,
    NextStepDraft,
    OpenDealHasNoReason,
    PipelineIsFixed,
    PipelineRetired,
    changed,
    explained,
    moved,
    opened,
    same_pipeline,
)
from sales.deals.outcome import (
    ClosedInTheFuture,
    Closing,
    DealIsOpen,
    closing_moment,
    lost,
    reopened,
    won,
)
from sales.local_time import DateOutOfRange
from sales.pipelines.built_in import built_in_pipeline
from sales.pipelines.pipeline import StageNotOfPipeline
from sales.reasons.built_in import built_in_reasons
from sales.reasons.reason import ReasonOfOtherOutcome, Reasons, reason_id

TENANT = uuid4()
AGENT = uuid4()
PIPELINE = built_in_pipeline(TENANT)
FIRST, SECOND = PIPELINE.stages[0].id, PIPELINE.stages[1].id
REASONS = Reasons(TENANT, [], built_in_reasons(TENANT))
PRICE = reason_id(TENANT, "lost", "price")
BEGIN = Act(datetime(2026, 3, 1, 22, tzinfo=UTC), date(2026, 3, 2), AGENT)
LATER = Act(datetime(2026, 3, 5, 8, tzinfo=UTC), date(2026, 3, 5), uuid4())


def deal(**fields: Any) -> Deal:
    return opened(uuid4(), DealDraft(name="Станки для завода", **fields), PIPELINE, BEGIN)


def patched(before: Deal, **patch: Any) -> Deal:
    draft = merged(before, patch, DealChange)
    return explained(changed(before, draft), draft.reason, draft.reason_comment, REASONS)


def test_a_deal_begins_in_the_first_stage_on_the_local_day() -> None:
    new = deal()
    assert (new.status, new.pipeline, new.stage) == ("open", PIPELINE.id, FIRST)
    assert (new.started_at, new.started_on) == (BEGIN.at, date(2026, 3, 2))
    assert new.history == (
        StageEntry(stage=FIRST, entered_at=BEGIN.at, entered_on=BEGIN.on, by=AGENT),
    )


def test_a_deal_may_begin_in_any_stage_of_its_pipeline() -> None:
    assert deal(stage=SECOND).stage == SECOND
    with pytest.raises(StageNotOfPipeline):
        deal(stage=uuid4())


def test_no_deal_begins_in_a_retired_pipeline() -> None:
    with pytest.raises(PipelineRetired):
        opened(uuid4(), DealDraft(name="Поздно"), replace(PIPELINE, is_active=False), BEGIN)


def test_moving_a_deal_adds_to_its_history_who_moved_it_and_when() -> None:
    after = moved(deal(), SECOND, PIPELINE, LATER)
    assert after.stage == SECOND
    assert after.history[1:] == (
        StageEntry(stage=SECOND, entered_at=LATER.at, entered_on=LATER.on, by=LATER.by),
    )


def test_moving_a_deal_where_it_stands_changes_nothing() -> None:
    before = deal()
    assert moved(before, FIRST, PIPELINE, LATER) == before


def test_a_deal_moves_within_its_pipeline() -> None:
    with pytest.raises(StageNotOfPipeline):
        moved(deal(), uuid4(), PIPELINE, LATER)
    with pytest.raises(PipelineIsFixed):
        same_pipeline(deal(), uuid4())


def test_handing_a_deal_over_keeps_its_history() -> None:
    before = moved(deal(), SECOND, PIPELINE, LATER)
    successor, department = uuid4(), uuid4()
    after = patched(before, owner=str(successor), department=str(department))
    assert (after.owner, after.department) == (successor, department)
    assert after.history == before.history


def test_the_next_step_is_set_in_utc_and_cleared() -> None:
    vladivostok = timezone(timedelta(hours=10))
    due = datetime(2026, 3, 6, 9, tzinfo=vladivostok)
    before = deal(next_step=NextStepDraft(text="Позвонить", due_at=due))
    assert before.next_step is not None
    assert before.next_step.due_at == due
    assert before.next_step.due_at.tzinfo is UTC
    assert patched(before, next_step=None).next_step is None


def test_a_time_that_no_calendar_knows_is_refused() -> None:
    with pytest.raises(DateOutOfRange):
        deal(next_step=NextStepDraft(text="Позвонить", due_at=datetime.min.replace(tzinfo=UTC)))


def test_lines_decide_what_a_deal_is_worth() -> None:
    line = {"product": str(uuid4()), "quantity": "3", "price": {"amount": "10", "currency": "USD"}}
    after = patched(deal(amount=Money(Decimal(5), "EUR")), lines=[line])
    assert after.amount == Money(Decimal("30.00"), "USD")


def test_an_open_deal_has_no_reason() -> None:
    with pytest.raises(OpenDealHasNoReason):
        patched(deal(), reason=str(PRICE))
    with pytest.raises(OpenDealHasNoReason):
        patched(deal(), reason_comment="дорого")


def test_a_deal_is_won_at_a_moment_and_without_a_reason_takes_not_recorded() -> None:
    after = won(deal(), Closing(comment="Ура"), LATER, REASONS)
    assert (after.status, after.closed_at, after.closed_on) == ("won", LATER.at, LATER.on)
    assert (after.reason, after.reason_comment) == (
        reason_id(TENANT, "won", "not_recorded"),
        "Ура",
    )
    assert after.stage == FIRST


def test_a_deal_is_lost_for_a_reason() -> None:
    after = lost(deal(), Closing(reason=PRICE), LATER, REASONS)
    assert (after.status, after.reason) == ("lost", PRICE)


def test_a_deal_cannot_be_lost_without_a_reason() -> None:
    with pytest.raises(LossNeedsReason):
        lost(deal(), Closing(comment="просто так"), LATER, REASONS)


def test_a_deal_is_not_won_for_a_reason_to_lose() -> None:
    with pytest.raises(ReasonOfOtherOutcome):
        won(deal(), Closing(reason=PRICE), LATER, REASONS)


def test_a_deal_may_have_ended_before_it_is_said_but_not_in_the_future() -> None:
    now = LATER.at
    yesterday = now - timedelta(days=1)
    assert closing_moment(Closing(), now) == now
    assert closing_moment(Closing(closed_at=yesterday), now) == yesterday
    with pytest.raises(ClosedInTheFuture):
        closing_moment(Closing(closed_at=now + timedelta(hours=1)), now)


CLOSED = lost(deal(), Closing(reason=PRICE), LATER, REASONS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Другое"),
        ("customer", {"type": "company", "id": str(uuid4())}),
        ("amount", {"amount": "1", "currency": "USD"}),
        ("expected_close_on", "2026-04-01"),
        ("next_step", {"text": "Позвонить"}),
        ("external_ids", [{"system": "1c", "type": "deal", "id": "1"}]),
    ],
)
def test_a_closed_deal_cannot_be_changed(field: str, value: Any) -> None:
    with pytest.raises(DealIsClosed) as broken:
        patched(CLOSED, **{field: value})
    assert broken.value.field == field


def test_a_closed_deal_can_be_handed_over_and_explained() -> None:
    timing, owner = reason_id(TENANT, "lost", "timing"), uuid4()
    after = patched(CLOSED, owner=str(owner), reason=str(timing), reason_comment="не сезон")
    assert (after.owner, after.reason, after.reason_comment) == (owner, timing, "не сезон")
    with pytest.raises(LossNeedsReason):
        patched(CLOSED, reason=None)


@pytest.mark.parametrize(
    "command",
    [
        lambda deal: moved(deal, SECOND, PIPELINE, LATER),
        lambda deal: won(deal, Closing(), LATER, REASONS),
        lambda deal: lost(deal, Closing(reason=PRICE), LATER, REASONS),
    ],
)
def test_a_closed_deal_is_neither_moved_nor_closed_again(command: Any) -> None:
    with pytest.raises(DealIsClosed):
        command(CLOSED)


def test_a_reopened_deal_stands_where_it_stood_and_has_no_end() -> None:
    after = reopened(CLOSED, PIPELINE, LATER)
    assert (after.status, after.stage, after.history) == ("open", CLOSED.stage, CLOSED.history)
    assert (after.closed_at, after.closed_on, after.reason) == (None, None, None)
    with pytest.raises(DealIsOpen):
        reopened(after, PIPELINE, LATER)


def test_a_reopened_deal_whose_stage_is_gone_stands_in_the_first() -> None:
    shorter = replace(PIPELINE, stages=PIPELINE.stages[1:])
    after = reopened(CLOSED, shorter, LATER)
    assert after.stage == SECOND
    assert [entry.stage for entry in after.history] == [FIRST, SECOND]


def test_every_rule_says_no_with_a_name_of_its_own() -> None:
    names = {rule("").name for rule in RuleBroken.__subclasses__()}
    assert {"deal-is-closed", "loss-needs-reason", "stage-in-use"} <= names


def test_a_deal_keeps_references_to_what_it_does_not_know() -> None:
    customer, campaign = CustomerRef("company", uuid4()), uuid4()
    new = deal(customer=customer, campaign=campaign)
    assert (new.customer, new.campaign) == (customer, campaign)
