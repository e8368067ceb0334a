"""Slowing down who guesses passwords: so many attempts in a while, at a login or of an address.

Nobody is locked out by what others do: an address from which a user has signed in
before has attempts of its own. Those of all other addresses count together, so
that guessing is no faster with many of them.
"""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass

from chassis.problems import TooManyRequests


class Throttle:
    """Counts attempts in this process.

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
            problem = TooManyRequests("too many attempts to sign in")
            problem.headers["Retry-After"] = str(math.ceil(begun[0] + self._window - now))
            raise problem
        begun.append(now)
        if len(self._begun) > self.REMEMBERED:
            del self._begun[next(iter(self._begun))]

    def forget(self, key: object) -> None:
        """All attempts so far: the last one has succeeded."""
        self._begun.pop(key, None)

    def take_back(self, key: object) -> None:
        """The last attempt: it has succeeded, which says nothing of those before it."""
        begun = self._begun.get(key)
        if begun:
            begun.pop()


@dataclass(frozen=True, slots=True)
class Throttles:
    """Both that an attempt to sign in has to pass."""

    logins: Throttle
    addresses: Throttle

    def attempt(self, login: object, address: str) -> None:
        """Count an attempt at `login`; raises `TooManyRequests` with the time to wait."""
        self.addresses.attempt(address)
        self.logins.attempt(login)

    def succeeded(self, login: object, address: str) -> None:
        self.logins.forget(login)
        self.addresses.take_back(address)
