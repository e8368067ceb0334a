"""A server program that this process starts and ends: what all of them have in common."""

import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from cli.local.ports import LOOPBACK
from cli.local.processes import clean_environment, spawn


class Server(ABC):
    """One server on `port` of the loopback address, output in `log`."""

    title: ClassVar[str]
    """What it is called where it does not start."""
    failure: ClassVar[type[RuntimeError]]
    """What is raised then."""
    start_timeout: ClassVar[float]
    """Seconds after which it will not become ready any more."""
    stop_timeout: ClassVar[float]
    """Seconds that it may take to end by itself."""

    def __init__(self, port: int, log: Path) -> None:
        """Describe the server. Nothing is started yet."""
        self.port = port
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that `spawn` started."""
        assert self._process is not None, "the server runs"
        return self._process

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """The program and its arguments."""

    def _environment(self) -> Mapping[str, str]:
        """What the program is told beside its arguments."""
        return clean_environment()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server; it ends when this process ends.

        Ready when `is_ready` says so. Raises OSError or `failure`.
        """
        self._process = spawn(
            self._command(), log=self.log, env=self._environment(), death_signal=signal.SIGKILL
        )
        return self._process

    def start(self) -> None:
        """Start the server and wait until it answers. Raises `failure` when it does not."""
        process = self.spawn()
        deadline = time.monotonic() + self.start_timeout
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise self.failure(f"{self.title} does not start; see {self.log}")
            time.sleep(0.01)

    def kill(self) -> None:
        """End the server that `spawn` started as a crash would: at once, in the middle."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def stop(self) -> None:
        """End the server that `spawn` started."""
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
        """Tell whether the server accepts connections."""
        try:
            socket.create_connection((LOOPBACK, self.port), timeout=1).close()
        except OSError:
            return False
        return True
