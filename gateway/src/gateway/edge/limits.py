"""How much one may ask: by tenant, user and access token, and by address where there is none.

Each quota is a bucket that refills evenly (the generic cell rate algorithm), kept
in this process: gateways side by side each grant the whole. Clients learn of the
nearest limit by the header fields of draft-ietf-httpapi-ratelimit-headers-10.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from chassis.problems import TooManyRequests

Header = tuple[bytes, bytes]
Clock = Callable[[], float]


class Quota:
    """`requests` within `window` seconds for each key; all of them may come at once."""

    REMEMBERED = 50_000

    def __init__(self, name: str, requests: int, window: float) -> None:
        self.name = name
        self.requests = requests
        self.window = window
        self.interval = window / requests
        # When the bucket of a key will be full again.
        self._full_at: dict[object, float] = {}

    def take(self, key: object, now: float) -> float:
        """Count a request; when the bucket will be full again."""
        full_at = self._full_at.pop(key, now)
        full_at = max(full_at, now) + self.interval
        self._full_at[key] = full_at
        if len(self._full_at) > self.REMEMBERED:
            # The one that asked least lately.
            del self._full_at[next(iter(self._full_at))]
        return full_at

    def give_back(self, key: object) -> float:
        """Take back what `take` has counted; the answer that it gave."""
        full_at = self._full_at[key]
        self._full_at[key] = full_at - self.interval
        return full_at

    def policy(self) -> str:
        return f'"{self.name}";q={self.requests};w={math.ceil(self.window)}'


class Limits:
    """Several quotas that a request must fit into, all of them or none."""

    def __init__(self, quotas: Sequence[Quota], clock: Clock = time.monotonic) -> None:
        self._quotas = quotas
        self._clock = clock
        self._policies = ", ".join(quota.policy() for quota in quotas)
        self._header = (b"ratelimit-policy", self._policies.encode())

    def take(self, keys: Sequence[object]) -> list[Header]:
        """Count a request of `keys`, one for each quota; the fields that tell what is left.

        Raises `TooManyRequests` where a quota is used up; then nothing is counted.
        """
        now = self._clock()
        nearest: Quota | None = None
        least, full_in = math.inf, 0.0
        for quota, key in zip(self._quotas, keys, strict=True):
            full = quota.take(key, now) - now
            left = (quota.window - full) / quota.interval
            if left < least:
                nearest, least, full_in = quota, left, full
        assert nearest is not None
        if least < 0.0:
            raise self._refusal(keys, now, nearest)
        return [self._header, _left(nearest, least, full_in)]

    def _refusal(self, keys: Sequence[object], now: float, nearest: Quota) -> TooManyRequests:
        names, wait = [], 0.0
        for quota, key in zip(self._quotas, keys, strict=True):
            over = quota.give_back(key) - now - quota.window
            if over > 0.0:
                names.append(quota.name)
                wait = max(wait, over)
        problem = TooManyRequests(f"the quota of the {' and the '.join(names)} is used up")
        problem.extra["violated-policies"] = names
        problem.headers["Retry-After"] = str(max(1, math.ceil(wait)))
        problem.headers["RateLimit-Policy"] = self._policies
        problem.headers["RateLimit"] = f'"{nearest.name}";r=0;t={max(1, math.ceil(wait))}'
        return problem


def _left(quota: Quota, left: float, full_in: float) -> Header:
    # What is left is a whole number; the quotient of times may miss it by very little.
    whole = int(left + 1e-6)
    return b"ratelimit", f'"{quota.name}";r={whole};t={math.ceil(full_in)}'.encode()
