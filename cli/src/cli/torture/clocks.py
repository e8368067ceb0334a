"""Clocks that are wrong: libfaketime, preloaded, reads how far from a file for each process."""

from __future__ import annotations

import importlib.util
from pathlib import Path


class ClocksFixed(RuntimeError):
    """Clocks cannot be skewed on this machine; the message says why."""


SERVERS = "servers"
"""The clock of PostgreSQL, and of a broker that is no Java program."""


def library() -> Path:
    """The shared library of the package `libfaketime`. Raises ClocksFixed without it."""
    # Found, not imported: importing it would start this process anew.
    found = importlib.util.find_spec("libfaketime")
    if found is None or not found.submodule_search_locations:
        raise ClocksFixed("the package libfaketime is not installed")
    source = Path(found.submodule_search_locations[0]) / "vendor" / "libfaketime" / "src"
    built = source / "libfaketime.so.1"
    if not built.exists():
        raise ClocksFixed(f"libfaketime has no library for this machine: {built}")
    return built


class Clocks:
    """The clocks of a platform, by process; all are right at first."""

    def __init__(self, folder: Path) -> None:
        """Keep the offsets in `folder`."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        # PostgreSQL runs as somebody else.
        folder.chmod(0o755)

    def settings(self) -> dict[str, str]:
        """What the supervisor is told, and hands down to all its children."""
        self.set(SERVERS, 0)
        return {
            "LD_PRELOAD": str(library()),
            # Leases and deadlines count on a clock that only goes forward.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_TIMESTAMP_FILE": str(self._folder / SERVERS),
        }

    def settings_of(self, process: str) -> dict[str, str]:
        """What one process is told: where its own offset stands."""
        self.set(process, 0)
        return {"FAKETIME_TIMESTAMP_FILE": str(self._folder / process)}

    def set(self, process: str, seconds: int) -> None:
        """Put the clock of a process so many seconds ahead, within about a second."""
        # Replaced whole: whoever reads half a file would be somewhere in time.
        fresh = self._folder / f"{process}.new"
        fresh.write_text(f"{seconds:+d}\n")
        fresh.chmod(0o644)
        fresh.replace(self._folder / process)
