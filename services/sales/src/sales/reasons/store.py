"""Every query of reasons."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Text

from chassis.aggregates import AggregateStore
from chassis.schema import aggregate_table, metadata
from chassis.search import searchable
from chassis.transactions import Transaction
from events.catalogue import REASON
from events.sales import Reason
from sales.reasons.built_in import built_in_reasons
from sales.reasons.reason import Reasons

TABLE = aggregate_table(
    "reason",
    metadata,
    Column("outcome", Text),
    Column("code", Text),
    Column("is_active", Boolean),
    Column("search", Text),
)
SEARCHED = ("name", "code")


def columns(reason: Reason) -> dict[str, Any]:
    """What queries filter and search reasons by."""
    return {
        "outcome": reason.outcome,
        "code": reason.code,
        "is_active": reason.is_active,
        "search": searchable(reason, SEARCHED),
    }


reasons = AggregateStore(
    REASON,
    TABLE,
    state=Reason,
    resource="reasons",
    columns=columns,
    searched=SEARCHED,
    filters={"outcome": "outcome", "code": "code", "is_active": "is_active"},
)


async def reasons_for_deals(transaction: Transaction) -> Reasons:
    """The tenant's reasons.

    Whoever closes deals needs to know them, whatever else he may know of reasons.
    """
    tenant = transaction.tenant
    rows = await transaction.connection.fetch("select state from reason where tenant = $1", tenant)
    known = [reasons.decode(row["state"]) for row in rows]
    return Reasons(tenant, known, built_in_reasons(tenant))


async def taken(transaction: Transaction, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` that the tenant's list of reasons has already."""
    rows = await transaction.connection.fetch(
        "select id from reason where tenant = $1 and id = any($2::uuid[])",
        transaction.tenant,
        list(ids),
    )
    return {row["id"] for row in rows}
