"""Start, watch and stop a local platform from code: the command line, the demo and tests."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from cli.local.broker import BrokerFailed, BrokerKind
from cli.local.home import Home
from cli.local.plan import SERVICES, Plan, Role, ports_needed, processes_of
from cli.local.ports import TakenPort, any_ports, usual_ports
from cli.local.processes import clean_environment, is_alive, spawn
from cli.local.readiness import OnReady, wait_ready
from cli.local.state import PlatformState, is_locked, read_state

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 60.0
READY_TIMEOUT_S = 60.0
HOPELESS_AFTER_RESTARTS = 5


class PlatformFailed(RuntimeError):
    """The platform did not start; the message says why."""


class NotRunning(RuntimeError):
    """There is no platform running in this folder."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a platform answers.

    `urls` holds each service's base URL, `kafka` the bootstrap address, `databases` each
    owner's database URL, `environment` everything the services were told. `taken_ports` says
    which wished ports somebody else holds. `already_running` tells that nothing was started.
    """

    urls: Mapping[str, str]
    kafka: str
    databases: Mapping[str, str]
    environment: Mapping[str, str]
    taken_ports: tuple[TakenPort, ...] = ()
    already_running: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """How a platform differs from one process for each service and server; see `Plan`.

    `ports` are given to processes instead of any that are free.
    """

    roles: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)
    settings_of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    broker_count: int = 1
    seen_at: Mapping[str, int] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)


ONE_OF_EACH = Shape()


class LocalPlatform:
    """The platform of one folder.

    As a context manager it is stopped at the end of the block.
    """

    def __init__(self, home: Path | None = None) -> None:
        """Describe the platform in `home`; by default the folder that `./meridian up` uses."""
        self.home = Home(home)
        self._supervisor: subprocess.Popen[bytes] | None = None

    def start(
        self,
        services: Iterable[str] = SERVICES,
        *,
        ports: Literal["usual", "any"] = "usual",
        attached: bool = False,
        python_path: Sequence[Path] = (),
        settings: Mapping[str, str] | None = None,
        broker: BrokerKind = BrokerKind.TANSU,
        shape: Shape = ONE_OF_EACH,
    ) -> Addresses:
        """Start PostgreSQL, the broker and `services` (none: `()`); return where they answer.

        Returns before they are ready: `wait_ready` follows. With `attached` the platform also
        ends when the calling thread does, even if it is killed. `python_path` are folders to import
        services from, `settings` variables for them. A platform that already runs in this
        folder is left as it is, and its addresses are returned. The first platform on Kafka
        brings it (half a minute); a given broker's address is in `settings`. `shape` is for a
        platform that is to have several processes of a service, or be wired in another way.

        Raises PlatformFailed, or NoFreePort.
        """
        running = self.state()
        if running is not None:
            return _addresses(running, already_running=True)
        names = tuple(services)
        of_services = [process.name for process in processes_of(names, shape.roles)]
        processes = ports_needed(of_services, broker, shape.broker_count)
        notes: list[TakenPort] = []
        if ports == "any":
            chosen = {**any_ports(processes), **shape.ports}
        else:
            last = read_state(self.home.state)
            chosen, notes = usual_ports(processes, last.ports if last else {})
        plan = Plan(
            home=self.home.path,
            services=names,
            ports=chosen,
            python_path=tuple(str(folder) for folder in python_path),
            attached_to=os.getpid() if attached else None,
            settings=settings or {},
            broker_kind=broker,
            roles=shape.roles,
            programs=shape.programs,
            settings_of=shape.settings_of,
            broker_count=shape.broker_count,
            seen_at=shape.seen_at,
        )
        return _addresses(self._launch(plan), taken_ports=tuple(notes))

    def wait_ready(
        self, timeout: float = READY_TIMEOUT_S, on_progress: OnReady | None = None
    ) -> float:
        """Wait until PostgreSQL, the broker and all services are ready; return the seconds.

        `on_progress` is called with each process's name and seconds as it becomes ready.
        Raises NotReady after `timeout` seconds, when the platform stops or when a process keeps
        dying; NotRunning at once.
        """
        state = self._running()
        restarts = {name: process.restarts for name, process in state.processes.items()}
        return wait_ready(
            plan_of(self.home, state),
            list(state.processes),
            timeout=timeout,
            on_ready=on_progress,
            worth_waiting=lambda: not self._is_hopeless(restarts),
        )

    def state(self) -> PlatformState | None:
        """Return what runs now, or None when no platform runs in this folder."""
        if not is_locked(self.home.lock):
            return None
        return read_state(self.home.state)

    def kill(self, process: str) -> int:
        """End a process (a service, `postgres`, `broker`) by SIGKILL; return the PID it had.

        The supervisor starts it again. Raises NotRunning when the platform or it is down.
        """
        pid = self.pid(process)
        os.kill(pid, signal.SIGKILL)
        return pid

    def pid(self, process: str) -> int:
        """Return the PID of a process. Raises NotRunning when the platform or it is down."""
        entry = self._running().processes.get(process)
        if entry is None or entry.pid is None:
            raise NotRunning(f"{process} is not running")
        return entry.pid

    def stop(self, timeout: float = STOP_TIMEOUT_S) -> bool:
        """Stop everything: services, then the broker, then PostgreSQL. False if none ran.

        Raises PlatformFailed when the supervisor still runs after `timeout` seconds.
        """
        if not is_locked(self.home.lock):
            self._collect()
            return False
        state = read_state(self.home.state)
        pid = self._supervisor.pid if self._supervisor else state.pid if state else None
        if pid is None:
            raise PlatformFailed(f"a platform runs in {self.home.path}, but does not say its PID")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout
        while is_locked(self.home.lock) or is_alive(pid):
            if time.monotonic() > deadline:
                raise PlatformFailed(f"the platform (PID {pid}) does not stop")
            self._collect()
            time.sleep(0.02)
        self._collect()
        return True

    def __enter__(self) -> Self:
        """Return the platform; `start` is the caller's."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    def _running(self) -> PlatformState:
        state = self.state()
        if state is None:
            raise NotRunning(f"no platform runs in {self.home.path}")
        return state

    def _is_hopeless(self, restarts_before: Mapping[str, int]) -> bool:
        state = self.state()
        return state is None or any(
            process.restarts - restarts_before.get(name, 0) >= HOPELESS_AFTER_RESTARTS
            for name, process in state.processes.items()
        )

    def _launch(self, plan: Plan) -> PlatformState:
        self.home.make()
        try:
            for broker in plan.brokers().values():
                broker.prepare()
        except BrokerFailed as error:
            raise PlatformFailed(str(error)) from None
        command = [sys.executable, "-P", "-m", "cli.local.supervisor", plan.to_json()]
        # Also on the supervisor, so that `doctor` can tell whose a forgotten process is.
        env = {**clean_environment(), **plan.environment()}
        supervisor = spawn(command, log=self.home.log("platform"), env=env, death_signal=None)
        self._supervisor = supervisor
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            state = read_state(self.home.state)
            if state is not None and state.pid == supervisor.pid:
                return state
            if supervisor.poll() is not None:
                break
            time.sleep(0.01)
        raise PlatformFailed(f"the platform does not start; see {self.home.log('platform')}")

    def _collect(self) -> None:
        """Collect the supervisor if it was our child, so that it does not stay as a zombie."""
        if self._supervisor is not None and self._supervisor.poll() is not None:
            self._supervisor = None


def plan_of(home: Home, state: PlatformState) -> Plan:
    """Return the plan behind a running platform's state, enough to find its processes."""
    return Plan(
        home=home.path,
        services=tuple(state.urls),
        ports=state.ports,
        broker_kind=state.broker_kind,
        roles={service: tuple(roles) for service, roles in state.roles.items()},
        broker_count=state.broker_count,
    )


def _addresses(
    state: PlatformState,
    *,
    taken_ports: tuple[TakenPort, ...] = (),
    already_running: bool = False,
) -> Addresses:
    told = state.environment
    return Addresses(
        urls=state.urls,
        kafka=told["MERIDIAN_KAFKA"],
        databases={name: told[f"{name.upper()}_DATABASE_URL"] for name in state.urls},
        environment=told,
        taken_ports=taken_ports,
        already_running=already_running,
    )
