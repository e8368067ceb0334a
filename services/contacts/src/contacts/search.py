"""Searching customers: names in any order, and phones however they are written."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement

from chassis.aggregates import AggregateStore
from chassis.mongodb.documents import DocumentStore
from chassis.paging import PageRequest
from events.values import Record

State = TypeVar("State", bound=Record)

_DIALLED = re.compile(r"[0-9 +().\-]+")
_FEWEST_DIGITS = 5


class CustomerTable(AggregateStore[State]):
    """A store whose search also finds a number written with spaces, brackets and dashes."""

    def conditions(self, page: PageRequest) -> list[ColumnElement[bool]]:
        return super().conditions(_dialling(page))


class CustomerDocuments(DocumentStore[State]):
    """The same on MongoDB."""

    def conditions(self, page: PageRequest) -> list[dict[str, Any]]:
        return super().conditions(_dialling(page))


def _dialling(page: PageRequest) -> PageRequest:
    return replace(page, search=dialled(page.search)) if page.search else page


def dialled(search: str) -> str:
    """The digits of a search that is nothing but a number; any other search as it is.

    A whole Russian number loses its first digit: people write 8 or +7 for it.
    """
    digits = re.sub(r"[^0-9]", "", search)
    if not _DIALLED.fullmatch(search) or len(digits) < _FEWEST_DIGITS:
        return search
    return digits[1:] if len(digits) == len("79161234567") and digits[0] in "78" else digits
