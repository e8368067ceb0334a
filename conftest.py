"""Fixtures for every member's tests: a real PostgreSQL and a real broker, never a stand-in."""

import uuid
from collections.abc import Callable, Iterator

import pytest

# Members whose folder at the root is called like what they import: pytest names their tests
# `events.tests.…`, and would take the folder for the package if that were not loaded already.
import chassis  # noqa: F401
import events  # noqa: F401
import gateway  # noqa: F401
from cli.local.broker import Broker
from cli.local.ports import any_ports
from cli.local.postgres import PostgresServer

NewDatabase = Callable[[], str]


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A PostgreSQL server for this test run (under xdist: for this worker)."""
    folder = tmp_path_factory.mktemp("postgres")
    # A test run need not survive a power cut; killed processes lose nothing without fsync either.
    server = PostgresServer(
        folder / "data",
        any_ports(["postgres"])["postgres"],
        folder / "postgres.log",
        settings={"fsync": "off"},
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture
def new_database(postgres_server: PostgresServer) -> Iterator[NewDatabase]:
    """A function that makes an empty database and returns its URL; all are dropped after."""
    made: list[str] = []

    def make() -> str:
        name = f"test_{uuid.uuid4().hex}"
        postgres_server.create_database(name)
        made.append(name)
        return postgres_server.database_url(name)

    yield make
    for name in made:
        postgres_server.drop_database(name)


@pytest.fixture
def database_url(new_database: NewDatabase) -> str:
    """The URL of an empty database, `postgresql://…`; it is dropped after the test."""
    return new_database()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address, `host:port`, of a broker for this test run (under xdist: for this worker).

    Topics of one test are seen by the next: name them by test, or start a Broker of your own.
    """
    folder = tmp_path_factory.mktemp("broker")
    started = Broker(any_ports(["broker"])["broker"], folder / "broker.log")
    started.start()
    yield started.bootstrap
    started.stop()
