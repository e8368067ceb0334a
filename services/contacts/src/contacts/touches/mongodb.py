"""Every query of touches on MongoDB, but for the timeline, which is the customers'."""

from __future__ import annotations

from uuid import UUID

from chassis.mongodb.documents import DocumentStore, documents_of
from chassis.transactions import Transaction
from contacts.touches.finding import FILTERS, columns
from events.catalogue import TOUCH
from events.contacts import Touch

touches = DocumentStore(
    TOUCH,
    state=Touch,
    resource="touches",
    columns=columns,
    fields=("customer", "deal", "status", "channel", "moment"),
    filters=FILTERS,
    typed={"customer": UUID, "deal": UUID},
)
INDEXES = (
    # The timeline, newest first.
    ("tenant", "customer", "-moment", "-_id"),
    ("tenant", "deal", "_id"),
)


async def touches_with(transaction: Transaction, customer: UUID) -> list[Touch]:
    of_customer = {"tenant": str(transaction.tenant), "customer": str(customer)}
    return list((await touches.load_where(documents_of(transaction), of_customer)).values())
