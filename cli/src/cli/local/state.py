"""The state file: what of the platform runs, where, and since when."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from cli.local.broker import BrokerKind

Phase = Literal["starting", "running", "stopping", "stopped", "failed"]


class ProcessState(msgspec.Struct, kw_only=True):
    """One process. `pid` is None while it is down; times are seconds since 1970."""

    port: int
    pid: int | None = None
    started_at: float | None = None
    restarts: int = 0
    last_end: str | None = None


class PlatformState(msgspec.Struct, kw_only=True):
    """The platform as its supervisor sees it."""

    phase: Phase
    pid: int
    started_at: float
    ports: dict[str, int]
    urls: dict[str, str] = {}
    versions: dict[str, str] = {}
    environment: dict[str, str] = {}
    processes: dict[str, ProcessState] = {}
    broker_kind: BrokerKind = BrokerKind.TANSU
    broker_count: int = 1
    roles: dict[str, list[Literal["all", "api", "worker"]]] = {}
    failure: str | None = None


class LockHeld(RuntimeError):
    """Another supervisor already runs a platform in this folder."""


def write_state(path: Path, state: PlatformState) -> None:
    """Replace the state file as a whole: a reader never sees half of it."""
    unfinished = path.with_suffix(".json.new")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(state)) + b"\n")
    unfinished.replace(path)


def read_state(path: Path) -> PlatformState | None:
    """Return the last state written; None when there is none, or it is of another version."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=PlatformState)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def is_locked(path: Path) -> bool:
    """Tell whether a living supervisor holds the lock: the truth about whether one runs."""
    try:
        with hold(path):
            return False
    except LockHeld:
        return True


@contextmanager
def hold(path: Path, patience: float = 0.0) -> Iterator[int]:
    """Hold the lock until the block ends or the process dies; gives its file descriptor.

    Forked children must close the descriptor, or they hold it too. Raises LockHeld when
    another holds it for `patience` seconds.
    """
    deadline = time.monotonic() + patience
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        while not _take(descriptor):
            if time.monotonic() >= deadline:
                raise LockHeld(f"a platform already runs in {path.parent}")
            time.sleep(0.01)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
