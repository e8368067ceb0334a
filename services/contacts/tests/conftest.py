"""Contacts at work for a test, in a tenant of its own: on PostgreSQL, and again on MongoDB."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from uuid import UUID, uuid4

import pytest

from chassis.testing import Running, migrate_now, reaching, running
from chassis.testing_records import STORES, forget_mongodb
from contacts.app import SERVICE

EVERYTHING = reaching("all", "companies", "people", "touches")


NewContacts = Callable[[], str]


@pytest.fixture(scope="session", params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    """Where contacts keeps what it knows."""
    return str(request.param)


@pytest.fixture(scope="session")
def new_contacts(store: str, request: pytest.FixtureRequest) -> Iterator[NewContacts]:
    """A function that makes a database ready for contacts and returns its URL."""
    server = request.getfixturevalue("mongodb_url" if store == "mongodb" else "postgres_server")
    made: list[str] = []

    def make() -> str:
        name = f"contacts_{uuid4().hex}"
        if store == "mongodb":
            made.append(server + name)
            return migrate_now(SERVICE, server + name)
        server.create_database(name)
        return migrate_now(SERVICE, server.database_url(name))

    yield make
    for url in made:
        asyncio.run(forget_mongodb(url))


@pytest.fixture(scope="session")
def contacts_database(new_contacts: NewContacts) -> str:
    """The URL of a database, ready for contacts, that all tests of this run share."""
    return new_contacts()


@pytest.fixture
async def contacts(contacts_database: str) -> AsyncIterator[Running]:
    async with running(SERVICE, contacts_database) as service:
        yield service


@pytest.fixture
def tenant() -> UUID:
    return uuid4()
