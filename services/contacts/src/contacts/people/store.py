"""Every query of people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Column, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from chassis.schema import aggregate_table, metadata
from chassis.search import folded
from chassis.transactions import Transaction
from contacts.contact_details import email_key
from contacts.search import CustomerStore
from events.catalogue import PERSON
from events.contacts import Person

TABLE = aggregate_table(
    "person",
    metadata,
    Column("company", Uuid),
    Column("addresses", JSONB),
    Column("search", Text),
)


def columns(person: Person) -> dict[str, Any]:
    """What queries filter, search and recognise people by."""
    names = (person.family_name, person.given_name, person.patronymic)
    return {
        "company": person.company,
        "addresses": _json([*map(email_key, person.emails), *person.phones]),
        "search": folded([*names, *person.emails, *person.phones]),
    }


people = CustomerStore(
    PERSON,
    TABLE,
    state=Person,
    resource="people",
    columns=columns,
    filters={"company": "company"},
)


async def id_of_address(
    transaction: Transaction, emails: Iterable[str], phones: Iterable[str]
) -> UUID | None:
    """The oldest person with one of these addresses, in their normal form."""
    # Materialised, or the planner walks all people in id order to find the first.
    found: UUID | None = await transaction.connection.fetchval(
        """with known as materialized (
               select id from person where tenant = $1 and addresses @> any($2::jsonb[])
           )
           select id from known order by id limit 1""",
        transaction.tenant,
        [_json([address]) for address in (*map(email_key, emails), *phones)],
    )
    return found


async def one_lead_at_a_time(transaction: Transaction) -> None:
    """Let leads of a tenant take turns until this transaction ends.

    Two forms sent by one person at once would otherwise both find nobody.
    """
    await transaction.connection.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"lead:{transaction.tenant}"
    )


def _json(addresses: list[str]) -> str:
    return msgspec.json.encode(addresses).decode()
