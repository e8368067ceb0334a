"""Working hours on the clocks of an office."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

_OPEN, _CLOSED = 9, 19
_SATURDAY = 5


def moment(dice: Random, day: date) -> datetime:
    """Some minute of the working hours of `day`, on the local clock."""
    minute = dice.randrange((_CLOSED - _OPEN) * 60)
    return datetime.combine(day, time(_OPEN)) + timedelta(minutes=minute)


def later(dice: Random, after: datetime, days: float) -> datetime:
    """A working moment about `days` after a local moment, never before it."""
    day = (after + timedelta(days=days)).date()
    if day.weekday() >= _SATURDAY:
        day += timedelta(days=7 - day.weekday())
    then = moment(dice, day)
    return then if then > after else after + timedelta(minutes=dice.randint(20, 90))


def in_utc(local: datetime, time_zone: str) -> datetime:
    """A moment of an office's clock as everybody counts it."""
    return local.replace(tzinfo=_zone(time_zone)).astimezone(UTC)


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
