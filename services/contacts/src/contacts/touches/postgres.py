"""Every query of touches on PostgreSQL, but for the timeline, which is the customers'."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Column, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

from chassis.aggregates import AggregateStore
from chassis.erasure import states_where
from chassis.schema import aggregate_table, metadata
from chassis.transactions import Transaction
from contacts.touches.finding import FILTERS, columns
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


touches = AggregateStore(
    TOUCH,
    TABLE,
    state=Touch,
    resource="touches",
    columns=columns,
    filters=FILTERS,
)


async def touches_with(transaction: Transaction, customer: UUID) -> list[Touch]:
    return await states_where(transaction, touches, "customer = $2", customer)
