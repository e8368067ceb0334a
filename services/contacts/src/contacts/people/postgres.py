"""Every query of people on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Column, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from chassis.schema import aggregate_table, metadata
from chassis.transactions import Transaction
from contacts.people.finding import FILTERS, SEARCHED, columns
from contacts.search import CustomerTable
from events.catalogue import PERSON
from events.contacts import Person

TABLE = aggregate_table(
    "person",
    metadata,
    Column("company", Uuid),
    Column("addresses", JSONB),
    Column("search", Text),
)


def _columns(person: Person) -> dict[str, Any]:
    own = columns(person)
    return own | {"addresses": _json(own["addresses"])}


people = CustomerTable(
    PERSON,
    TABLE,
    state=Person,
    resource="people",
    columns=_columns,
    filters=FILTERS,
    searched=SEARCHED,
)


async def id_of_address(transaction: Transaction, addresses: Iterable[str]) -> UUID | None:
    # Materialised, or the planner walks all people in id order to find the first.
    found: UUID | None = await transaction.connection.fetchval(
        """with known as materialized (
               select id from person where tenant = $1 and addresses @> any($2::jsonb[])
           )
           select id from known order by id limit 1""",
        transaction.tenant,
        [_json([address]) for address in addresses],
    )
    return found


async def one_lead_at_a_time(transaction: Transaction) -> None:
    await transaction.connection.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"lead:{transaction.tenant}"
    )


def _json(addresses: list[str]) -> str:
    return msgspec.json.encode(addresses).decode()
