"""Where the local platform keeps what it knows: one folder, forgotten by deleting it."""

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

LOG_KEPT_BYTES = 10_000_000


def checkout() -> Path:
    """Return the folder of the source checkout this command line runs from."""
    return Path(__file__).resolve().parents[4]


def tools() -> Path:
    """Return the folder of programs that the checkout has brought, for all its platforms."""
    return checkout() / ".meridian" / "tools"


class Home:
    """The folder of one local platform: its database files, logs and state."""

    def __init__(self, path: Path | None = None) -> None:
        """Use `path`, else what MERIDIAN_HOME names, else `.meridian` of the checkout."""
        named = os.environ.get("MERIDIAN_HOME")
        chosen = path or (Path(named) if named else checkout() / ".meridian")
        self.path = chosen.expanduser().resolve()

    @property
    def postgres_data(self) -> Path:
        """The database cluster."""
        return self.path / "postgres"

    @property
    def kafka(self) -> Path:
        """What Kafka remembers, where the platform runs on it."""
        return self.path / "kafka"

    @property
    def logs(self) -> Path:
        """One file for each process."""
        return self.path / "logs"

    @property
    def state(self) -> Path:
        """What runs, where: written by the supervisor, read by everyone."""
        return self.path / "platform.json"

    @property
    def lock(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.path / "platform.lock"

    @property
    def secret(self) -> Path:
        """What allows to create tenants on this platform."""
        return self.path / "bootstrap-token"

    def bootstrap_token(self) -> str:
        """Return the token that creates tenants; made at the first call, readable by its owner."""
        if not self.secret.exists():
            # Linked into place whole: nobody reads half a token, and the first one stays.
            fresh = self.path / f"bootstrap-token.{os.getpid()}"
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(24))
            with suppress(FileExistsError):
                self.secret.hardlink_to(fresh)
            fresh.unlink()
        return self.secret.read_text()

    def log(self, process: str) -> Path:
        """Return the log file of a process: a service, `postgres`, `broker` or `platform`."""
        return self.logs / f"{process}.log"

    def make(self) -> None:
        """Create the folders and put logs that have grown long aside."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for log in self.logs.glob("*.log"):
            if log.stat().st_size > LOG_KEPT_BYTES:
                log.replace(log.with_suffix(".log.1"))

    def erase(self) -> None:
        """Delete all data and logs; tools that `./meridian` brought stay."""
        shutil.rmtree(self.postgres_data, ignore_errors=True)
        shutil.rmtree(self.kafka, ignore_errors=True)
        shutil.rmtree(self.logs, ignore_errors=True)
        self.state.unlink(missing_ok=True)
        self.lock.unlink(missing_ok=True)
        self.secret.unlink(missing_ok=True)
