"""The whole platform, for tests that no single member can make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

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


def _running(home: Path) -> Iterator[Platform]:
    local = LocalPlatform(home)
    addresses = local.start(ports="any", attached=True)
    try:
        local.wait_ready(timeout=120)
        yield Platform(local, addresses)
    finally:
        local.stop()


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One platform for all tests of a run: each test makes a tenant of its own."""
    yield from _running(tmp_path_factory.mktemp("platform"))


@pytest.fixture
def own_platform(tmp_path: Path) -> Iterator[Platform]:
    """A platform for one test alone, that kills parts of it."""
    yield from _running(tmp_path / "platform")
