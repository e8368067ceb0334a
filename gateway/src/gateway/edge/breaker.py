"""When not to ask a service: after failures in a row, and when retries would make things worse."""

from __future__ import annotations

import math
import time

from chassis.problems import Unavailable


class Breaker:
    """Opens after `failures` in a row; then one request each `seconds` tries whether it is over."""

    def __init__(self, service: str, failures: int, seconds: float) -> None:
        self._service = service
        self._most = failures
        self._seconds = seconds
        self._failures = 0
        self._shut_until = 0.0

    def check(self) -> None:
        """Raises `Unavailable` while nobody is let through."""
        if not self.is_open:
            return
        now = time.monotonic()
        if now < self._shut_until:
            wait = max(1, math.ceil(self._shut_until - now))
            raise Unavailable(f"{self._service} is not available", retry_after=wait)
        # This one tries; those beside it go on waiting.
        self._shut_until = now + self._seconds

    @property
    def is_open(self) -> bool:
        """Whether the last requests failed, too many of them in a row."""
        return self._failures >= self._most

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        if self.is_open:
            self._shut_until = time.monotonic() + self._seconds


class RetryBudget:
    """Retries are a part of the requests: `share` of them, and `reserve` at once at the most.

    When a service fails as a whole, asking twice would only double its load.
    """

    def __init__(self, share: float, reserve: int) -> None:
        self._share = share
        self._reserve = float(reserve)
        self._left = float(reserve)

    def asked(self) -> None:
        """A request was made that is no retry."""
        self._left = min(self._reserve, self._left + self._share)

    def take(self) -> bool:
        """Whether one more retry is within the budget, which then counts it."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
