"""The clocks of places."""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1_000)
def zone(name: str) -> tzinfo:
    """The zone of an IANA name; UTC for one that our zone data lacks."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        # The directory checks names: one that is missing here must stop nobody.
        return UTC
