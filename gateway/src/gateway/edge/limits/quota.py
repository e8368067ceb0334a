"""A quota: a bucket for each key, which leaks evenly and has room for so many requests.

Both places where requests are counted (`own.py` and `add.lua`) go by the same rule: a
bucket holds `level` requests, one leaks away in each `interval`, and a request has room
where it fits into the bucket beside them. That is the generic cell rate algorithm, in
requests in place of times, so that no number of requests at once adds up to a little more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

TOLERANCE = 1e-6
"""Of a request: what the quotient of times may miss a whole number by."""


@dataclass(frozen=True, slots=True)
class Quota:
    """`requests` within `window` seconds for each key; all of them may come at once."""

    name: str
    requests: int
    window: float
    interval: float = field(init=False)
    """Seconds in which one request leaks away."""
    most: float = field(init=False)
    """How full a bucket may be."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "interval", self.window / self.requests)
        object.__setattr__(self, "most", self.requests + TOLERANCE)

    def policy(self) -> str:
        return f'"{self.name}";q={self.requests};w={math.ceil(self.window)}'
