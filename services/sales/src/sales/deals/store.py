"""Every query of deals."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Text, Uuid

from chassis.aggregates import AggregateStore
from chassis.schema import aggregate_table, metadata
from chassis.search import folded
from events.catalogue import DEAL
from events.sales import Deal

TABLE = aggregate_table(
    "deal",
    metadata,
    Column("pipeline", Uuid),
    Column("stage", Uuid),
    Column("status", Text),
    Column("customer", Uuid),
    Column("search", Text),
)


def columns(deal: Deal) -> dict[str, Any]:
    """What queries filter and search deals by."""
    return {
        "pipeline": deal.pipeline,
        "stage": deal.stage,
        "status": deal.status,
        "customer": deal.customer.id if deal.customer is not None else None,
        "search": folded([deal.name]),
    }


deals = AggregateStore(
    DEAL,
    TABLE,
    state=Deal,
    resource="deals",
    columns=columns,
    filters={
        "pipeline": "pipeline",
        "stage": "stage",
        "status": "status",
        "customer": "customer",
    },
)
