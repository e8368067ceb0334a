"""Every query of leads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Text, Uuid, literal_column

from chassis.aggregates import AggregateStore
from chassis.erasure import states_where
from chassis.paging import PageRequest
from chassis.schema import aggregate_table, metadata
from chassis.search import searchable
from chassis.transactions import Transaction
from events.catalogue import LEAD
from events.marketing import Lead

TABLE = aggregate_table(
    "lead",
    metadata,
    Column("form", Uuid),
    Column("campaign", Uuid),
    Column("channel", Uuid),
    Column("status", Text),
    Column("search", Text),
)
SEARCHED = ("name", "company_name", "email", "phone")


def columns(lead: Lead) -> dict[str, Any]:
    """What queries filter and search leads by."""
    return {
        "form": lead.form,
        "campaign": lead.campaign,
        "channel": lead.channel,
        "status": lead.status,
        "search": searchable(lead, SEARCHED),
    }


class LeadStore(AggregateStore[Lead]):
    """Leads, also listed by the `customer` that they became."""

    def conditions(self, page: PageRequest) -> list[ColumnElement[bool]]:
        others = {k: v for k, v in page.filters.items() if k != "customer"}
        wanted = super().conditions(replace(page, filters=others))
        if "customer" in page.filters:
            # In the words of the index.
            became: ColumnElement[str] = literal_column("state #>> '{customer,id}'", Text)
            wanted.append(became.in_([str(id) for id in page.values("customer", UUID)]))
        return wanted


leads = LeadStore(
    LEAD,
    TABLE,
    state=Lead,
    resource="leads",
    columns=columns,
    searched=SEARCHED,
    filters={
        "status": "status",
        "campaign": "campaign",
        "channel": "channel",
        "form": "form",
        # Ids of this kind, though they stand in the state.
        "customer": "id",
    },
)


async def leads_of(transaction: Transaction, customer: UUID) -> list[Lead]:
    """Every lead that became a customer, whoever holds it, locked."""
    return await states_where(
        transaction, leads, "state #>> '{customer,id}' = $2::uuid::text", customer
    )
