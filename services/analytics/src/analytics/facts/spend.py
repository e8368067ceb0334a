"""What campaigns cost, by day."""

from __future__ import annotations

from typing import Any

from analytics.projection import Projection, Shape
from events.catalogue import SPEND as SPEND_EVENTS
from events.marketing import Spend

SHAPE = Shape(
    "spend_fact",
    {
        "owner": "uuid",
        "department": "uuid",
        "campaign": "uuid",
        "channel": "uuid",
        "day": "date",
        "amount": "numeric",
        "currency": "text",
    },
)


def row(spend: Spend) -> tuple[Any, ...]:
    return (
        spend.owner,
        spend.department,
        spend.campaign,
        spend.channel,
        spend.day,
        spend.amount.amount,
        spend.amount.currency,
    )


SPEND = Projection(SPEND_EVENTS, SHAPE, row)
