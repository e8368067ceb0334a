"""How often strangers may do something: token buckets, a bucket for each key."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID


class TokenBuckets:
    """Buckets that are full at first and fill again at a steady rate; each passage takes one.

    They live in this process: several processes let through several times as much.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._levels: dict[UUID, tuple[float, float]] = {}

    def wait(self, key: UUID, *, per_second: float, burst: int) -> float:
        """0.0 and a token less when the bucket of `key` has one, else seconds until it will."""
        now = self._clock()
        level, since = self._levels.get(key, (float(burst), now))
        level = min(float(burst), level + (now - since) * per_second)
        if level < 1.0:
            self._levels[key] = (level, now)
            return (1.0 - level) / per_second
        self._levels[key] = (level - 1.0, now)
        return 0.0
