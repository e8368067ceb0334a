"""What a campaign is: something done over one channel in a period, for money of one currency."""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from chassis.merge import redrafted
from chassis.problems import RuleBroken
from events.marketing import Campaign, CampaignStatus
from events.values import ExternalId, Money, Name


class CampaignDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a campaign that clients set."""

    name: Name
    channel: UUID
    starts_on: date | None = None
    ends_on: date | None = None
    budget: Money | None = None
    status: CampaignStatus = "running"
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: tuple[ExternalId, ...] = ()


class UnknownChannel(RuleBroken):
    title = "There is no such channel"


class CampaignEndsBeforeItStarts(RuleBroken):
    title = "A campaign cannot end before it starts"


class BudgetBelowZero(RuleBroken):
    title = "A budget cannot be below zero"


class BudgetInOtherCurrency(RuleBroken):
    title = "A campaign's budget is in the currency of its spend"


def created(id: UUID, draft: CampaignDraft, channels: Container[UUID]) -> Campaign:
    """A new campaign over one of the known `channels`."""
    if draft.channel not in channels:
        raise UnknownChannel(f"no channel {draft.channel}", field="channel")
    return _checked(Campaign(id=id, version=0, **redrafted(draft)))


def changed(
    campaign: Campaign,
    draft: CampaignDraft,
    channels: Container[UUID],
    spent_in: str | None,
) -> Campaign:
    """The campaign with the draft's fields.

    `channels` are those it may move to; `spent_in` is the currency of what was
    spent on it, if anything was.
    """
    if draft.channel != campaign.channel and draft.channel not in channels:
        raise UnknownChannel(f"no channel {draft.channel}", field="channel")
    if draft.budget is not None and spent_in not in (None, draft.budget.currency):
        raise BudgetInOtherCurrency(
            f"budget in {draft.budget.currency}, spend in {spent_in}", field="budget"
        )
    return _checked(replace(campaign, **redrafted(draft)))


def _checked(campaign: Campaign) -> Campaign:
    starts_on, ends_on = campaign.starts_on, campaign.ends_on
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        raise CampaignEndsBeforeItStarts(f"from {starts_on} to {ends_on}", field="ends_on")
    if campaign.budget is not None and campaign.budget.amount < 0:
        raise BudgetBelowZero(f"budget is {campaign.budget.amount}", field="budget")
    return campaign
