"""The ground that speed is measured on: a PostgreSQL and a broker like the local platform's."""

from __future__ import annotations

import asyncio
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chassis.database import Database
from chassis.generations import Genesis
from chassis.migrations import migrate
from chassis.service import Service
from chassis.settings import PlatformSettings
from cli.local.broker import BrokerKind
from cli.local.home import Home
from cli.local.plan import BROKER, Plan, ports_needed
from cli.local.ports import any_ports
from cli.local.postgres import PostgresServer

# When each transaction committed, by the server's own clock: nothing else has to look.
_SETTINGS = {"track_commit_timestamp": "on"}


@dataclass(frozen=True)
class Ground:
    """One server, one broker; a database for each measurement and size of journal."""

    postgres: PostgresServer
    platform: PlatformSettings
    broker: str
    folder: Path

    async def database(self, service: Service) -> str:
        """The URL of a new database with the tables of `service`."""
        name = f"{service.name}_{uuid.uuid4().hex[:8]}"
        self.postgres.create_database(name)
        url = self.postgres.database_url(name)
        await migrate(service.migrations, url)
        return url

    async def generation(self) -> str:
        """The generation of the broker, which has all topics from now on."""
        genesis = Genesis(self.platform)
        try:
            return await genesis.begin()
        finally:
            await genesis.close()


@contextmanager
def ground(kind: BrokerKind) -> Iterator[Ground]:
    """Both servers, for as long as the block lasts; MERIDIAN_KAFKA may name a Kafka that runs."""
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        home = Home(Path(folder) / "home")
        home.make()
        ports = any_ports(["postgres", *ports_needed((), kind)])
        server = PostgresServer(
            home.path / "data", ports["postgres"], home.path / "postgres.log", _SETTINGS
        )
        server.start()
        given = os.environ.get("MERIDIAN_KAFKA") if kind is BrokerKind.KAFKA else None
        plan = Plan(home=home.path, services=(), ports=ports, broker_kind=kind)
        own = None if given else plan.brokers()[BROKER]
        try:
            if own is not None:
                own.start()
            address = given or (own.bootstrap if own is not None else "")
            version = own.version if own is not None else f"kafka at {given}"
            # A peer that has its turn in the same process keeps the relay from its leases.
            platform = PlatformSettings(kafka=address, relay_lease_seconds=30)
            yield Ground(server, platform, version, home.path)
        finally:
            if own is not None:
                own.stop()
            server.stop()


@asynccontextmanager
async def opened(url: str, connections: int = 8) -> AsyncIterator[Database]:
    """A database, for as long as the block lasts."""
    database = Database(url, connections)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def until_nothing(database: Database, query: str, *arguments: object) -> None:
    """Wait until `query`, which asks whether something exists, says no."""
    async with asyncio.timeout(120):
        while await database.pool.fetchval(query, *arguments):
            await asyncio.sleep(0.002)
