"""What spend is: what one campaign cost on one day, reported once or corrected later."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct, ValidationError, convert
from msgspec.structs import replace

from chassis.problems import RuleBroken
from events.marketing import Campaign, Spend
from events.values import Money


class CampaignDay(Struct, kw_only=True):
    """What names a record of spend."""

    campaign: UUID
    day: date


class SpendReport(CampaignDay, kw_only=True, forbid_unknown_fields=True):
    """What a campaign cost on a day; a second report of the day replaces the first."""

    amount: Money


class UnknownCampaign(RuleBroken):
    title = "There is no such campaign"


class SpendBelowZero(RuleBroken):
    title = "Spend cannot be below zero"


class SpendInOtherCurrency(RuleBroken):
    title = "The spend on a campaign is in one currency"


def spend_id(campaign: UUID, day: date) -> UUID:
    """The id of a campaign's spend on a day: the same for every report of it."""
    return uuid5(campaign, day.isoformat())


def identified(item: dict[str, Any]) -> UUID | None:
    """The id of the spend that a report as decoded JSON is about; None when it does not say."""
    try:
        named = convert(item, CampaignDay)
    except ValidationError:
        return None
    return spend_id(named.campaign, named.day)


def happened_at(day: date) -> datetime:
    """When spend counts as made, which is known by the day only: at noon UTC."""
    return datetime.combine(day, time(12), UTC)


def recorded(
    before: Spend | None, report: SpendReport, campaign: Campaign | None, spent_in: str | None
) -> Spend:
    """The spend as reported, over the channel and with the owner of its campaign.

    `campaign` is None when it is unknown; `spent_in` is the currency of what
    was spent on it before, if anything was.
    """
    if campaign is None:
        raise UnknownCampaign(f"no campaign {report.campaign}", field="campaign")
    if report.amount.amount < 0:
        raise SpendBelowZero(f"amount is {report.amount.amount}", field="amount")
    currency = campaign.budget.currency if campaign.budget is not None else spent_in
    if currency not in (None, report.amount.currency):
        raise SpendInOtherCurrency(
            f"the campaign's money is in {currency}, the report in {report.amount.currency}",
            field="amount",
        )
    spend = before or Spend(
        id=spend_id(report.campaign, report.day),
        version=0,
        campaign=report.campaign,
        channel=campaign.channel,
        day=report.day,
        amount=report.amount,
    )
    return replace(
        spend,
        channel=campaign.channel,
        amount=report.amount,
        owner=campaign.owner,
        department=campaign.department,
    )
