"""The whole platform, for tests that no single member can make."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.testing_records import STORES, forget_mongodb
from cli.local.broker import BrokerKind
from cli.local.platform import Addresses, LocalPlatform


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform: where it answers, and what kills parts of it."""

    local: LocalPlatform
    addresses: Addresses

    @property
    def gateway_url(self) -> str:
        return self.addresses.urls["gateway"]

    @property
    def bootstrap_token(self) -> str:
        """What allows to create tenants."""
        return self.addresses.environment["GATEWAY_BOOTSTRAP_TOKEN"]

    def database_url(self, owner: str) -> str:
        """The database of `contacts`, `sales`, `marketing`, `analytics` or `gateway`."""
        return self.addresses.databases[owner]

    def kill(self, process: str) -> None:
        """End a process (a service, `broker`, `postgres`) by SIGKILL; it is started again."""
        self.local.kill(process)


def running(
    home: Path, broker: BrokerKind, settings: Mapping[str, str] | None = None
) -> Iterator[Platform]:
    local = LocalPlatform(home)
    addresses = local.start(ports="any", attached=True, broker=broker, settings=settings)
    try:
        local.wait_ready(timeout=120)
        yield Platform(local, addresses)
    finally:
        local.stop()


@pytest.fixture(scope="session")
def platform(
    broker_kind: BrokerKind, given_kafka: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """One platform for all tests of a run: each test makes a tenant of its own."""
    home = tmp_path_factory.mktemp("platform")
    if given_kafka is not None:
        yield from running(home, BrokerKind.GIVEN, {"MERIDIAN_KAFKA": given_kafka})
    else:
        yield from running(home, broker_kind)


@pytest.fixture
def own_platform(own_kind: BrokerKind, tmp_path: Path) -> Iterator[Platform]:
    """A platform for one test alone, that kills parts of it."""
    yield from running(tmp_path / "platform", own_kind)


@pytest.fixture(scope="module")
def platform_on_mongodb(
    broker_kind: BrokerKind,
    given_kafka: str | None,
    mongodb_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Platform]:
    """One whose contacts are on MongoDB, for all tests of a file."""
    database = f"{mongodb_url}contacts_{uuid4().hex}"
    settings = {"CONTACTS_DATABASE_URL": database}
    home = tmp_path_factory.mktemp("platform")
    if given_kafka is not None:
        given = {"MERIDIAN_KAFKA": given_kafka, **settings}
        yield from running(home, BrokerKind.GIVEN, given)
    else:
        yield from running(home, broker_kind, settings)
    asyncio.run(forget_mongodb(database))


@pytest.fixture(params=STORES)
def platform_on_either(request: pytest.FixtureRequest) -> Platform:
    """A platform with contacts on PostgreSQL, and one with contacts on MongoDB."""
    on_mongodb = request.param == "mongodb"
    chosen: Platform = request.getfixturevalue("platform_on_mongodb" if on_mongodb else "platform")
    return chosen
