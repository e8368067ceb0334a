"""Every query of touches, but for the timeline, which is the customers'."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

from chassis.aggregates import AggregateStore
from chassis.erasure import states_where
from chassis.schema import aggregate_table, metadata
from chassis.transactions import Transaction
from contacts.touches.touch import moment
from events.catalogue import TOUCH
from events.contacts import Touch

TABLE = aggregate_table(
    "touch",
    metadata,
    Column("customer", Uuid),
    Column("deal", Uuid),
    Column("status", Text),
    Column("channel", Text),
    Column("moment", TIMESTAMP(timezone=True)),
)


def columns(touch: Touch) -> dict[str, Any]:
    """What queries filter and sort touches by."""
    return {
        "customer": touch.customer.id,
        "deal": touch.deal,
        "status": touch.status,
        "channel": touch.channel,
        "moment": moment(touch),
    }


touches = AggregateStore(
    TOUCH,
    TABLE,
    state=Touch,
    resource="touches",
    columns=columns,
    filters={"customer": "customer", "deal": "deal", "status": "status", "channel": "channel"},
)


async def touches_with(transaction: Transaction, customer: UUID) -> list[Touch]:
    """Every touch with a customer, whoever holds it, locked."""
    return await states_where(transaction, touches, "customer = $2", customer)
