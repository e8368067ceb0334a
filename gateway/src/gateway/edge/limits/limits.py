"""How much one may ask: by tenant, user and access token, and by address where there is none.

Clients learn of the nearest limit by the header fields of
draft-ietf-httpapi-ratelimit-headers-10.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from chassis.problems import TooManyRequests
from gateway.edge.limits.own import Clock, OwnCounts
from gateway.edge.limits.quota import TOLERANCE, Quota
from gateway.edge.limits.shared import SharedCounts

Header = tuple[bytes, bytes]


class Limits:
    """Several quotas that a request must fit into, all of them or none.

    Counted together with other gateways in `shared`, where there is one, else by this
    process; `clock` is its own.
    """

    def __init__(
        self,
        quotas: Sequence[Quota],
        shared: SharedCounts | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._quotas = quotas
        self._shared = shared
        self._own = OwnCounts(quotas, clock)
        self._policies = ", ".join(quota.policy() for quota in quotas)
        self._header = (b"ratelimit-policy", self._policies.encode())

    async def take(self, keys: Sequence[object]) -> list[Header]:
        """Count a request of `keys`, one for each quota; the fields that tell what is left.

        Raises `TooManyRequests` where a quota is used up; then nothing is counted.
        """
        levels = None
        if self._shared is not None:
            levels = await self._shared.add(self._quotas, keys)
        if levels is None:
            levels = self._own.add(keys)
        nearest, least, filled = self._quotas[0], math.inf, 0.0
        for quota, level in zip(self._quotas, levels, strict=True):
            left = quota.requests - level
            if left < least:
                nearest, least, filled = quota, left, level
        if filled > nearest.most:
            raise self._refusal(nearest, levels)
        return [self._header, _left(nearest, least, filled)]

    def _refusal(self, nearest: Quota, levels: Sequence[float]) -> TooManyRequests:
        over = [
            (quota, level - quota.requests)
            for quota, level in zip(self._quotas, levels, strict=True)
            if level > quota.most
        ]
        names = [quota.name for quota, _ in over]
        wait = max(1, *(_seconds(quota, requests) for quota, requests in over))
        problem = TooManyRequests(f"the quota of the {' and the '.join(names)} is used up")
        problem.extra["violated-policies"] = names
        problem.headers["Retry-After"] = str(wait)
        problem.headers["RateLimit-Policy"] = self._policies
        problem.headers["RateLimit"] = f'"{nearest.name}";r=0;t={wait}'
        return problem


def _left(quota: Quota, left: float, filled: float) -> Header:
    """What is left, and when all of it will be there again."""
    whole = int(left + TOLERANCE)
    return b"ratelimit", f'"{quota.name}";r={whole};t={_seconds(quota, filled)}'.encode()


def _seconds(quota: Quota, requests: float) -> int:
    """In how many seconds so many requests have leaked away."""
    return math.ceil((requests - TOLERANCE) * quota.interval)
