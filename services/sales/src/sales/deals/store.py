"""Every query of deals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text, Uuid

from chassis.aggregates import AggregateStore
from chassis.erasure import states_where
from chassis.schema import aggregate_table, metadata
from chassis.search import searchable
from chassis.transactions import Transaction
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
SEARCHED = ("name",)


def columns(deal: Deal) -> dict[str, Any]:
    """What queries filter and search deals by."""
    return {
        "pipeline": deal.pipeline,
        "stage": deal.stage,
        "status": deal.status,
        "customer": deal.customer.id if deal.customer is not None else None,
        "search": searchable(deal, SEARCHED),
    }


deals = AggregateStore(
    DEAL,
    TABLE,
    state=Deal,
    resource="deals",
    columns=columns,
    searched=SEARCHED,
    filters={
        "pipeline": "pipeline",
        "stage": "stage",
        "status": "status",
        "customer": "customer",
    },
)


async def deals_of_lead(transaction: Transaction, lead: UUID) -> list[Deal]:
    """Every deal that was opened for a lead, whoever holds it, locked."""
    return await states_where(transaction, deals, "state ->> 'lead' = $2::uuid::text", lead)
