"""Which keys differ, and which are only on their way."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from chassis.reconciliation.applied import Reading, Snapshot
from chassis.reconciliation.judging import judge
from chassis.reconciliation.records import LAST, Journalled
from chassis.transactions import now

TENANT, KEY = uuid4(), uuid4()
READING = Reading("shop", "crm.sales.product", "sales", 1)


def verdict(
    newest: int, settled: int, version: int | None, *, is_parked: bool = False
) -> str | None:
    place = (TENANT, KEY)
    journalled = [Journalled(TENANT, KEY, newest, settled)] if newest else []
    snapshot = Snapshot(
        as_of=now(),
        until=LAST,
        versions={} if version is None else {place: version},
        parked=frozenset([place] if is_parked else []),
    )
    found = judge(READING, journalled, snapshot, LAST)
    assert [difference.key for difference in found] in ([], [place])
    return found[0].verdict if found else None


@pytest.mark.parametrize(
    ("newest", "settled", "version", "expected"),
    [
        (3, 3, 3, None),
        (3, 3, 2, "stale"),
        (3, 3, None, "missing"),
        (3, 3, 4, "surplus"),
        (0, 0, 1, "surplus"),
        # Recorded after the moment of the snapshot: applied already, or not yet.
        (3, 2, 2, None),
        (3, 2, 3, None),
        (3, 2, 1, "stale"),
        (3, 0, None, None),
        (3, 0, 1, None),
    ],
)
def test_what_differs_is_told_from_what_is_on_its_way(
    newest: int, settled: int, version: int | None, expected: str | None
) -> None:
    assert verdict(newest, settled, version) == expected


def test_a_parked_key_is_parked_and_not_missing() -> None:
    assert verdict(3, 3, 2, is_parked=True) == "parked"
    assert verdict(3, 3, None, is_parked=True) == "parked"
    assert verdict(3, 3, 3, is_parked=True) is None
    assert verdict(3, 3, 4, is_parked=True) == "surplus"


def test_keys_behind_the_end_of_an_answer_are_not_judged() -> None:
    before, behind = (TENANT, UUID(int=1)), (TENANT, UUID(int=2))
    snapshot = Snapshot(
        as_of=now(), until=LAST, versions={before: 1, behind: 1}, parked=frozenset()
    )
    (found,) = judge(READING, [], snapshot, before)
    assert found.key == before
