"""Where companies are kept, and what is asked of them: on PostgreSQL, or on MongoDB."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from chassis.stores import EitherStore, either
from chassis.transactions import Transaction
from contacts.companies import mongodb, postgres
from events.contacts import Company

companies = EitherStore(postgres.companies, mongodb.companies, Company)


class CompanyQueries(Protocol):
    """What is asked of companies beside what every store answers."""

    async def parents_above(
        self, transaction: Transaction, ids: Iterable[UUID]
    ) -> dict[UUID, UUID]:
        """Who belongs to whom, from `ids` up to the top: company -> its parent.

        Goes beyond the reach of who asks: a circle is one whoever sees it.
        """

    async def id_of_name(self, transaction: Transaction, name: str) -> UUID | None:
        """The oldest company of this name, letter case, accents and spaces apart."""


_POSTGRES: CompanyQueries = postgres
_MONGODB: CompanyQueries = mongodb


def queries(transaction: Transaction) -> CompanyQueries:
    """The queries of the store where `transaction` is."""
    return either(transaction, _POSTGRES, _MONGODB)
