"""Every query of companies on MongoDB."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from chassis.mongodb.documents import documents_of
from chassis.mongodb.names import key_of, parts_of
from chassis.transactions import Transaction
from contacts.companies.finding import FILTERS, SEARCHED, columns, folded_name
from contacts.search import CustomerDocuments
from events.catalogue import COMPANY
from events.contacts import Company

companies = CustomerDocuments(
    COMPANY,
    state=Company,
    resource="companies",
    columns=columns,
    fields=("industry", "parent", "folded_name", "search"),
    filters=FILTERS,
    searched=SEARCHED,
    typed={"parent": UUID},
)
INDEXES = (
    ("tenant", "industry", "_id"),
    ("tenant", "parent", "_id"),
    ("tenant", "folded_name", "_id"),
)


async def parents_above(transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Step by step upwards: a query for each level, not for each company."""
    found: dict[UUID, UUID] = {}
    asked: set[UUID] = set()
    below = set(ids)
    while below:
        asked |= below
        level = (
            await documents_of(transaction)
            .database[companies.kind]
            .find(
                {
                    "_id": {"$in": [key_of(transaction.tenant, id) for id in below]},
                    "tenant": str(transaction.tenant),
                },
                fields=("parent",),
            )
        )
        above = {
            UUID(parts_of(document["_id"])[1]): UUID(document["parent"])
            for document in level
            if document["parent"] is not None
        }
        found |= above
        below = set(above.values()) - asked
    return found


async def id_of_name(transaction: Transaction, name: str) -> UUID | None:
    called = {"tenant": str(transaction.tenant), "folded_name": folded_name(name)}
    found = (
        await documents_of(transaction)
        .database[companies.kind]
        .find(called, fields=("_id",), order=[("_id", 1)], limit=1)
    )
    return UUID(parts_of(found[0]["_id"])[1]) if found else None
