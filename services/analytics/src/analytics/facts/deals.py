"""Deals as facts: one row says everything that reports ask of a deal.

The stage history and the lines are parallel arrays in the row itself, so that
one event is one row and a batch is one statement.
"""

from __future__ import annotations

from typing import Any

from analytics.projection import Projection, Shape, array
from events.catalogue import DEAL
from events.sales import Deal

SHAPE = Shape(
    "deal_fact",
    {
        "owner": "uuid",
        "department": "uuid",
        "pipeline": "uuid",
        "stage": "uuid",
        "status": "text",
        "customer": "uuid",
        "amount": "numeric",
        "currency": "text",
        "started_on": "date",
        "closed_on": "date",
        "expected_close_on": "date",
        "reason": "uuid",
        "channel": "uuid",
        "campaign": "uuid",
        "lead": "uuid",
        "entered_stages": "uuid[]",
        "entered_on": "date[]",
        "line_products": "uuid[]",
        "line_quantities": "numeric[]",
        "line_prices": "numeric[]",
    },
)


def row(deal: Deal) -> tuple[Any, ...]:
    amount, customer, history, lines = deal.amount, deal.customer, deal.history, deal.lines
    return (
        deal.owner,
        deal.department,
        deal.pipeline,
        deal.stage,
        deal.status,
        None if customer is None else customer.id,
        None if amount is None else amount.amount,
        None if amount is None else amount.currency,
        deal.started_on,
        deal.closed_on,
        deal.expected_close_on,
        deal.reason,
        deal.channel,
        deal.campaign,
        deal.lead,
        array([entry.stage for entry in history]),
        array([entry.entered_on for entry in history]),
        array([line.product for line in lines]),
        array([line.quantity for line in lines]),
        array([line.price.amount for line in lines]),
    )


DEALS = Projection(DEAL, SHAPE, row)
