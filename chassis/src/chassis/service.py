"""A service as a whole: declared in its `app.py`, run from its `__main__.py`.

`serve --role api` answers HTTP, `worker` relays and consumes, `all` does both in
one process. `/readyz` of a worker means a known generation and assigned
partitions; with role `all` that is asked for at the start only, because commands
go on while the broker is away.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from chassis import operations, telemetry
from chassis.database import PASSING_FAILURES, Database
from chassis.identity import IdentityVerifier
from chassis.inbox import Consumer, Inbox
from chassis.migrations import migrate
from chassis.rebuild.rebuild import Rebuild
from chassis.reconciliation.command import reconcile
from chassis.settings import PlatformSettings, ServiceSettings
from chassis.storage import AnyDatabase, Storage, database_at, is_mongodb
from chassis.transactions import Transactions
from chassis.web.application import application
from chassis.web.operations import operations as operation_routes
from chassis.worker import Worker
from events.topics import owned_by

log = logging.getLogger(__name__)

Role = Literal["api", "worker", "all"]


@dataclass(frozen=True, slots=True)
class Process:
    """A running service, for what wraps its HTTP application."""

    app: FastAPI
    transactions: Transactions
    settings: ServiceSettings
    platform: PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The table of contents of a service.

    `owner` is whose topics it publishes. `projections` are the tables that its one
    consumer writes, where they can be rebuilt from events. `indexes` are those of its collections,
    where it runs on MongoDB too. `wrap` may put an ASGI application in
    front of the service's own, as the gateway does with its edge; `listening` may answer how it
    speaks HTTP, where that is not as uvicorn does with httptools.
    """

    name: str
    owner: str
    settings: Callable[..., ServiceSettings]
    migrations: Path
    routes: Sequence[APIRouter] = ()
    consumers: Sequence[Consumer] = ()
    projections: Sequence[str] = ()
    indexes: Mapping[str, Sequence[tuple[str, ...]]] | None = None
    wrap: Callable[[Process], AbstractAsyncContextManager[ASGIApp]] | None = None
    listening: Callable[[ServiceSettings], Callable[..., asyncio.Protocol]] | None = None


def run(service: Service, argv: Sequence[str]) -> int:
    """The command line of a service; returns the exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m {service.name}")
    commands = parser.add_subparsers(dest="command", required=True)
    serve_command = commands.add_parser("serve", help="run until stopped")
    serve_command.add_argument("--role", choices=("api", "worker", "all"), default="all")
    serve_command.add_argument("--migrate", action="store_true", help="migrate first")
    commands.add_parser("migrate", help="bring the database to the newest revision")
    operations.add_commands(commands)
    if service.projections:
        commands.add_parser("rebuild", help="make the projections anew, beside the live ones")
    arguments = parser.parse_args(argv)
    platform = PlatformSettings()
    telemetry.configure(service.name, platform.log_level, platform.otlp_endpoint)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if arguments.command == "events":
            return runner.run(_operate(service, arguments, platform))
        if arguments.command == "reconcile":
            return runner.run(_reconcile(service, arguments.patience))
        if arguments.command == "rebuild":
            return runner.run(operations.rebuild(_rebuild(service, platform)))
        if arguments.command == "migrate" or arguments.migrate:
            runner.run(_migrate(service))
        if arguments.command == "serve":
            calm_garbage_collection()
            runner.run(serve(service, arguments.role, platform))
    return 0


async def _operate(
    service: Service, arguments: argparse.Namespace, platform: PlatformSettings
) -> int:
    async with _opened(service, service.settings()) as database:
        transactions = Transactions(service.name, database)
        return await operations.operate(
            arguments, service.consumers, transactions, platform, service.owner
        )


async def _reconcile(service: Service, patience: float) -> int:
    async with _opened(service, service.settings()) as database:
        if not isinstance(database, Database):
            sys.exit(f"{service.name} is on MongoDB, where nothing is reconciled yet")
        return await reconcile(database, service.consumers, patience)


def _rebuild(service: Service, platform: PlatformSettings) -> Rebuild:
    (consumer,) = service.consumers
    return Rebuild(
        service.name, consumer, service.projections, service.settings().database_url, platform
    )


def calm_garbage_collection() -> None:
    """Bulk requests and batches make many objects and no cycles: look for cycles less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def _migrate(service: Service) -> None:
    url = service.settings().database_url
    while True:
        try:
            await bring_up_to_date(service, url)
            return
        except PASSING_FAILURES as error:
            log.warning("the database is not there yet: %s", error)
            await asyncio.sleep(0.2)


async def bring_up_to_date(service: Service, url: str) -> None:
    """Bring the database at `url` to what the service expects: tables, or indexes."""
    if not is_mongodb(url):
        await migrate(service.migrations, url)
        return
    from chassis.mongodb.indexes import make_indexes

    await make_indexes(url, owned_by(service.owner), _indexes_of(service))


def _indexes_of(service: Service) -> Mapping[str, Sequence[tuple[str, ...]]]:
    if service.indexes is None:
        raise SystemExit(f"{service.name} runs on PostgreSQL only")
    return service.indexes


async def serve(service: Service, role: Role, platform: PlatformSettings) -> None:
    """Run `service` in `role` until SIGTERM or SIGINT; then finish what is under way."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    settings = service.settings()
    async with _opened(service, settings) as database:
        transactions = Transactions(service.name, database)
        worker = Worker(service.name, service.owner, service.consumers, transactions, platform)
        process = Process(
            assemble(service, role, transactions, worker, platform, settings),
            transactions,
            settings,
            platform,
        )
        tasks = [asyncio.create_task(_answer(service, role, process, stop))]
        if role != "api":
            tasks.append(asyncio.create_task(worker.run()))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        for task in tasks[1:]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        stopping.cancel()
        for result in results:
            if isinstance(result, Exception):
                raise result


def assemble(
    service: Service,
    role: Role,
    transactions: Transactions,
    worker: Worker,
    platform: PlatformSettings,
    settings: ServiceSettings,
) -> FastAPI:
    """The HTTP application of `service`; a worker has its probes only."""

    async def ready() -> list[str]:
        missing = await _database_missing(transactions.storage)
        if role == "worker" or (role == "all" and not worker.has_been_ready):
            missing += worker.missing()
        return missing

    app = application(service.name, ready=ready)
    app.state.settings = settings
    app.state.database = transactions.any_database
    app.state.transactions = transactions
    app.state.identities = IdentityVerifier(platform.jwks_url)
    app.state.largest_body_bytes = platform.largest_body_bytes
    app.state.inboxes = {c.name: Inbox(c, transactions) for c in service.consumers}
    if role != "worker":
        _route(app, service)
    return app


def described(service: Service) -> dict[str, Any]:
    """The OpenAPI document of `service`, which need not run for it."""

    async def ready() -> list[str]:
        return []

    app = application(service.name, ready=ready)
    _route(app, service)
    return app.openapi()


def _route(app: FastAPI, service: Service) -> None:
    app.include_router(operation_routes(service.name))
    for routes in service.routes:
        app.include_router(routes)


async def _database_missing(storage: Storage) -> list[str]:
    try:
        async with asyncio.timeout(2):
            await storage.ping()
    except (*PASSING_FAILURES, TimeoutError) as error:
        return [f"the database does not answer: {error}"]
    return []


async def _answer(service: Service, role: Role, process: Process, stop: asyncio.Event) -> None:
    """Answer HTTP until `stop`."""
    wrap = service.wrap if service.wrap is not None and role != "worker" else _as_it_is
    async with wrap(process) as asgi:
        settings = process.settings
        http: Any = "httptools" if service.listening is None else service.listening(settings)
        server = _Server(
            uvicorn.Config(
                asgi,
                host=settings.host,
                port=settings.port,
                http=http,
                ws="none",
                proxy_headers=False,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=8,
            )
        )
        serving = asyncio.create_task(server.serve())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
        stopping.cancel()


@asynccontextmanager
async def _as_it_is(process: Process) -> AsyncIterator[ASGIApp]:
    yield process.app


class _Server(uvicorn.Server):
    """Signals are the service's business: uvicorn would die of them before the worker stops."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


@asynccontextmanager
async def _opened(service: Service, settings: ServiceSettings) -> AsyncIterator[AnyDatabase]:
    """The database, waited for as long as it takes: an orchestrator starts all at once."""
    if is_mongodb(settings.database_url):
        _indexes_of(service)
    database = database_at(
        settings.database_url, settings.database_connections, owned_by(service.owner)
    )
    while True:
        try:
            await database.open()
            break
        except PASSING_FAILURES as error:
            log.warning("the database is not there yet: %s", error)
            await asyncio.sleep(0.2)
    try:
        yield database
    finally:
        await database.close()
