"""Fixtures for every member's tests: a real PostgreSQL and a real broker, never a stand-in.

With `--kafka` the tests that use a broker run on Apache Kafka, and no others.
"""

import asyncio
import faulthandler
import os
import signal
import sys
import traceback
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import hypothesis
import pytest

# Members whose folder at the root is called like what they import: pytest names their tests
# `events.tests.…`, and would take the folder for the package if that were not loaded already.
import chassis  # noqa: F401
import events  # noqa: F401
import gateway  # noqa: F401
from chassis.testing_records import STORES, forget_mongodb
from cli.local.broker import Broker, BrokerFailed, BrokerKind
from cli.local.ferretdb import FerretDB
from cli.local.go_programs.program import GoProgramMissing
from cli.local.home import Home
from cli.local.kafka.container import docker_answers, kafka_container
from cli.local.kafka.program import obtain
from cli.local.mongodb_container import mongodb_container
from cli.local.plan import BROKER, Plan, ports_needed
from cli.local.ports import any_ports
from cli.local.postgres import PostgresServer

NewDatabase = Callable[[], str]

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("meridian", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("meridian")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kafka", action="store_true", help="run the tests that use a broker, on Apache Kafka"
    )
    parser.addoption(
        "--access-table",
        metavar="FILE",
        help="write there what the walk through the API was allowed, refused and leaked",
    )
    parser.addoption(
        "--contract-examples",
        type=int,
        default=10,
        metavar="N",
        help="how often Schemathesis asks each route in each of its phases, at random",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--kafka` keep what asks, through whatever fixtures, which broker to use."""
    if not config.getoption("--kafka"):
        return
    other = [item for item in items if "broker_kind" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=other)
    items[:] = [item for item in items if item not in other]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let a test that may take as long as it takes do so: what ends hanging runs is off too."""
    marker = item.get_closest_marker("timeout")
    if marker is not None and marker.args == (0,):
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer() -> Generator[None, bool, bool]:
    """Have a test that takes too long say what each of its tasks awaits, too."""
    is_set = yield
    fail = signal.getsignal(signal.SIGALRM)

    def tell_and_fail(number: int, frame: FrameType | None) -> None:
        # Outside of a loop there are no tasks, and the usual traceback says it all.
        with suppress(RuntimeError):
            for task in asyncio.all_tasks():
                sys.stderr.write(f"{task.get_name()} awaits:\n")
                sys.stderr.writelines(traceback.StackSummary.extract(_awaited(task)).format())
        if callable(fail):
            fail(number, frame)

    signal.signal(signal.SIGALRM, tell_and_fail)
    return is_set


def _awaited(task: asyncio.Task[Any]) -> Iterator[tuple[FrameType, int]]:
    """The frames of what the task is suspended in; its own stack has the first of them alone."""
    step: Any = task.get_coro()
    while step is not None:
        kind = "ag" if hasattr(step, "ag_frame") else "cr"
        frame = getattr(step, f"{kind}_frame", None)
        if frame is not None:
            yield frame, frame.f_lineno
        step = getattr(step, f"{kind}_await", None)


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
def mongodb_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a MongoDB for this test run, `mongodb://…/`, still without a database's name.

    The one at MERIDIAN_MONGODB, else one in a container where Docker answers, else FerretDB.
    """
    given = os.environ.get("MERIDIAN_MONGODB")
    if given:
        yield given.rstrip("/") + "/"
    elif docker_answers():
        with mongodb_container() as url:
            yield url
    else:
        server = make_ferretdb(
            request.getfixturevalue("postgres_server"), tmp_path_factory.mktemp("ferretdb")
        )
        yield server.url("")
        server.stop()


@pytest.fixture
def new_mongodb(mongodb_url: str) -> Iterator[NewDatabase]:
    """A function that names another database of the MongoDB; all are dropped after."""
    made: list[str] = []

    def make() -> str:
        made.append(f"{mongodb_url}test_{uuid.uuid4().hex}")
        return made[-1]

    yield make
    for url in made:
        asyncio.run(forget_mongodb(url))


@pytest.fixture(params=STORES)
def new_store(request: pytest.FixtureRequest) -> NewDatabase:
    """A function that makes an empty database of either store: the test runs on both."""
    kind = "new_mongodb" if request.param == "mongodb" else "new_database"
    make: NewDatabase = request.getfixturevalue(kind)
    return make


@pytest.fixture
def own_ferretdb(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[FerretDB]:
    """A server of MongoDB's protocol for one test alone, which may kill and start it."""
    server = make_ferretdb(postgres_server, tmp_path)
    yield server
    server.stop()


def make_ferretdb(postgres: PostgresServer, folder: Path) -> FerretDB:
    """A FerretDB at work, in a database of its own; without Go the test is skipped."""
    name = f"ferretdb_{uuid.uuid4().hex}"
    postgres.create_database(name)
    port = any_ports(["ferretdb"])["ferretdb"]
    server = FerretDB(port, postgres.database_url(name), folder / "ferretdb.log")
    try:
        server.start()
    except GoProgramMissing as error:
        pytest.skip(f"for tests on MongoDB without MERIDIAN_MONGODB or Docker: {error}")
    return server


@pytest.fixture(scope="session")
def broker_kind(request: pytest.FixtureRequest) -> BrokerKind:
    """Which broker this run is about. Whoever starts a broker asks for it."""
    return BrokerKind.KAFKA if request.config.getoption("--kafka") else BrokerKind.TANSU


@pytest.fixture(scope="session")
def own_kind(broker_kind: BrokerKind) -> BrokerKind:
    """The same for tests that end, kill or empty their broker: it must be of this machine."""
    if broker_kind is BrokerKind.KAFKA:
        try:
            obtain()
        except BrokerFailed as error:
            pytest.skip(str(error))
    return broker_kind


@pytest.fixture(scope="session")
def given_kafka(broker_kind: BrokerKind) -> Iterator[str | None]:
    """The address of a Kafka that need not be started from jars.

    The one at MERIDIAN_KAFKA, else one in a container where Docker answers, else None.
    """
    given = os.environ.get("MERIDIAN_KAFKA")
    if broker_kind is BrokerKind.TANSU:
        yield None
    elif given:
        yield given
    elif docker_answers():
        with kafka_container() as address:
            yield address
    else:
        yield None


@pytest.fixture(scope="session")
def broker(
    broker_kind: BrokerKind, given_kafka: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address, `host:port`, of a broker for this test run (under xdist: for this worker).

    Topics of one test are seen by the next: name them by test, or use `own_broker`.
    """
    if given_kafka is not None:
        yield given_kafka
        return
    started = make_broker(broker_kind, Home(tmp_path_factory.mktemp("broker")))
    started.start()
    yield started.bootstrap
    started.stop()


@pytest.fixture
def own_broker(own_kind: BrokerKind, tmp_path: Path) -> Iterator[Broker]:
    """A broker for one test alone, which may stop, kill and start it."""
    started = make_broker(own_kind, Home(tmp_path / "broker"))
    started.start()
    yield started
    started.stop()


def make_broker(kind: BrokerKind, home: Home) -> Broker:
    """Describe a broker in `home`, on ports of its own."""
    home.make()
    ports = any_ports(ports_needed((), kind))
    plan = Plan(home=home.path, services=(), ports=ports, broker_kind=kind)
    return plan.brokers()[BROKER]
