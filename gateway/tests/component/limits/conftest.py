"""Limits on either count, and a Valkey whose clock stands still until a test puts it on."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from redis import Redis

from cli.local.ports import any_ports
from cli.local.valkey import Valkey
from cli.torture.clocks import library
from gateway.edge.limits.limits import Limits
from gateway.edge.limits.quota import Quota
from gateway.edge.limits.shared import SharedCounts, sharing
from gateway.settings import GatewaySettings

PASSWORD = "between gateways"

Share = Callable[..., AsyncIterator[SharedCounts]]


class Clock:
    """One clock for this process and for a server that is told `settings`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._now = datetime(2030, 1, 1, tzinfo=UTC)
        self.server: Redis | None = None
        self.advance(0)

    def __call__(self) -> float:
        return self._now.timestamp()

    def advance(self, seconds: int) -> None:
        """Put it on, or back; the server goes by it when this returns."""
        self._now += timedelta(seconds=seconds)
        # Replaced whole: whoever reads half a file would be somewhere in time.
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{self._now:%Y-%m-%d %H:%M:%S}\n")
        fresh.replace(self._file)
        # It looks at its clock every few turns.
        while self.server is not None and self.server.time()[0] != int(self()):
            pass

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "TZ": "UTC",
            "LD_PRELOAD": str(library()),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
        }


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    return Clock(tmp_path_factory.mktemp("clock") / "now")


@pytest.fixture(scope="module")
def valkey(clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A server that goes by `clock`."""
    server = make_valkey(tmp_path_factory.mktemp("valkey"), clock.settings)
    server.start()
    with Redis.from_url(server.url) as clock.server:
        yield server
    clock.server = None
    server.stop()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A server for one test alone, which may kill, freeze and start it; its clock is right."""
    server = make_valkey(tmp_path)
    server.start()
    yield server
    server.stop()


def make_valkey(folder: Path, environment: Mapping[str, str] | None = None) -> Valkey:
    port = any_ports(["valkey"])["valkey"]
    return Valkey(port, folder / "valkey.log", password=PASSWORD, environment=environment)


@pytest.fixture
def redis(valkey: Valkey) -> Iterator[Redis]:
    """A client of the server, which holds nothing yet."""
    with Redis.from_url(valkey.url) as client:
        client.flushall()
        yield client


def settings_for(server: Valkey, **given: Any) -> GatewaySettings:
    """Settings of a gateway that counts there, patient unless `given` otherwise."""
    patient = {"limits_seconds": 30.0, "breaker_seconds": 0.05}
    return GatewaySettings(
        database_url="", limits_url=SecretStr(server.url), **{**patient, **given}
    )


@pytest.fixture
async def share() -> AsyncIterator[Callable[..., Any]]:
    """A function that makes the counts of one more gateway on a server."""
    async with AsyncExitStack() as gateways:

        async def make(server: Valkey, **given: Any) -> SharedCounts:
            counts = await gateways.enter_async_context(sharing(settings_for(server, **given)))
            assert counts is not None
            return counts

        yield make


@pytest.fixture(params=["own", "shared"])
async def new_limits(
    request: pytest.FixtureRequest, clock: Clock, share: Any
) -> AsyncIterator[Callable[[Sequence[Quota]], Limits]]:
    """A function that makes limits on either count: the test runs twice."""
    shared = None
    if request.param == "shared":
        request.getfixturevalue("redis")
        shared = await share(request.getfixturevalue("valkey"))
    before = counted_alone()
    yield lambda quotas: Limits(quotas, shared, clock)
    assert counted_alone() == before


def counted_alone() -> float:
    return REGISTRY.get_sample_value("meridian_edge_limits_alone_total") or 0.0
