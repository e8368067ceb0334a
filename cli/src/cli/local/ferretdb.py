"""FerretDB: a server that speaks MongoDB's protocol and keeps its data in PostgreSQL.

For tests and local platforms without a MongoDB. It has no transactions and no
partial indexes, and some operators of MongoDB it lacks: what runs on it runs on
MongoDB. Every database is a schema of the one in PostgreSQL.
"""

import signal
import socket
import subprocess
import time
from pathlib import Path

from cli.local.go_programs.program import FERRETDB, obtain
from cli.local.ports import LOOPBACK
from cli.local.processes import clean_environment, spawn

_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 5.0


class FerretFailed(RuntimeError):
    """The server did not start."""


class FerretDB:
    """One server on `port` of the loopback address, output in `log`.

    `database_url` is that of a database in PostgreSQL, for it alone.
    """

    def __init__(self, port: int, database_url: str, log: Path) -> None:
        """Describe the server. Nothing is started yet."""
        self.port = port
        self.log = log
        self._database_url = database_url.replace("postgresql://", "postgres://", 1)
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """Return the URL of one of its databases."""
        return f"mongodb://{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers; the first time on a checkout it is built.

        Raises FerretFailed, or GoProgramMissing.
        """
        command = [
            str(obtain(FERRETDB)),
            f"-listen={LOOPBACK}:{self.port}",
            f"-postgresql-url={self._database_url}",
        ]
        self._process = spawn(
            command, log=self.log, env=clean_environment(), death_signal=signal.SIGKILL
        )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._is_listening():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise FerretFailed(f"FerretDB does not start; see {self.log}")
            time.sleep(0.01)

    def kill(self) -> None:
        """End the server as a crash would: at once, in the middle."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def stop(self) -> None:
        """End the server."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _is_listening(self) -> bool:
        try:
            socket.create_connection((LOOPBACK, self.port), timeout=1).close()
        except OSError:
            return False
        return True
