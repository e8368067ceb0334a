"""Kafka's program: jars that Maven brings once, and Java to run them.

They stay in the checkout's tools, beside what `./meridian` brings itself.
"""

import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.local.broker import BrokerFailed
from cli.local.home import tools
from cli.local.processes import clean_environment

OLDEST_JAVA = 17
ADVICE = (
    f"install Java {OLDEST_JAVA} and Maven (on Debian and Ubuntu: "
    f"apt install openjdk-{OLDEST_JAVA}-jre-headless maven)"
)

_HERE = Path(__file__).parent
_POM = _HERE / "pom.xml"
_LOGGING = _HERE / "log4j2.properties"
# A developer's broker: what starts it soon counts, not what it does under load for days.
_JAVA_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms128m", "-Xmx512m")


@dataclass(frozen=True, slots=True)
class KafkaProgram:
    """Java and the jars in `folder`."""

    java: Path
    folder: Path

    @property
    def archive(self) -> Path:
        """Loaded classes, which take three quarters off every start; made once (`warm_up`)."""
        return self.folder / "classes.jsa"

    def command(
        self, main: str, *arguments: str | Path, archive_to: Path | None = None
    ) -> list[str]:
        """The command line that runs the class `main`.

        With `archive_to` Java writes there, when it ends, the classes that it has loaded.
        """
        sharing = f"-XX:SharedArchiveFile={self.archive}"
        if archive_to is not None:
            sharing = f"-XX:ArchiveClassesAtExit={archive_to}"
        # In a fixed order: the archive holds for one class path only.
        jars = sorted(str(jar) for jar in (self.folder / "libs").glob("*.jar"))
        logging = f"-Dlog4j2.configurationFile={_LOGGING}"
        classes = ["-cp", os.pathsep.join(jars)]
        given = [str(argument) for argument in arguments]
        return [str(self.java), *_JAVA_OPTIONS, sharing, logging, *classes, main, *given]


def version() -> str:
    """Return the version of Kafka that the project names."""
    found = re.search(r"<artifactId>kafka_2.13</artifactId>\s*<version>(.+?)<", _POM.read_text())
    assert found is not None
    return found.group(1)


def is_there() -> bool:
    """Tell whether the jars have been brought."""
    return _folder().exists()


@functools.cache
def obtain() -> KafkaProgram:
    """Return the program; the first time on a checkout Maven brings it (half a minute).

    Raises BrokerFailed, with what to install, where Java or Maven is missing.
    """
    java, folder = find_java(), _folder()
    with locked():
        if not folder.exists():
            unfinished = folder.with_suffix(".new")
            shutil.rmtree(unfinished, ignore_errors=True)
            _bring_jars(unfinished / "libs")
            unfinished.rename(folder)
    return KafkaProgram(java, folder)


def find_java() -> Path:
    """Return the program `java`. Raises BrokerFailed where there is none that is new enough."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    if found is None:
        raise BrokerFailed(f"Kafka needs Java: {ADVICE}")
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    number = re.search(r'version "(\d+)', said)
    if number is None or int(number.group(1)) < OLDEST_JAVA:
        raise BrokerFailed(f"{found} is too old for Kafka: {ADVICE}")
    return Path(found)


def _folder() -> Path:
    """Where the jars of just this pom.xml are."""
    return tools() / f"kafka-{version()}-{hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]}"


def find_maven() -> Path:
    """Return the program `mvn`. Raises BrokerFailed where there is none."""
    found = shutil.which("mvn")
    if found is None:
        raise BrokerFailed(f"Kafka comes by Maven: {ADVICE}")
    return Path(found)


def _bring_jars(folder: Path) -> None:
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
    quiet = ["--quiet", "--batch-mode", "--strict-checksums"]
    done = subprocess.run(
        [find_maven(), *quiet, "--file", str(_POM), *goal],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=False,
    )
    if done.returncode != 0:
        raise BrokerFailed(f"Maven could not bring Kafka:\n{done.stdout}{done.stderr}".strip())


@contextmanager
def locked() -> Iterator[None]:
    """One process at a time makes what is missing; the others wait."""
    tools().mkdir(parents=True, exist_ok=True)
    with (tools() / "kafka.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
