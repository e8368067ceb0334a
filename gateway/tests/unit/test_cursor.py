"""Cursors of the log: they say a place, of one tenant, and nothing else."""

from __future__ import annotations

from uuid import uuid4

import pytest

from chassis.paging import cursor_of
from chassis.problems import CursorExpired, InvalidRequest
from gateway.delivery.cursor import cursor_after, sequence_of
from gateway.delivery.log.entry import Bounds

TENANT = uuid4()


@pytest.mark.parametrize("sequence", [0, 1, 2**40, 2**63 - 1])
def test_a_cursor_says_its_sequence(sequence: int) -> None:
    assert sequence_of(TENANT, cursor_after(TENANT, sequence)) == sequence


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "кот",
        "====",
        cursor_of(b"short"),
        cursor_of(bytes(12)),
        cursor_of(bytes(13)),
    ],
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest):
        sequence_of(TENANT, cursor)


def test_a_cursor_is_of_one_tenant() -> None:
    with pytest.raises(InvalidRequest):
        sequence_of(uuid4(), cursor_after(TENANT, 7))


def test_a_number_beyond_counting_is_no_place() -> None:
    beyond = cursor_after(TENANT, 2**64 - 1)
    with pytest.raises(InvalidRequest):
        sequence_of(TENANT, beyond)


def test_one_goes_on_within_the_log() -> None:
    bounds = Bounds(first=5, last=9)
    for after in range(4, 10):
        bounds.require(after)
    with pytest.raises(CursorExpired):
        bounds.require(3)
    with pytest.raises(InvalidRequest):
        bounds.require(10)
