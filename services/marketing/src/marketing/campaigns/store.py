"""Every query of campaigns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text, Uuid

from chassis.aggregates import AggregateStore
from chassis.schema import aggregate_table, metadata
from chassis.search import searchable
from chassis.transactions import Transaction
from events.catalogue import CAMPAIGN
from events.marketing import Campaign

TABLE = aggregate_table(
    "campaign",
    metadata,
    Column("channel", Uuid),
    Column("status", Text),
    Column("search", Text),
)
SEARCHED = ("name",)


def columns(campaign: Campaign) -> dict[str, Any]:
    """What queries filter and search campaigns by."""
    return {
        "channel": campaign.channel,
        "status": campaign.status,
        "search": searchable(campaign, SEARCHED),
    }


campaigns = AggregateStore(
    CAMPAIGN,
    TABLE,
    state=Campaign,
    resource="campaigns",
    columns=columns,
    searched=SEARCHED,
    filters={"channel": "channel", "status": "status"},
)


async def hold(transaction: Transaction, ids: Iterable[UUID]) -> None:
    """Let nobody change these campaigns, or report spend on them, until the transaction ends.

    The currency of a campaign is known from its budget or its first spend: two
    commands must not find it unknown at once and each choose their own.
    """
    await transaction.connection.execute(
        """select from campaign where tenant = $1 and id = any($2)
           order by id for no key update""",
        transaction.tenant,
        list(ids),
    )
