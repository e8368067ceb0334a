"""What spend is, and which record a report is about."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.marketing import Campaign
from events.values import Money
from marketing.spend.spend import (
    SpendBelowZero,
    SpendInOtherCurrency,
    SpendReport,
    UnknownCampaign,
    happened_at,
    identified,
    recorded,
    spend_id,
)

DAY = date(2026, 3, 1)


def campaign(budget: Money | None = None) -> Campaign:
    return Campaign(
        id=uuid4(),
        version=3,
        name="Spring",
        channel=uuid4(),
        budget=budget,
        owner=uuid4(),
        department=uuid4(),
    )


def report(on: Campaign, amount: str = "1", currency: str = "RUB") -> SpendReport:
    return SpendReport(campaign=on.id, day=DAY, amount=Money(Decimal(amount), currency))


@given(st.uuids(), st.dates(), st.uuids(), st.dates())
def test_one_campaign_and_day_are_one_record(
    campaign: UUID, day: date, other_campaign: UUID, other_day: date
) -> None:
    same = (campaign, day) == (other_campaign, other_day)
    assert (spend_id(campaign, day) == spend_id(other_campaign, other_day)) == same


@given(st.uuids(), st.dates())
def test_a_report_names_the_record_it_is_about(campaign: UUID, day: date) -> None:
    item = {"campaign": str(campaign), "day": day.isoformat(), "amount": "whatever"}
    assert identified(item) == spend_id(campaign, day)


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"campaign": str(uuid4())},
        {"campaign": "x", "day": "2026-03-01"},
        {"campaign": str(uuid4()), "day": "2026-02-30"},
        {"campaign": str(uuid4()), "day": 20260301},
        {"campaign": None, "day": None},
    ],
)
def test_a_report_that_does_not_say_which_names_none(item: dict[str, Any]) -> None:
    assert identified(item) is None


def test_spend_goes_with_its_campaign() -> None:
    of = campaign()
    spend = recorded(None, report(of), of, None)
    assert spend.id == spend_id(of.id, DAY)
    assert (spend.channel, spend.owner, spend.department) == (of.channel, of.owner, of.department)


def test_a_second_report_replaces_the_amount_and_an_equal_one_nothing() -> None:
    of = campaign()
    first = recorded(None, report(of, "10"), of, None)
    assert recorded(first, report(of, "12.30"), of, "RUB").amount.amount == Decimal("12.30")
    assert recorded(first, report(of, "10.00"), of, "RUB") == first


def test_spend_needs_its_campaign() -> None:
    with pytest.raises(UnknownCampaign):
        recorded(None, report(campaign()), None, None)


def test_spend_may_be_nothing_but_not_less() -> None:
    of = campaign()
    assert recorded(None, report(of, "0"), of, None).amount.amount == 0
    with pytest.raises(SpendBelowZero):
        recorded(None, report(of, "-0.01"), of, None)


def test_the_budget_or_else_the_first_spend_tells_the_currency() -> None:
    free, budgeted = campaign(), campaign(Money(Decimal(100), "EUR"))
    assert recorded(None, report(free, currency="USD"), free, None).amount.currency == "USD"
    with pytest.raises(SpendInOtherCurrency):
        recorded(None, report(free, currency="USD"), free, "RUB")
    with pytest.raises(SpendInOtherCurrency):
        recorded(None, report(budgeted, currency="USD"), budgeted, None)
    assert recorded(None, report(budgeted, currency="EUR"), budgeted, "EUR").version == 0


def test_a_day_counts_at_noon_utc() -> None:
    assert happened_at(DAY) == datetime(2026, 3, 1, 12, tzinfo=UTC)
