"""What is asked of companies and people alike: on PostgreSQL, or on MongoDB."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from chassis.identity import Identity
from chassis.paging import Page
from chassis.storage import AnyDatabase
from chassis.stores import either
from chassis.transactions import Transaction
from contacts.customers import mongodb, postgres
from contacts.customers.timeline import TimelineRequest
from contacts.holders import Holder


class CustomerQueries(Protocol):
    """What is asked of customers, of whichever kind they are."""

    async def read_customer(
        self, database: AnyDatabase, identity: Identity, id: UUID
    ) -> tuple[str, int, str]:
        """(`company` or `person`, version, state as JSON); `NotFound` outside the reach."""

    async def read_timeline(
        self, database: AnyDatabase, identity: Identity, id: UUID, request: TimelineRequest
    ) -> Page:
        """One page of the touches with a customer, newest first; of a company also its people's.

        Every touch is decided on by its own owner and department. `NotFound` when the
        customer lies outside the reach.
        """

    async def holders_of(self, transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, Holder]:
        """Whose these customers are, as far as the actor sees them and may write their touches."""


_POSTGRES: CustomerQueries = postgres
_MONGODB: CustomerQueries = mongodb


def queries(where: Transaction | AnyDatabase) -> CustomerQueries:
    """The queries of the store where this transaction or database is."""
    return either(where, _POSTGRES, _MONGODB)
