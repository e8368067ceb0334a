"""What is asked of companies and people alike: on PostgreSQL, or on MongoDB."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol
from uuid import UUID

from chassis.identity import Identity
from chassis.paging import Page
from chassis.storage import AnyDatabase
from chassis.stores import EitherStore, either
from chassis.transactions import Transaction
from contacts.companies.store import companies
from contacts.customers import mongodb, postgres
from contacts.customers.timeline import TimelineRequest
from contacts.holders import Holder
from contacts.people.store import people
from contacts.touches.store import touches


class CustomerQueries(Protocol):
    """What is asked of customers, of whichever kind they are."""

    async def find_customer(
        self, database: AnyDatabase, identity: Identity, id: UUID
    ) -> tuple[str, int, str]:
        """As `read_customer`, whole."""

    async def find_timeline(
        self,
        database: AnyDatabase,
        identity: Identity,
        id: UUID,
        request: TimelineRequest,
        *,
        of_people: bool,
    ) -> Page:
        """As `read_timeline`, of whole states; of a company also its people's if `of_people`."""

    async def holders_of(self, transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, Holder]:
        """Whose these customers are, as far as the actor sees them and may write their touches."""


_POSTGRES: CustomerQueries = postgres
_MONGODB: CustomerQueries = mongodb


async def read_customer(
    database: AnyDatabase, identity: Identity, id: UUID
) -> tuple[str, int, str]:
    """(`company` or `person`, version, state as JSON); `NotFound` outside the reach."""
    kind, version, state = await queries(database).find_customer(database, identity, id)
    store: EitherStore[Any] = companies if kind == companies.kind else people
    return kind, version, store.seen(identity, state)


async def read_timeline(
    database: AnyDatabase, identity: Identity, id: UUID, request: TimelineRequest
) -> Page:
    """One page of the touches with a customer, newest first; of a company also its people's.

    Every touch is decided on by its own owner and department. `NotFound` when the
    customer lies outside the reach. Whoever does not see where people work gets the
    touches with the company itself.
    """
    touch, person = touches.sight(identity), people.sight(identity)
    if touch is not None:
        touch.require_seen(request.asked_by())
    found = await queries(database).find_timeline(
        database, identity, id, request, of_people=person is None or person.is_seen("company")
    )
    return replace(found, states=[touches.seen(identity, state) for state in found.states])


def queries(where: Transaction | AnyDatabase) -> CustomerQueries:
    """The queries of the store where this transaction or database is."""
    return either(where, _POSTGRES, _MONGODB)
