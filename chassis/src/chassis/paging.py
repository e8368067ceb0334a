"""Lists: opaque cursors, a limit, equality filters, search; the same everywhere."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
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
    def parse(cls, query: Mapping[str, str]) -> PageRequest:
        """From a query string of known parameters; `InvalidRequest` names what is wrong."""
        filters = {k: v for k, v in query.items() if k not in ("limit", "cursor", "q")}
        search = query.get("q", "").strip()
        return cls(limit_of(query), _after(query), search or None, filters)

    def values(self, name: str, type_: type) -> list[Any]:
        """The values of one filter in one type: UUID, date, bool or str."""
        return [_converted(name, value, type_) for value in self.filters[name].split(",")]

    def external_id(self) -> tuple[str, str, str]:
        """The filter `external_id=system:type:id`."""
        system, _, rest = self.filters["external_id"].partition(":")
        type_, _, id = rest.partition(":")
        if not (system and type_ and id):
            raise InvalidRequest("give it as system:type:id", field="external_id")
        return system, type_, id

    def ordered(self, statement: Select[Any], id_column: Column[Any]) -> Select[Any]:
        """`statement` for this page, newest first (ids are UUIDv7), with one row more."""
        if self.after is not None:
            statement = statement.where(id_column < self.after)
        return statement.order_by(id_column.desc()).limit(self.limit + 1)

    def of(self, rows: Sequence[tuple[UUID, str]]) -> Page:
        """The page that these rows of an `ordered` select make."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        cursor = cursor_of(shown[-1][0].bytes) if more else None
        return Page([state for _, state in shown], cursor)


def limit_of(query: Mapping[str, str]) -> int:
    """The parameter `limit`; `InvalidRequest` for what is no number within its bounds."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LARGEST_LIMIT:
        raise InvalidRequest(f"a number from 1 to {LARGEST_LIMIT}", field="limit")
    return int(text)


def _after(query: Mapping[str, str]) -> UUID | None:
    cursor = query.get("cursor")
    if not cursor:
        return None
    try:
        return UUID(bytes=position_of(cursor))
    except ValueError:
        raise InvalidRequest("not a cursor of this list", field="cursor") from None


def cursor_of(position: bytes) -> str:
    """The cursor that says `position` to nobody but the list that made it."""
    return base64.urlsafe_b64encode(position).decode()


def position_of(cursor: str) -> bytes:
    """What a cursor says; ValueError for what none is."""
    return base64.b64decode(cursor.encode("ascii"), b"-_", validate=True)


def _converted(name: str, value: str, type_: type) -> Any:
    try:
        if type_ is bool:
            return {"true": True, "false": False}[value]
        return msgspec.convert(value, type_)
    except (msgspec.ValidationError, KeyError):
        raise InvalidRequest(f"{value!r} is not a value of this filter", field=name) from None
