"""The supervisor's children: programs and forked services, and when a dead one starts again."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

# The first restart is at once: a killed process should hardly be missed. One that keeps dying
# must not take the machine with it.
RESTART_DELAYS_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
STEADY_AFTER_S = 30.0


class Running(Protocol):
    """A started process."""

    pid: int

    def poll(self) -> int | None:
        """Return how it ended (negative: the signal), or None while it runs."""


class ForkedProcess:
    """A process that this one forked, with the same `poll` as a started program."""

    def __init__(self, pid: int) -> None:
        """Follow the child `pid`."""
        self.pid = pid
        self._ended: int | None = None

    def poll(self) -> int | None:
        """Return how it ended (negative: the signal), or None while it runs."""
        if self._ended is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid == self.pid:
                self._ended = os.waitstatus_to_exitcode(status)
        return self._ended


class Child:
    """One process that is to run for as long as the platform does."""

    def __init__(
        self,
        name: str,
        start: Callable[[], Running],
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
        last_resort: signal.Signals = signal.SIGKILL,
    ) -> None:
        """Describe the child: `start` starts it; it is ended by `stop_signal`, or else hard."""
        self.name = name
        self.restarts = 0
        self.started_at: float | None = None
        self.last_end: str | None = None
        self._start = start
        self._stop_signal = stop_signal
        self._last_resort = last_resort
        self._process: Running | None = None
        self._due: float | None = None
        self._steady_since = 0.0
        self._deaths = 0

    @property
    def pid(self) -> int | None:
        """The PID while it runs."""
        return self._process.pid if self._process else None

    @property
    def due_in(self) -> float | None:
        """Seconds until it is to be started again; None when that is not planned."""
        return None if self._due is None else max(0.0, self._due - time.monotonic())

    def start(self) -> None:
        """Start it now. Raises what the starting raises."""
        self._due = None
        self._process = self._start()
        self.started_at = time.time()
        self._steady_since = time.monotonic()

    def poll(self) -> int | None:
        """Return how it ended if it did since the last call."""
        if self._process is None:
            return None
        code = self._process.poll()
        if code is not None:
            self._process = None
        return code

    def plan_restart(self, reason: str) -> float:
        """Note why it ended and plan its next start; return the delay in seconds."""
        if time.monotonic() - self._steady_since > STEADY_AFTER_S:
            self._deaths = 0
        delay = RESTART_DELAYS_S[min(self._deaths, len(RESTART_DELAYS_S) - 1)]
        self._deaths += 1
        self.restarts += 1
        self.last_end = reason
        self._due = time.monotonic() + delay
        return delay

    def ask_to_stop(self) -> None:
        """Ask it to end."""
        self._due = None
        self._signal(self._stop_signal)

    def wait_stopped(self, deadline: float) -> bool:
        """Wait until it has ended; at `deadline` (monotonic) end it hard. True if it went well."""
        while self._process is not None and self._process.poll() is None:
            if time.monotonic() > deadline:
                self._signal(self._last_resort)
                while self._process.poll() is None:
                    time.sleep(0.01)
                self._process = None
                return False
            time.sleep(0.01)
        self._process = None
        return True

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            if number is signal.SIGKILL:
                os.killpg(self._process.pid, number)  # with whatever it started itself
            else:
                os.kill(self._process.pid, number)
