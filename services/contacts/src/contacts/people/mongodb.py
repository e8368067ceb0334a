"""Every query of people on MongoDB."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from chassis.mongodb.documents import documents_of
from chassis.mongodb.names import parts_of
from chassis.mongodb.turns import turn
from chassis.transactions import Transaction
from contacts.people.finding import FILTERS, SEARCHED, columns
from contacts.search import CustomerDocuments
from events.catalogue import PERSON
from events.contacts import Person

people = CustomerDocuments(
    PERSON,
    state=Person,
    resource="people",
    columns=columns,
    fields=("company", "addresses", "search"),
    filters=FILTERS,
    searched=SEARCHED,
    typed={"company": UUID},
)
INDEXES = (("tenant", "company", "_id"), ("tenant", "addresses"))


async def id_of_address(transaction: Transaction, addresses: Iterable[str]) -> UUID | None:
    known = {"tenant": str(transaction.tenant), "addresses": {"$in": list(addresses)}}
    found = (
        await documents_of(transaction)
        .database[people.kind]
        .find(known, fields=("_id",), order=[("_id", 1)], limit=1)
    )
    return UUID(parts_of(found[0]["_id"])[1]) if found else None


async def one_lead_at_a_time(transaction: Transaction) -> None:
    command = documents_of(transaction)
    held = turn(command.database, f"lead {transaction.tenant}")
    await command.kept.turns.enter_async_context(held)
