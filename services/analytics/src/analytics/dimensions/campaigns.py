"""Campaigns: their names and the channel that each one implies."""

from __future__ import annotations

from typing import Any

from analytics.projection import Projection, Shape
from events.catalogue import CAMPAIGN
from events.marketing import Campaign

SHAPE = Shape("campaign_dimension", {"name": "text", "channel": "uuid"})


def row(campaign: Campaign) -> tuple[Any, ...]:
    return (campaign.name, campaign.channel)


CAMPAIGNS = Projection(CAMPAIGN, SHAPE, row)
