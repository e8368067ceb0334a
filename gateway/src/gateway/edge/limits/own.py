"""Requests counted in this process: gateways side by side each grant the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.edge.limits.quota import Quota

Clock = Callable[[], float]

_EMPTY = (0.0, 0.0)


class OwnCounts:
    """How full the buckets of `quotas` are, as far as this process has filled them."""

    REMEMBERED = 50_000
    """Buckets of each quota."""

    def __init__(self, quotas: Sequence[Quota], clock: Clock) -> None:
        self._clock = clock
        # Of each key how many requests its bucket held, and when.
        self._buckets: list[tuple[Quota, dict[object, tuple[float, float]]]] = [
            (quota, {}) for quota in quotas
        ]

    def add(self, keys: Sequence[object]) -> list[float]:
        """How full the bucket of each quota is with one more request; one too full has no room.

        The request is counted in all of them, or in none where one has no room.
        """
        now = self._clock()
        levels = []
        has_room = True
        for (quota, buckets), key in zip(self._buckets, keys, strict=True):
            held, at = buckets.pop(key, _EMPTY)
            level = held - (now - at) / quota.interval + 1.0
            if level < 1.0:
                level = 1.0
            elif level > quota.most:
                has_room = False
            levels.append(level)
            buckets[key] = (level, now)
            if len(buckets) > self.REMEMBERED:
                # The one that asked least lately.
                del buckets[next(iter(buckets))]
        if not has_room:
            for (_, buckets), key, level in zip(self._buckets, keys, levels, strict=True):
                buckets[key] = (level - 1.0, now)
        return levels
