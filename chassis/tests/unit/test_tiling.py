"""An owner's digests cover all keys once, whatever was published before."""

from __future__ import annotations

import itertools
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.reconciliation.records import (
    FIRST,
    LAST,
    Digest,
    Place,
    Range,
    decode,
    encode,
    root_of,
)
from chassis.reconciliation.tiling import Tiling
from chassis.transactions import now

PLACES = st.builds(lambda n: (UUID(int=0), UUID(int=n)), st.integers(1, 40))


def digest(after: Place, until: Place) -> Digest:
    return Digest(owner="sales", range=Range(after, until), as_of=now(), topics={})


def partition(cuts: set[Place]) -> list[Digest]:
    ends = [FIRST, *sorted(cuts), LAST]
    return [digest(after, until) for after, until in itertools.pairwise(ends)]


@given(st.lists(st.sets(PLACES, max_size=6), min_size=1, max_size=5), st.sets(PLACES, max_size=6))
def test_the_last_complete_publication_is_what_counts(
    former: list[set[Place]], last: set[Place]
) -> None:
    tiling = Tiling()
    for cuts in former:
        for one in partition(cuts):
            tiling.put(one)
    published = partition(last)
    for one in published:
        tiling.put(one)
    assert tiling.whole() == tuple(published)
    for one in published:
        assert tiling.at(one.range.after) is one
        assert tiling.room(one.range.after) == one.range.until


@given(st.lists(st.tuples(PLACES, PLACES).filter(lambda ends: ends[0] < ends[1]), max_size=8))
def test_what_a_later_range_overlaps_is_forgotten(ends: list[tuple[Place, Place]]) -> None:
    tiling = Tiling()
    kept: list[Digest] = []
    for new in [digest(after, until) for after, until in ends]:
        tiling.put(new)
        kept = [
            one
            for one in kept
            if one.range.until <= new.range.after or one.range.after >= new.range.until
        ]
        kept.append(new)
    assert tiling.root() == root_of(sorted(kept, key=lambda one: one.range.after))


def test_a_gap_is_no_whole() -> None:
    tiling = Tiling()
    assert tiling.whole() is None
    first, _, last = partition({(UUID(int=0), UUID(int=1)), (UUID(int=0), UUID(int=2))})
    tiling.put(first)
    tiling.put(last)
    assert tiling.whole() is None


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    sent = encode(digest((UUID(int=0), UUID(int=1)), (UUID(int=0), UUID(int=2))))
    assert isinstance(decode(sent), Digest)
    with pytest.raises(ValueError, match="behind its beginning"):
        decode(sent.replace(b'000001"', b'000003"'))
