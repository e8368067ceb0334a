"""Fields of states that events can be told apart by: those of one plain value.

Words of a vocabulary, texts, numbers, days, ids, yes and no. Neither amounts nor lists: what
cannot be compared truthfully with a text is not offered.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import inspect

from chassis.problems import InvalidRequest
from events.catalogue import BY_TOPIC

_PLAIN: Mapping[type[inspect.Type], type] = {
    inspect.StrType: str,
    inspect.UUIDType: UUID,
    inspect.IntType: int,
    inspect.DateType: date,
    inspect.BoolType: bool,
}


@cache
def comparable_fields(topic: str) -> Mapping[str, Any]:
    """The fields of a topic's states that have one plain value, and the type of each."""
    described = inspect.type_info(BY_TOPIC[topic].state)
    assert isinstance(described, inspect.StructType)
    kinds = {field.name: _kind(field.type) for field in described.fields}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def values_of(kind: Any, text: str, *, field: str) -> frozenset[Any]:
    """The values between the commas of `text`, as JSON has them.

    Raises `InvalidRequest`, of `field`, for what no record can have.
    """
    return frozenset(_value(kind, value, field) for value in text.split(","))


def _kind(described: inspect.Type) -> Any:
    if isinstance(described, inspect.Metadata):
        return _kind(described.type)
    if isinstance(described, inspect.UnionType):
        some = [one for one in described.types if not isinstance(one, inspect.NoneType)]
        return _kind(some[0]) if len(some) == 1 else None
    if isinstance(described, inspect.LiteralType):
        return Literal[tuple(described.values)]
    return _PLAIN.get(type(described))


def _value(kind: Any, text: str, field: str) -> Any:
    try:
        if kind is bool:
            return {"true": True, "false": False}[text]
        return msgspec.to_builtins(msgspec.convert(text, kind, strict=False))
    except (msgspec.ValidationError, KeyError):
        raise InvalidRequest(f"{text!r} is no value of this field", field=field) from None
