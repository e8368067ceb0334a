"""A broker of the local platform: what Tansu and Kafka have in common."""

import signal
import socket
import struct
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from cli.local.ports import LOOPBACK
from cli.local.processes import clean_environment, spawn

# Any broker answers this request, to anybody: which versions of which requests it knows.
_API_VERSIONS = struct.pack("!hhih", 18, 0, 0, -1)


class BrokerKind(StrEnum):
    """Which program the broker is."""

    TANSU = "tansu"
    """Starts in milliseconds, in memory only: every start is a new generation."""
    KAFKA = "kafka"
    """Apache Kafka, as in production; needs Java. Keeps its data."""
    GIVEN = "given"
    """Runs elsewhere: the setting MERIDIAN_KAFKA says where."""


class BrokerFailed(RuntimeError):
    """The broker did not start."""


class Broker(ABC):
    """One broker on `port` of the loopback address, output in `log`.

    Clients find it at the port `seen_at`, its own by default: something may stand between.
    """

    start_timeout: ClassVar[float]
    """Seconds after which it will not become ready any more."""
    stop_timeout: ClassVar[float]
    """Seconds that it may take to end by itself."""
    is_durable: ClassVar[bool]
    """Whether it still knows everything when it starts again."""
    shortest_session_ms: ClassVar[int]
    """The shortest session that it grants to a member of a consumer group."""

    def __init__(self, port: int, log: Path, *, seen_at: int | None = None) -> None:
        """Describe the broker. Nothing is started yet."""
        self.port = port
        self.seen_at = port if seen_at is None else seen_at
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address for Kafka clients, `host:port`."""
        return f"{LOOPBACK}:{self.seen_at}"

    @property
    def listener(self) -> str:
        """The address that it listens on, `host:port`."""
        return f"{LOOPBACK}:{self.port}"

    @property
    @abstractmethod
    def version(self) -> str:
        """Name and version of the program."""

    @abstractmethod
    def prepare(self) -> None:
        """Make what the program needs to start, as far as it is missing. Raises BrokerFailed."""

    @abstractmethod
    def forget(self) -> None:
        """Delete what a stopped broker remembers: it is then as lost as if its disk had gone."""

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """The program and its arguments."""

    def _environment(self) -> Mapping[str, str]:
        """What the program is told beside its arguments."""
        return clean_environment()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the broker; it ends when this process ends.

        Ready when `is_ready` says so. Raises OSError or BrokerFailed.
        """
        self.prepare()
        self._process = spawn(
            self._command(), log=self.log, env=self._environment(), death_signal=signal.SIGKILL
        )
        return self._process

    def start(self) -> None:
        """Start the broker and wait until it answers. Raises BrokerFailed when it does not."""
        process = self.spawn()
        deadline = time.monotonic() + self.start_timeout
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise BrokerFailed(f"the broker does not start; see {self.log}")
            time.sleep(0.01)

    def kill(self) -> None:
        """End the broker that `spawn` started as a crash would: at once, in the middle."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def stop(self) -> None:
        """End the broker that `spawn` started."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(self.stop_timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def is_ready(self) -> bool:
        """Tell whether the broker answers requests (connections are accepted earlier)."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(struct.pack("!i", len(_API_VERSIONS)) + _API_VERSIONS)
                return len(connection.recv(1)) == 1
        except OSError:
            return False
