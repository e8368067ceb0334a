"""Every query of channels."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Text

from chassis.aggregates import AggregateStore
from chassis.schema import aggregate_table, metadata
from chassis.search import searchable
from events.catalogue import CHANNEL
from events.marketing import Channel

TABLE = aggregate_table(
    "channel",
    metadata,
    Column("kind", Text),
    Column("is_active", Boolean),
    Column("search", Text),
)
SEARCHED = ("name",)


def columns(channel: Channel) -> dict[str, Any]:
    """What queries filter and search channels by."""
    return {
        "kind": channel.kind,
        "is_active": channel.is_active,
        "search": searchable(channel, SEARCHED),
    }


channels = AggregateStore(
    CHANNEL,
    TABLE,
    state=Channel,
    resource="channels",
    columns=columns,
    searched=SEARCHED,
    filters={"kind": "kind", "is_active": "is_active"},
)
