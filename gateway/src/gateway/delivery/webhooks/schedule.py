"""When a delivery is tried again, and what an answer says of that.

After the first failure it waits for `first`, after each further one three times as long, up to
`longest`; each time a fifth more or less, so that what failed together is not tried together.
With the usual settings these are 5 s, 15 s, 45 s, 2 min, 7 min, 20 min, 1 h, 3 h, then every
6 hours, for five days.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

_FACTOR = 3
_SPREAD = 0.2
_ASKS_FOR_PATIENCE = (429, 503)
_GONE = 410

Verdict = Literal["accepted", "gone", "failed"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of sending once: the `status` of an answer, or the `error` that kept it away."""

    milliseconds: int
    status: int | None = None
    error: str | None = None
    retry_after: str | None = None

    @property
    def verdict(self) -> Verdict:
        if self.status is None:
            return "failed"
        if 200 <= self.status < 300:
            return "accepted"
        return "gone" if self.status == _GONE else "failed"


@dataclass(frozen=True, slots=True)
class Schedule:
    """`days` is how long it is tried; a receiver's own wish counts up to `longest`."""

    first: timedelta
    longest: timedelta
    days: timedelta

    def pause_after(
        self, failures: int, chance: Callable[[float, float], float] = random.uniform
    ) -> timedelta:
        """How long to wait after so many failures, from 1."""
        exponent = min(failures - 1, 20)
        pause = min(self.first * float(_FACTOR**exponent), self.longest)
        return pause * chance(1 - _SPREAD, 1 + _SPREAD)

    def asked_pause(self, attempt: Attempt, at: datetime) -> timedelta:
        """For how long the receiver wants to be left alone, within bounds; often nothing."""
        if attempt.status not in _ASKS_FOR_PATIENCE or attempt.retry_after is None:
            return timedelta(0)
        return max(timedelta(0), min(_told(attempt.retry_after.strip(), at), self.longest))


def _told(retry_after: str, at: datetime) -> timedelta:
    """What Retry-After says: seconds or a date; nothing for what is neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return timedelta(seconds=int(retry_after[:9]))
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return timedelta(0)
    return (until if until.tzinfo is not None else until.replace(tzinfo=UTC)) - at
