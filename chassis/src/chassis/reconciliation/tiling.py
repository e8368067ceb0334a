"""An owner's digests, range by range: no two overlap, and at rest they cover all keys."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter

from chassis.reconciliation.records import FIRST, LAST, Digest, Place, root_of

_AFTER = attrgetter("range.after")
_UNTIL = attrgetter("range.until")


class Tiling:
    """Digests in the order of their ranges."""

    def __init__(self) -> None:
        self._digests: list[Digest] = []

    def put(self, digest: Digest) -> None:
        """Take a digest in; those that its range overlaps are outdated."""
        first = bisect_right(self._digests, digest.range.after, key=_UNTIL)
        behind = bisect_left(self._digests, digest.range.until, key=_AFTER)
        self._digests[first:behind] = [digest]

    def at(self, after: Place) -> Digest | None:
        """The digest of the range that begins at `after`."""
        index = bisect_left(self._digests, after, key=_AFTER)
        if index < len(self._digests) and self._digests[index].range.after == after:
            return self._digests[index]
        return None

    def room(self, after: Place) -> Place:
        """How far a range that begins at `after` may go without overlapping the next one."""
        index = bisect_right(self._digests, after, key=_AFTER)
        return self._digests[index].range.after if index < len(self._digests) else LAST

    def whole(self) -> tuple[Digest, ...] | None:
        """All digests; None as long as there is a gap between them."""
        place = FIRST
        for digest in self._digests:
            if digest.range.after != place:
                return None
            place = digest.range.until
        return tuple(self._digests) if place == LAST else None

    def root(self) -> str:
        """The hash over all of them."""
        return root_of(self._digests)
