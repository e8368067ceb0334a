"""Where touches are kept, and what is asked of them: on PostgreSQL, or on MongoDB."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from chassis.stores import EitherStore, either
from chassis.transactions import Transaction
from contacts.touches import mongodb, postgres
from events.contacts import Touch

touches = EitherStore(postgres.touches, mongodb.touches, Touch)


class TouchQueries(Protocol):
    """What is asked of touches beside what every store answers."""

    async def touches_with(self, transaction: Transaction, customer: UUID) -> list[Touch]:
        """Every touch with a customer, whoever holds it, to be changed."""


_POSTGRES: TouchQueries = postgres
_MONGODB: TouchQueries = mongodb


def queries(transaction: Transaction) -> TouchQueries:
    """The queries of the store where `transaction` is."""
    return either(transaction, _POSTGRES, _MONGODB)
