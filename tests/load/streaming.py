"""Thousands of open streams at one gateway: memory for each, and from a commit to their readers.

    .venv/bin/python -m tests.load.streaming [--kafka] [--idle 5000] [--active 500]

Sales writes deals, one command each, and relays them in this process; the gateway is a process of
its own, which keeps the log and has all the readers, each with a session of its own. Idle readers
look at a record that does not change; active ones are told of all deals.

- memory: of the gateway's process, when the connections are there and each has been answered once
  with its session's token, and when each is a stream;
- told: from the commit of the command, by the server's clock, until the last byte of its message
  is with a reader, of all active readers. The peer is a record sent with acks=all until a waiting
  consumer has it, one at a time, before it.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import resource
import statistics
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import datetime
from uuid import UUID, uuid4

import psutil
import uvloop

from chassis.database import Database
from chassis.service import calm_garbage_collection
from chassis.transactions import now
from cli.local.broker import BrokerKind
from cli.local.ports import any_ports
from gateway.app import SERVICE
from gateway.directory.keys.keyring import Keyring
from gateway.directory.keys.signing_key import Rotation
from gateway.directory.sessions.session import Session, claims_of
from gateway.testing.offices import Office, open_office
from gateway.testing.processes import Gateway, running
from tests.load.deals import sales_with_past
from tests.load.gateway import SETTINGS
from tests.load.ground import Ground, ground, opened
from tests.load.latency import percentile, round_trips, sales_at_work

USERS = 20
AT_ONCE = 50
EVENTS = 200
EVENTS_A_SECOND = 20
IDLE_SECONDS = 15.0
_DEAL = re.compile(rb'event: changed\ndata: \{"resource":"deals","id":"([0-9a-f-]{36})"')
_HEAD_ENDS = b"\r\n\r\n"


class Client(asyncio.Protocol):
    """One connection to the gateway, which keeps when each deal was told."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._answer = asyncio.get_running_loop().create_future()
        self._rest = b""
        self.told: dict[UUID, float] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._answer.done():
            self._rest += data
            if _HEAD_ENDS in self._rest:
                self._answer.set_result(self._rest.startswith(b"HTTP/1.1 200"))
                self._rest = b""
            return
        moment = time.time()
        said = self._rest + data
        whole, _, self._rest = said.rpartition(b"\n\n")
        for found in _DEAL.finditer(whole):
            self.told.setdefault(UUID(found[1].decode()), moment)

    async def ask(self, method: str, query: str) -> None:
        """Ask for the stream, and wait for the head of the answer."""
        self._answer = asyncio.get_running_loop().create_future()
        head = f"{method} /v1/stream?{query} HTTP/1.1\r\nHost: load\r\n"
        self.transport.write(f"{head}Authorization: Bearer {self._token}\r\n\r\n".encode())
        if not await self._answer:
            raise SystemExit("the gateway refuses a reader")


async def measure(measured_on: Ground, idle: int, active: int) -> None:
    sales, database_url = (
        await sales_with_past(measured_on, 1),
        await measured_on.database(SERVICE),
    )
    async with (
        opened(sales) as database,
        sales_at_work(measured_on, database) as chain,
        _gateway(measured_on, database_url) as gateway,
        AsyncExitStack() as clients,
    ):
        office = await open_office(gateway, "load", clients)
        tokens = await _tokens(gateway, office, idle + active)
        process = psutil.Process(gateway.pid)
        alone = process.memory_full_info().uss
        readers: list[Client] = []
        await _all([_come(gateway, token, readers) for token in tokens])
        connected = process.memory_full_info().uss
        queries = [f"records=deals/{uuid4()}" for _ in range(idle)]
        queries += ["types=crm.sales.deal"] * active
        began = time.perf_counter()
        await _all([r.ask("GET", query) for r, query in zip(readers, queries, strict=True)])
        seconds = time.perf_counter() - began
        # What each is asked once, a while after it has come, is over.
        await asyncio.sleep(IDLE_SECONDS)
        streaming = process.memory_full_info().uss
        print(f"{idle:,} idle and {active:,} active readers, opened in {seconds:.1f} s")
        _kilobytes("before them", alone, 1)
        _kilobytes(
            "each: connection, and its session as the door knows it",
            connected - alone,
            idle + active,
        )
        _kilobytes("each: stream", streaming - connected, idle + active)
        used = sum(process.cpu_times()[:2])
        await asyncio.sleep(IDLE_SECONDS)
        share = (sum(process.cpu_times()[:2]) - used) / IDLE_SECONDS
        print(f"{'while nothing happens, of one core':60} {share:8.1%}")
        trip = statistics.median(await round_trips(measured_on))
        print(f"{'round trip of the broker, median':60} {trip:8.2f} ms")
        for number in range(EVENTS):
            await asyncio.sleep(1 / EVENTS_A_SECOND)
            await chain.command(office.tenant, number)
        _told(trip, await _commits(database, office.tenant), await _arrivals(readers[idle:]))


def _kilobytes(what: str, size: int, among: int) -> None:
    print(f"{what:60} {size / among / 1024:8,.1f} kB")


def _told(trip: float, commits: dict[UUID, datetime], readers: Sequence[Client]) -> None:
    taken = [
        (moment - commits[id].timestamp()) * 1000
        for reader in readers
        for id, moment in reader.told.items()
    ]
    for rank in (50, 99):
        found = percentile(taken, rank)
        what = f"from commit to reader, {rank}th percentile of {len(taken):,}"
        print(f"{what:60} {found:8.2f} ms {found / trip:7.1f} round trips")


async def _arrivals(readers: Sequence[Client]) -> Sequence[Client]:
    async with asyncio.timeout(60):
        while any(len(reader.told) < EVENTS for reader in readers):
            await asyncio.sleep(0.05)
    return readers


async def _commits(database: Database, tenant: UUID) -> dict[UUID, datetime]:
    rows = await database.pool.fetch(
        """select subject, pg_xact_commit_timestamp(xmin) as at
           from journal where tenant = $1""",
        tenant,
    )
    return {row["subject"]: row["at"] for row in rows}


@asynccontextmanager
async def _gateway(measured_on: Ground, database_url: str) -> AsyncIterator[Gateway]:
    """The gateway as a small installation has it: the door, and the worker that keeps the log."""
    with ExitStack() as stack:
        yield await asyncio.to_thread(
            stack.enter_context,
            running(
                port=any_ports(["gateway"])["gateway"],
                upstream_ports={},
                database_url=database_url,
                log=measured_on.folder / "gateway.log",
                settings={
                    **SETTINGS,
                    "MERIDIAN_KAFKA": measured_on.platform.kafka,
                    "GATEWAY_USER_STREAMS": "100000",
                },
                role="all",
            ),
        )


async def _tokens(gateway: Gateway, office: Office, many: int) -> list[str]:
    """Access tokens, each of a session of its own, of a few users."""
    users = [(await office.employed("analyst"))[0]["id"] for _ in range(USERS)]
    async with opened(gateway.database_url, 2) as database:
        key = await Keyring(database, Rotation(600, 30 * 86_400, 3_720), 60).key()
        expires = int(time.time()) + 3_600
        sessions = [
            Session(uuid4(), office.tenant, UUID(users[number % USERS]), expires)
            for number in range(many)
        ]
        await database.pool.executemany(
            """insert into session (tenant, id, user_id, begun, renewed, expires, address, client)
               values ($1, $2, $3, $4, $4, to_timestamp($5), '', '')""",
            [(one.tenant, one.id, one.user, now(), one.expires) for one in sessions],
        )
    return [key.sign(claims_of(session)) for session in sessions]


async def _come(gateway: Gateway, token: str, among: list[Client]) -> None:
    """Connect, and ask at once: the gateway does not wait for who says nothing."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(token), "127.0.0.1", gateway.port)
    await client.ask("HEAD", "")
    among.append(client)


async def _all(asking: Sequence[Coroutine[None, None, None]]) -> None:
    """Some at a time: it is not the rush that is measured."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(coroutine: Coroutine[None, None, None]) -> None:
        async with free:
            await coroutine

    await asyncio.gather(*map(one, asking))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--idle", type=int, default=5_000)
    parser.add_argument("--active", type=int, default=500)
    parser.add_argument("--kafka", action="store_true", help="on Apache Kafka")
    given = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    calm_garbage_collection()
    with (
        ground(BrokerKind.KAFKA if given.kafka else BrokerKind.TANSU) as measured_on,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        print(f"{measured_on.broker}")
        runner.run(measure(measured_on, given.idle, given.active))
    return 0


if __name__ == "__main__":
    sys.exit(main())
