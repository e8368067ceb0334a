"""Judging: which keys differ, from what an owner has journalled and what a consumer has applied.

The consumer's snapshot is taken first, the owner asked afterwards. So the owner
knows every version that was in the snapshot, if it was ever journalled: one that
it does not know is surplus. And the snapshot has every version that was recorded
before its `as_of`: one that it lacks is missing. What is on its way is neither.
"""

from __future__ import annotations

from collections.abc import Iterable

from chassis.reconciliation.applied import Difference, KeyVerdict, Reading, Snapshot
from chassis.reconciliation.records import Journalled, Place


def judge(
    reading: Reading, journalled: Iterable[Journalled], snapshot: Snapshot, until: Place
) -> list[Difference]:
    """The differences among the keys up to `until`; no key is in `journalled` twice."""
    known = {key.place: key for key in journalled if key.place <= until}
    of_snapshot = {place: v for place, v in snapshot.versions.items() if place <= until}
    unknown = [Journalled(*place, 0, 0) for place in of_snapshot.keys() - known.keys()]
    found: list[Difference] = []
    for key in sorted((*known.values(), *unknown), key=lambda key: key.place):
        version = of_snapshot.get(key.place)
        verdict = _verdict(key, version, is_parked=key.place in snapshot.parked)
        if verdict is not None:
            found.append(
                Difference(
                    consumer=reading.consumer,
                    topic=reading.topic,
                    place="",
                    key=key.place,
                    verdict=verdict,
                    expected=(key.newest if verdict == "surplus" else key.settled) or None,
                    version=version,
                )
            )
    return found


def _verdict(key: Journalled, version: int | None, *, is_parked: bool) -> KeyVerdict | None:
    if version is not None and version > key.newest:
        return "surplus"
    if (version or 0) >= key.settled:
        return None
    if is_parked:
        return "parked"
    return "missing" if version is None else "stale"
