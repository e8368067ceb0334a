"""Searching customers: names in any order, and phones however they are written."""

from __future__ import annotations

import re
from typing import TypeVar

from chassis.aggregates import AggregateStore
from chassis.mongodb.documents import DocumentStore
from events.values import Record

State = TypeVar("State", bound=Record)

_DIALLED = re.compile(r"[0-9 +().\-]+")
_FEWEST_DIGITS = 5


class CustomerTable(AggregateStore[State]):
    """A store whose search also finds a number written with spaces, brackets and dashes."""

    def sought(self, search: str) -> str:
        return dialled(search)


class CustomerDocuments(DocumentStore[State]):
    """The same on MongoDB."""

    def sought(self, search: str) -> str:
        return dialled(search)


def dialled(search: str) -> str:
    """The digits of a search that is nothing but a number; any other search as it is.

    A whole Russian number loses its first digit: people write 8 or +7 for it.
    """
    digits = re.sub(r"[^0-9]", "", search)
    if not _DIALLED.fullmatch(search) or len(digits) < _FEWEST_DIGITS:
        return search
    return digits[1:] if len(digits) == len("79161234567") and digits[0] in "78" else digits
