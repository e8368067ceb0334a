"""The platform keeps its processes running, and leaves none behind."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cli.local.broker import BrokerKind
from cli.local.plan import BROKER, POSTGRES
from cli.local.platform import Addresses, LocalPlatform, NotRunning, plan_of
from cli.local.processes import is_alive
from cli.local.state import PlatformState, read_state

FAKES = Path(__file__).parent / "fakes"
SERVICE = "kiosk"
PROCESSES = (SERVICE, POSTGRES, BROKER)


@pytest.fixture(scope="module")
def started(
    own_kind: BrokerKind, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LocalPlatform, Addresses]]:
    with LocalPlatform(tmp_path_factory.mktemp("home")) as platform:
        addresses = platform.start(
            [SERVICE], ports="any", attached=True, python_path=[FAKES], broker=own_kind
        )
        platform.wait_ready()
        yield platform, addresses


@pytest.fixture
def platform(started: tuple[LocalPlatform, Addresses]) -> LocalPlatform:
    started[0].wait_ready()
    return started[0]


def test_a_service_is_told_where_its_database_and_the_broker_are(
    started: tuple[LocalPlatform, Addresses],
) -> None:
    _, addresses = started
    connection = http.client.HTTPConnection(addresses.urls[SERVICE].removeprefix("http://"))
    connection.request("GET", "/anything")
    told = connection.getresponse().read().decode()
    connection.close()
    assert told == f"{addresses.databases[SERVICE]} {addresses.kafka}"


def test_each_owner_has_its_own_empty_database(
    started: tuple[LocalPlatform, Addresses],
) -> None:
    assert started[1].databases[SERVICE].endswith(f"/{SERVICE}")


def test_a_service_serves_and_logs_what_it_says(platform: LocalPlatform) -> None:
    said = platform.home.log(SERVICE).read_text()
    assert "serving serve --role all --migrate" in said


@pytest.mark.parametrize("process", PROCESSES)
def test_a_killed_process_is_started_again(platform: LocalPlatform, process: str) -> None:
    killed = platform.kill(process)
    wait_until(lambda: running_pid(platform, process) not in (None, killed))
    assert platform.wait_ready() < 20
    entry = state_of(platform).processes[process]
    assert entry.restarts >= 1
    assert entry.last_end == "was killed by SIGKILL"


def test_what_was_committed_survives_a_killed_database(platform: LocalPlatform) -> None:
    server = plan_of(platform.home, state_of(platform)).postgres()
    server.query("CREATE TABLE kept AS SELECT 42 AS answer")
    killed = platform.kill(POSTGRES)
    wait_until(lambda: running_pid(platform, POSTGRES) not in (None, killed))
    platform.wait_ready()
    assert server.query("SELECT answer FROM kept") == "42"


def test_a_second_start_in_the_same_folder_starts_nothing(platform: LocalPlatform) -> None:
    again = LocalPlatform(platform.home.path).start([SERVICE], ports="any")
    assert again.already_running
    assert again.urls == state_of(platform).urls


def test_killing_what_is_not_there_is_refused(platform: LocalPlatform) -> None:
    with pytest.raises(NotRunning):
        platform.kill("nobody-knows-it")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_platform_leaves_no_process_behind(
    tmp_path: Path, number: signal.Signals
) -> None:
    platform, family = start_with_family(tmp_path)
    os.kill(state_of(platform).pid, number)
    wait_until(lambda: not survivors(family))
    assert platform.stop() is False
    left = read_state(platform.home.state)
    assert left is not None
    assert left.phase == "stopped"


def test_a_killed_supervisor_leaves_no_process_behind(tmp_path: Path, own_kind: BrokerKind) -> None:
    platform, family = start_with_family(tmp_path, own_kind)
    os.kill(state_of(platform).pid, signal.SIGKILL)
    wait_until(lambda: not survivors(family))
    assert platform.stop() is False


def test_an_attached_platform_ends_with_who_started_it(tmp_path: Path) -> None:
    starting = (
        "import sys, time; from pathlib import Path; from cli.local.platform import LocalPlatform;"
        "platform = LocalPlatform(Path(sys.argv[1]));"
        "platform.start([], ports='any', attached=True); platform.wait_ready(); time.sleep(60)"
    )
    platform = LocalPlatform(tmp_path)
    starter = subprocess.Popen([sys.executable, "-P", "-c", starting, str(tmp_path)])
    wait_until(lambda: (state := platform.state()) is not None and state.phase == "running")
    family = family_of(platform)
    starter.kill()
    starter.wait()
    wait_until(lambda: not survivors(family))
    assert platform.state() is None


def test_a_platform_starts_on_the_data_of_one_that_was_killed(tmp_path: Path) -> None:
    platform, family = start_with_family(tmp_path)
    for pid in family:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not survivors(family))
    platform.stop()
    with platform:
        platform.start([SERVICE], ports="any", attached=True, python_path=[FAKES])
        platform.wait_ready()


def test_a_service_that_cannot_start_is_tried_again_and_reported(tmp_path: Path) -> None:
    with LocalPlatform(tmp_path) as platform:
        platform.start(["missing_service"], ports="any", attached=True)
        wait_until(
            lambda: (
                state_of(platform).phase == "running"
                and state_of(platform).processes["missing_service"].restarts > 1
            )
        )
        assert "missing_service" in platform.home.log("missing_service").read_text()
        assert "ended with code 1" in platform.home.log("platform").read_text()


def start_with_family(
    home: Path, broker: BrokerKind = BrokerKind.TANSU
) -> tuple[LocalPlatform, list[int]]:
    platform = LocalPlatform(home)
    platform.start([SERVICE], ports="any", attached=True, python_path=[FAKES], broker=broker)
    platform.wait_ready()
    return platform, family_of(platform)


def family_of(platform: LocalPlatform) -> list[int]:
    supervisor = psutil.Process(state_of(platform).pid)
    return [supervisor.pid, *(child.pid for child in supervisor.children(recursive=True))]


def survivors(family: list[int]) -> list[int]:
    return [pid for pid in family if is_alive(pid)]


def state_of(platform: LocalPlatform) -> PlatformState:
    state = platform.state()
    assert state is not None
    return state


def running_pid(platform: LocalPlatform, process: str) -> int | None:
    return state_of(platform).processes[process].pid


def wait_until(condition: Callable[[], bool], timeout: float = 120) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.02)
