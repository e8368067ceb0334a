"""Where people are kept, and what is asked of them: on PostgreSQL, or on MongoDB."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from chassis.stores import EitherStore, either
from chassis.transactions import Transaction
from contacts.people import mongodb, postgres
from events.contacts import Person

people = EitherStore(postgres.people, mongodb.people, Person)


class PersonQueries(Protocol):
    """What is asked of people beside what every store answers."""

    async def id_of_address(
        self, transaction: Transaction, addresses: Iterable[str]
    ) -> UUID | None:
        """The oldest person with one of these `finding.addresses`."""

    async def one_lead_at_a_time(self, transaction: Transaction) -> None:
        """Let leads of a tenant take turns until this transaction ends.

        Two forms sent by one person at once would otherwise both find nobody.
        """


_POSTGRES: PersonQueries = postgres
_MONGODB: PersonQueries = mongodb


def queries(transaction: Transaction) -> PersonQueries:
    """The queries of the store where `transaction` is."""
    return either(transaction, _POSTGRES, _MONGODB)
