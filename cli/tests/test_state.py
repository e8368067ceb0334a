"""The state file is whole or absent, and the lock tells the truth."""

import os
import signal
import time
from pathlib import Path

import pytest

from cli.local.state import (
    LockHeld,
    PlatformState,
    ProcessState,
    hold,
    is_locked,
    read_state,
    write_state,
)


def some_state() -> PlatformState:
    return PlatformState(
        phase="running",
        pid=42,
        started_at=1.5,
        ports={"gateway": 8080},
        urls={"gateway": "http://127.0.0.1:8080"},
        processes={"gateway": ProcessState(port=8080, pid=43, restarts=2)},
    )


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_state(tmp_path / "platform.json", some_state())
    assert read_state(tmp_path / "platform.json") == some_state()


def test_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    write_state(tmp_path / "platform.json", some_state())
    assert [file.name for file in tmp_path.iterdir()] == ["platform.json"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"phase": "running"}', b'{"phase": "new"}'])
def test_a_file_of_another_version_counts_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "platform.json"
    path.write_bytes(content)
    assert read_state(path) is None


def test_without_a_file_there_is_no_state(tmp_path: Path) -> None:
    assert read_state(tmp_path / "platform.json") is None


def test_only_one_supervisor_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "platform.lock"
    with hold(path):
        assert is_locked(path)
        with pytest.raises(LockHeld), hold(path):
            pass
    assert not is_locked(path)


def test_asking_whether_a_platform_runs_does_not_keep_it_from_starting(tmp_path: Path) -> None:
    path = tmp_path / "platform.lock"
    told, telling = os.pipe()
    asking = os.fork()
    if asking == 0:
        try:
            with hold(path):
                os.write(telling, b".")
                time.sleep(0.3)
        finally:
            os._exit(0)  # whatever happens: it must not go on as a second pytest
    os.read(told, 1)
    with hold(path, patience=60):
        pass
    os.waitpid(asking, 0)
    os.close(told)
    os.close(telling)


def test_the_lock_of_a_killed_supervisor_is_free(tmp_path: Path) -> None:
    path = tmp_path / "platform.lock"
    supervisor = os.fork()
    if supervisor == 0:
        try:
            with hold(path):
                time.sleep(60)
        finally:
            os._exit(0)
    while not is_locked(path):
        time.sleep(0.01)
    os.kill(supervisor, signal.SIGKILL)
    os.waitpid(supervisor, 0)
    assert not is_locked(path)
