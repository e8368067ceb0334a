"""What a campaign may be."""

from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.marketing import Campaign
from events.values import Money
from marketing.campaigns.campaign import (
    BudgetBelowZero,
    BudgetInOtherCurrency,
    CampaignDraft,
    CampaignEndsBeforeItStarts,
    UnknownChannel,
    changed,
    created,
)

CHANNEL = uuid4()


def draft(
    *,
    channel: UUID = CHANNEL,
    starts_on: date | None = None,
    ends_on: date | None = None,
    budget: Money | None = None,
) -> CampaignDraft:
    return CampaignDraft(
        name="Spring", channel=channel, starts_on=starts_on, ends_on=ends_on, budget=budget
    )


def campaign() -> Campaign:
    return created(uuid4(), draft(), [CHANNEL])


@given(st.dates(), st.dates())
def test_a_campaign_cannot_end_before_it_starts(starts_on: date, ends_on: date) -> None:
    period = draft(starts_on=starts_on, ends_on=ends_on)
    if ends_on < starts_on:
        with pytest.raises(CampaignEndsBeforeItStarts):
            created(uuid4(), period, [CHANNEL])
    else:
        assert changed(campaign(), period, [], None).ends_on == ends_on


@pytest.mark.parametrize(
    ("starts_on", "ends_on"), [(date(2026, 1, 1), None), (None, date(2026, 1, 1))]
)
def test_a_campaign_may_be_open_at_either_end(starts_on: date | None, ends_on: date | None) -> None:
    made = created(uuid4(), draft(starts_on=starts_on, ends_on=ends_on), [CHANNEL])
    assert (made.starts_on, made.ends_on) == (starts_on, ends_on)


def test_a_budget_may_be_nothing_but_not_less() -> None:
    nothing = Money(Decimal(0), "RUB")
    assert created(uuid4(), draft(budget=nothing), [CHANNEL]).budget == nothing
    with pytest.raises(BudgetBelowZero):
        created(uuid4(), draft(budget=Money(Decimal("-0.01"), "RUB")), [CHANNEL])


def test_a_campaign_needs_a_known_channel() -> None:
    with pytest.raises(UnknownChannel):
        created(uuid4(), draft(), [])
    with pytest.raises(UnknownChannel):
        changed(campaign(), draft(channel=uuid4()), [], None)


def test_a_campaign_keeps_its_channel_even_from_those_who_do_not_see_it() -> None:
    assert changed(campaign(), draft(), [], None).channel == CHANNEL


def test_a_budget_is_in_the_currency_of_what_was_spent() -> None:
    with pytest.raises(BudgetInOtherCurrency):
        changed(campaign(), draft(budget=Money(Decimal(1), "EUR")), [], "RUB")
    assert changed(campaign(), draft(budget=Money(Decimal(1), "RUB")), [], "RUB").budget
    assert changed(campaign(), draft(), [], "RUB").budget is None
