"""Every query of companies on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Column, Text, Uuid

from chassis.schema import aggregate_table, metadata
from chassis.transactions import Transaction
from contacts.companies.finding import FILTERS, SEARCHED, columns, folded_name
from contacts.search import CustomerTable
from events.catalogue import COMPANY
from events.contacts import Company

TABLE = aggregate_table(
    "company",
    metadata,
    Column("industry", Text),
    Column("parent", Uuid),
    Column("folded_name", Text),
    Column("search", Text),
)

companies = CustomerTable(
    COMPANY,
    TABLE,
    state=Company,
    resource="companies",
    columns=columns,
    filters=FILTERS,
    searched=SEARCHED,
)


async def parents_above(transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Who belongs to whom, from `ids` up to the top: company -> its parent.

    Goes beyond the reach of who asks: a circle is one whoever sees it.
    """
    rows = await transaction.connection.fetch(
        """with recursive line(id, parent) as (
               select id, parent from company where tenant = $1 and id = any($2::uuid[])
               union
               select company.id, company.parent from company
               join line on company.tenant = $1 and company.id = line.parent
           )
           select id, parent from line where parent is not null""",
        transaction.tenant,
        list(ids),
    )
    return {row["id"]: row["parent"] for row in rows}


async def id_of_name(transaction: Transaction, name: str) -> UUID | None:
    """The oldest company of this name, letter case, accents and spaces apart."""
    found: UUID | None = await transaction.connection.fetchval(
        """select id from company where tenant = $1 and folded_name = $2
           order by id limit 1""",
        transaction.tenant,
        folded_name(name),
    )
    return found
