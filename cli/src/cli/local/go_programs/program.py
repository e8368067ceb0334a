"""Building a Go program from its module here."""

import fcntl
import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cli.local.home import tools
from cli.local.processes import clean_environment

OLDEST_GO = (1, 24)
ADVICE = f"install Go {OLDEST_GO[0]}.{OLDEST_GO[1]} or newer as `go`"

_HERE = Path(__file__).parent


class GoProgramMissing(RuntimeError):
    """A program cannot be built; the message says what to install."""


@dataclass(frozen=True, slots=True)
class GoProgram:
    """A program of the module in the folder `name`, built with the build tags `tags`."""

    name: str
    package: str
    tags: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Where the program of just this module is, once it has been built."""
        digest = hashlib.sha256(repr((self.package, self.tags)).encode())
        for file in sorted((_HERE / self.name).iterdir()):
            digest.update(file.read_bytes())
        return tools() / f"{self.name}-{digest.hexdigest()[:12]}"


# Its storage is our PostgreSQL: without SQLite, building it takes a third of the time.
FERRETDB = GoProgram("ferretdb", ".", ("ferretdb_no_sqlite",))
TOXIPROXY = GoProgram("toxiproxy", "github.com/Shopify/toxiproxy/v2/cmd/server")


def obtain(program: GoProgram) -> Path:
    """Return the path of `program`; the first time on a checkout Go builds it (minutes).

    Raises GoProgramMissing, with what to install, where Go is missing, too old or fails.
    """
    if program.path.exists():
        return program.path
    go = find_go()
    tools().mkdir(parents=True, exist_ok=True)
    with (tools() / f"{program.name}.lock").open("a") as lock:
        # One process at a time builds it; the others wait, and find it built.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.path.exists():
            _build(go, program)
    return program.path


def find_go() -> Path:
    """Return the program `go`. Raises GoProgramMissing where there is none that is new enough."""
    found = shutil.which("go")
    if found is None:
        raise GoProgramMissing(f"there is no Go here: {ADVICE}")
    said = subprocess.run(
        [found, "env", "GOVERSION"], capture_output=True, text=True, check=False
    ).stdout
    version = re.match(r"go(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_GO:
        raise GoProgramMissing(f"{found} is too old ({said.strip()}): {ADVICE}")
    return Path(found)


def _build(go: Path, program: GoProgram) -> None:
    unfinished = program.path.with_suffix(".new")
    options = [
        "-trimpath",
        "-mod=readonly",
        f"-tags={','.join(program.tags)}",
        "-o",
        str(unfinished),
    ]
    done = subprocess.run(
        [go, "build", *options, program.package],
        cwd=_HERE / program.name,
        # A program for this machine alone needs no C compiler.
        env={**clean_environment(), "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise GoProgramMissing(f"Go could not build {program.name}:\n{done.stderr}".strip())
    unfinished.rename(program.path)
