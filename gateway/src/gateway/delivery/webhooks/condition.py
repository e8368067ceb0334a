"""On which events a webhook insists: fields of the state and their values, as lists filter.

`{"status": "won,lost", "currency": "RUB"}` has both: each field one of its values. Fields that
have one plain value can be asked for, and only those that every record in question has: what
cannot be answered truthfully is refused when it is said. An event without a state (deleted,
erased, withdrawn) is for everybody who may have had the record before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from chassis.fields import sight_of
from chassis.identity import Identity
from chassis.problems import InvalidRequest, RuleBroken
from events.catalogue import BY_TOPIC
from events.topics import Aggregate

Condition = Mapping[str, str]
"""Field -> its values, between commas."""


class ConditionNotPossible(RuleBroken):
    title = "Not every event can be judged by this condition"


def check(condition: Condition, aggregates: Iterable[Aggregate], identity: Identity) -> None:
    """Raise the rule by which a condition on events of these aggregates is refused.

    `FieldNotPermitted` where it asks by a field that is kept from whoever asks.
    """
    for aggregate in aggregates:
        for name, values in condition.items():
            _accepted(aggregate.topic.name, name, values)
        sight = sight_of(identity, aggregate)
        if sight is not None:
            for name in condition:
                sight.require_seen([name], f"condition.{name}")


def holds(condition: Condition, topic: str, after: Mapping[str, Any] | None) -> bool:
    """Whether an event of this topic with this state, decoded JSON, meets the condition."""
    if after is None:
        return True
    return all(
        after.get(name) in _accepted(topic, name, values) for name, values in condition.items()
    )


@cache
def _accepted(topic: str, name: str, values: str) -> tuple[Any, ...]:
    """The values of a field, as JSON has them, that meet a condition."""
    kind = _kinds(topic).get(name)
    if kind is None:
        raise ConditionNotPossible(
            f"{topic} has no field of one plain value called {name!r}",
            field=f"condition.{name}",
        )
    return tuple(_value(name, kind, value) for value in values.split(","))


def _value(name: str, kind: Any, text: str) -> Any:
    try:
        if kind is bool:
            return {"true": True, "false": False}[text]
        return msgspec.to_builtins(msgspec.convert(text, kind))
    except (msgspec.ValidationError, KeyError):
        raise InvalidRequest(
            f"{text!r} is no value of this field", field=f"condition.{name}"
        ) from None


@cache
def _kinds(topic: str) -> Mapping[str, Any]:
    """The fields of a state that have one plain value, and the type of each."""
    hints = get_type_hints(BY_TOPIC[topic].state, include_extras=True)
    return {name: kind for name, hint in hints.items() if (kind := _plain(hint)) is not None}


def _plain(hint: Any) -> Any:
    """The type of a field's one plain value: UUID, date, bool or text; None for any other."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _plain(get_args(hint)[0])
    if origin in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        return _plain(kinds[0]) if len(kinds) == 1 else None
    if origin is Literal:
        return hint if all(isinstance(value, str) for value in get_args(hint)) else None
    return hint if hint in (UUID, date, bool, str) else None
