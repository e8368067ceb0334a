"""Campaigns over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.web.resources import read_routes, write_routes
from events.marketing import Campaign
from marketing.campaigns.campaign import CampaignDraft
from marketing.campaigns.store import campaigns
from marketing.campaigns.use_cases import change_campaign, create_campaign, upsert_campaigns

routes = APIRouter(prefix="/v1", tags=["campaigns"])

read_routes(routes, "/campaigns", campaigns, Campaign)
write_routes(
    routes,
    "/campaigns",
    Campaign,
    CampaignDraft,
    create=create_campaign,
    change=change_campaign,
    bulk=upsert_campaigns,
)
