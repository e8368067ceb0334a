"""A broker of the local platform: what Tansu and Kafka have in common."""

import socket
import struct
import subprocess
from abc import abstractmethod
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from cli.local.ports import LOOPBACK
from cli.local.server import Server

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


class Broker(Server):
    """One broker on `port` of the loopback address, output in `log`.

    Clients find it at the port `seen_at`, its own by default: something may stand between.
    """

    title = "the broker"
    failure = BrokerFailed
    is_durable: ClassVar[bool]
    """Whether it still knows everything when it starts again."""
    shortest_session_ms: ClassVar[int]
    """The shortest session that it grants to a member of a consumer group."""

    def __init__(self, port: int, log: Path, *, seen_at: int | None = None) -> None:
        """Describe the broker. Nothing is started yet."""
        super().__init__(port, log)
        self.seen_at = port if seen_at is None else seen_at

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

    def spawn(self) -> subprocess.Popen[bytes]:
        self.prepare()
        return super().spawn()

    def is_ready(self) -> bool:
        """Tell whether the broker answers requests (connections are accepted earlier)."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(struct.pack("!i", len(_API_VERSIONS)) + _API_VERSIONS)
                return len(connection.recv(1)) == 1
        except OSError:
            return False
