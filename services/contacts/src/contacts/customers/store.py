"""What is asked of companies and people alike: on PostgreSQL, or on MongoDB."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

from chassis.fields import sight_of
from chassis.identity import Identity
from chassis.paging import Page
from chassis.storage import AnyDatabase
from chassis.stores import EitherStore, either
from chassis.transactions import Transaction
from contacts.companies.store import companies
from contacts.customers import mongodb, postgres
from contacts.customers.timeline import Row, TimelineRequest
from contacts.holders import Holder
from contacts.people.store import people
from contacts.replicas.naming import Called, all_names
from contacts.touches.store import touches
from events.catalogue import DEAL


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
    ) -> list[Row]:
        """The touches of `read_timeline`, whole; of a company also its people's if `of_people`."""

    async def find_subjects(
        self, database: AnyDatabase, identity: Identity, id: UUID, *, of_people: bool
    ) -> list[Called]:
        """The customers of whom the facts are those of a timeline, as far as they are read."""

    async def find_products(
        self, database: AnyDatabase, identity: Identity, customers: Sequence[UUID]
    ) -> list[str]:
        """Every name of what these customers are about to buy, by the deals within reach."""

    async def find_facts(
        self,
        database: AnyDatabase,
        tenant: UUID,
        customers: Sequence[str],
        products: Sequence[str],
        request: TimelineRequest,
    ) -> list[Row]:
        """The facts about customers or products of these names; a reversal is where its payment is.

        Of products only what is said of them without naming a customer.
        """

    async def unlink_facts(self, transaction: Transaction, names: Sequence[str]) -> None:
        """Let no fact mean a customer by one of these names any more."""

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
    """One page of what happened with a customer, newest first; of a company also its people's.

    Every touch is decided on by its own owner and department, facts by those of the customer;
    stock and prices are those of the products on open deals within reach. Who may read no
    facts gets none. `NotFound` when the customer lies outside the reach. Whoever does not see
    where people work gets what is with the company itself.
    """
    touch, person = touches.sight(identity), people.sight(identity)
    if touch is not None:
        touch.require_seen(request.asked_by())
    of_people = person is None or person.is_seen("company")
    found = await queries(database).find_timeline(
        database, identity, id, request, of_people=of_people
    )
    seen = [(place, touches.seen(identity, state)) for place, state in found]
    facts = await _facts(database, identity, id, request, of_people=of_people)
    return request.page(seen if request.asks_for_touches else [], facts)


async def _facts(
    database: AnyDatabase,
    identity: Identity,
    id: UUID,
    request: TimelineRequest,
    *,
    of_people: bool,
) -> list[Row]:
    if not request.asks_for_facts or "facts:read" not in identity.permissions:
        return []
    asked = queries(database)
    subjects = await asked.find_subjects(database, identity, id, of_people=of_people)
    if not subjects:
        return []
    products = (
        await asked.find_products(database, identity, [subject.id for subject in subjects])
        if _is_told_of_deals(identity)
        else []
    )
    return await asked.find_facts(database, identity.tenant, all_names(subjects), products, request)


def _is_told_of_deals(identity: Identity) -> bool:
    """Whether nothing keeps from `identity` who is about to buy what."""
    deal = sight_of(identity, DEAL)
    return "deals:read" in identity.permissions and (
        deal is None or all(map(deal.is_seen, ("customer", "lines", "status")))
    )


def queries(where: Transaction | AnyDatabase) -> CustomerQueries:
    """The queries of the store where this transaction or database is."""
    return either(where, _POSTGRES, _MONGODB)
