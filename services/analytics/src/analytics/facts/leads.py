"""Leads captured by forms. Whose details they hold is none of the reports' business."""

from __future__ import annotations

from typing import Any

from analytics.projection import Projection, Shape
from events.catalogue import LEAD
from events.marketing import Lead

SHAPE = Shape(
    "lead_fact",
    {
        "owner": "uuid",
        "department": "uuid",
        "campaign": "uuid",
        "channel": "uuid",
        "status": "text",
        "captured_at": "timestamptz",
    },
)


def row(lead: Lead) -> tuple[Any, ...]:
    return (
        lead.owner,
        lead.department,
        lead.campaign,
        lead.channel,
        lead.status,
        lead.captured_at,
    )


LEADS = Projection(LEAD, SHAPE, row)
