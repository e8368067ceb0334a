"""What Linux offers to keep a family of processes together."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15

# Loaded here, because nothing may be loaded between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(death_signal: signal.Signals, parent: int) -> None:
    """Ask the kernel to send `death_signal` to this process when process `parent` ends.

    Call it in the child. Elsewhere than on Linux it does nothing. Changing the user afterwards
    undoes it.
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def name_process(name: str) -> None:
    """Set the name that `ps` and `top` show for this process, cut to 15 bytes."""
    if _libc is not None:
        _libc.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    death_signal: signal.Signals | None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program in its own session, its output appended to `log`.

    With a `death_signal` it gets that signal when this process ends, however it ends.
    Raises OSError when the program cannot be started.
    """
    parent = os.getpid()
    before_exec: Callable[[], None] | None = None
    if death_signal is not None:

        def before_exec() -> None:
            die_with_parent(death_signal, parent)

    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd="/",
            start_new_session=True,
            preexec_fn=before_exec,  # noqa: PLW1509 - two system calls, which take no lock
            pass_fds=pass_fds,
        )


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would bend another Python or PostgreSQL."""
    bending = ("PYTHON", "PG", "VIRTUAL_ENV", "CONDA")
    return {name: value for name, value in os.environ.items() if not name.startswith(bending)}


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def how_it_ended(return_code: int) -> str:
    """Say in words what `return_code` (negative: a signal) means."""
    if return_code >= 0:
        return f"ended with code {return_code}"
    try:
        return f"was killed by {signal.Signals(-return_code).name}"
    except ValueError:
        return f"was killed by signal {-return_code}"
