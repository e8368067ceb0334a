"""The filter of a list, evaluated on what events say: `deals?status=open,won&owner=...`.

Only what can be told from the event alone: equality with fields of the state that are words,
numbers, days or ids. The state before an event is known too, by what it changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Self
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from msgspec import inspect

from chassis.problems import InvalidRequest
from events.catalogue import BY_TOPIC
from events.values import Record
from gateway.delivery.snapshots.snapshot import TOPICS

Side = Literal["inside", "left", "outside"]

_KINDS: Mapping[type[inspect.Type], type] = {
    inspect.StrType: str,
    # A vocabulary may grow: what it does not have yet is no mistake.
    inspect.LiteralType: str,
    inspect.UUIDType: UUID,
    inspect.IntType: int,
    inspect.DateType: date,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Records of one topic whose fields have, each, one of the values that are wanted of it."""

    topic: str
    wanted: Mapping[str, frozenset[Any]]
    """Field -> values as JSON has them."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the address of a list after `/v1/`; `InvalidRequest` names what is wrong."""
        resource, _, query = text.partition("?")
        topic = TOPICS.get(resource)
        if topic is None:
            raise InvalidRequest(
                f"a filter begins with one of {', '.join(sorted(TOPICS))}", field="filter"
            )
        comparable = comparable_fields(BY_TOPIC[topic].state)
        wanted: dict[str, frozenset[Any]] = {}
        for name, values in _pairs(query):
            if name not in comparable:
                raise InvalidRequest(
                    f"{resource} can be filtered by {', '.join(comparable)}", field="filter"
                )
            if name in wanted:
                raise InvalidRequest(f"{name} is given twice", field="filter")
            kind = comparable[name]
            wanted[name] = frozenset(_converted(value, kind) for value in values.split(","))
        return cls(topic, wanted)

    def side(self, after: Mapping[str, Any], changed: Mapping[str, Any]) -> Side:
        """Where an event leaves a record, whose state it tells and which fields before."""
        if self._matches(after):
            return "inside"
        return "left" if self._matches({**after, **changed}) else "outside"

    def _matches(self, state: Mapping[str, Any]) -> bool:
        return all(state.get(name) in values for name, values in self.wanted.items())


def comparable_fields(state: type[Record]) -> dict[str, type]:
    """The fields of a state that a filter may name, and the type of their values."""
    described = inspect.type_info(state)
    assert isinstance(described, inspect.StructType)
    kinds = {field.name: _kind(field.type) for field in described.fields}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _kind(described: inspect.Type) -> type | None:
    if isinstance(described, inspect.Metadata):
        return _kind(described.type)
    if isinstance(described, inspect.UnionType):
        some = [one for one in described.types if not isinstance(one, inspect.NoneType)]
        return _kind(some[0]) if len(some) == 1 else None
    if isinstance(described, inspect.BoolType):
        return bool
    return _KINDS.get(type(described))


def _pairs(query: str) -> list[tuple[str, str]]:
    if not query:
        return []
    try:
        return parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise InvalidRequest("a filter is a query string after `?`", field="filter") from None


def _converted(value: str, kind: type) -> Any:
    try:
        if kind is bool:
            return {"true": True, "false": False}[value]
        return msgspec.to_builtins(msgspec.convert(value, kind, strict=False))
    except (msgspec.ValidationError, KeyError):
        raise InvalidRequest(f"{value!r} is not a value of this filter", field="filter") from None
