"""Slowing down who guesses passwords: so many attempts at one login in a while."""

from __future__ import annotations

import math
import time
from collections import deque

from chassis.problems import TooManyRequests


class Throttle:
    """Counts attempts in this process; a success forgets those before it.

    Attempts count from their start, so that many at once do not slip through.
    """

    REMEMBERED = 10_000

    def __init__(self, attempts: int, window_seconds: float) -> None:
        self._attempts = attempts
        self._window = window_seconds
        self._begun: dict[object, deque[float]] = {}

    def attempt(self, key: object) -> None:
        """Count an attempt; raises `TooManyRequests` with the time to wait."""
        now = time.monotonic()
        begun = self._begun.pop(key, None) or deque()
        while begun and begun[0] <= now - self._window:
            begun.popleft()
        self._begun[key] = begun
        if len(begun) >= self._attempts:
            problem = TooManyRequests("too many attempts to sign in with this login")
            problem.headers["Retry-After"] = str(math.ceil(begun[0] + self._window - now))
            raise problem
        begun.append(now)
        if len(self._begun) > self.REMEMBERED:
            del self._begun[next(iter(self._begun))]

    def succeeded(self, key: object) -> None:
        self._begun.pop(key, None)
