"""Channels over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.web.resources import read_routes, write_routes
from events.marketing import Channel
from marketing.channels.channel import ChannelDraft
from marketing.channels.store import channels
from marketing.channels.use_cases import change_channel, create_channel, upsert_channels

routes = APIRouter(prefix="/v1", tags=["channels"])

read_routes(routes, "/channels", channels, Channel)
write_routes(
    routes,
    "/channels",
    Channel,
    ChannelDraft,
    create=create_channel,
    change=change_channel,
    bulk=upsert_channels,
)
