"""Lists: opaque cursors, a limit, equality filters, search; the same everywhere."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Select

from chassis.problems import InvalidRequest

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Page:
    """A page of states, each ready JSON."""

    states: Sequence[str]
    next_cursor: str | None

    def json(self) -> bytes:
        cursor = f'"{self.next_cursor}"' if self.next_cursor else "null"
        return f'{{"items":[{",".join(self.states)}],"next_cursor":{cursor}}}'.encode()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a list is asked for. Several values of one filter are separated by commas."""

    limit: int
    after: UUID | None
    search: str | None
    filters: Mapping[str, str]

    @classmethod
    def parse(cls, query: Mapping[str, str], allowed: Collection[str]) -> PageRequest:
        """From a query string; `InvalidRequest` names what is unknown or wrong."""
        filters = {k: v for k, v in query.items() if k not in ("limit", "cursor", "q")}
        for name in filters:
            if name not in allowed and name != "external_id":
                known = ", ".join(sorted({*allowed, "external_id", "limit", "cursor", "q"}))
                raise InvalidRequest(f"unknown parameter; known are {known}", field=name)
        search = query.get("q", "").strip()
        if "\x00" in search:
            raise InvalidRequest("a search has no NUL character", field="q")
        return cls(_limit(query), _after(query), search or None, filters)

    def values(self, name: str, column: Column[Any]) -> list[Any]:
        """The values of one filter in the type of its column."""
        return self.typed_values(name, column.type.python_type)

    def typed_values(self, name: str, type_: type) -> list[Any]:
        """The values of one filter in one type: UUID, date, bool or str."""
        return [_converted(name, value, type_) for value in self.filters[name].split(",")]

    def external_id(self) -> tuple[str, str, str]:
        """The filter `external_id=system:type:id`."""
        parts = tuple(self.filters["external_id"].split(":", 2))
        if len(parts) != 3:
            raise InvalidRequest("give it as system:type:id", field="external_id")
        return parts

    def ordered(self, statement: Select[Any], id_column: Column[Any]) -> Select[Any]:
        """`statement` for this page, newest first (ids are UUIDv7), with one row more."""
        if self.after is not None:
            statement = statement.where(id_column < self.after)
        return statement.order_by(id_column.desc()).limit(self.limit + 1)

    def of(self, rows: Sequence[tuple[UUID, str]]) -> Page:
        """The page that these rows of an `ordered` select make."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        cursor = base64.urlsafe_b64encode(shown[-1][0].bytes).decode() if more else None
        return Page([state for _, state in shown], cursor)


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LARGEST_LIMIT:
        raise InvalidRequest(f"a number from 1 to {LARGEST_LIMIT}", field="limit")
    return int(text)


def _after(query: Mapping[str, str]) -> UUID | None:
    cursor = query.get("cursor")
    if not cursor:
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (ValueError, binascii.Error):
        raise InvalidRequest("not a cursor of this list", field="cursor") from None


def _converted(name: str, value: str, type_: type) -> Any:
    try:
        if type_ is UUID:
            return UUID(value)
        if type_ is date:
            return date.fromisoformat(value)
        if type_ is bool:
            return {"true": True, "false": False}[value]
    except (ValueError, KeyError):
        raise InvalidRequest(f"{value!r} is not a value of this filter", field=name) from None
    if "\x00" in value:
        raise InvalidRequest("a filter has no NUL character", field=name)
    return value
