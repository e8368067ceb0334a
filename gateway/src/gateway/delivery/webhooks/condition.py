"""On which events a webhook insists: fields of the state and their values, as lists filter.

`{"status": "won,lost", "currency": "RUB"}` has both: each field one of its values. Fields that
have one plain value can be asked for, and only those that every record in question has: what
cannot be answered truthfully is refused when it is said. An event without a state (deleted,
erased, withdrawn) is for everybody who may have had the record before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from chassis.fields import sight_of
from chassis.identity import Identity
from chassis.problems import RuleBroken
from events.topics import Aggregate
from gateway.delivery.comparable import comparable_fields, values_of

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
def _accepted(topic: str, name: str, values: str) -> frozenset[Any]:
    """The values of a field, as JSON has them, that meet a condition."""
    kind = comparable_fields(topic).get(name)
    if kind is None:
        raise ConditionNotPossible(
            f"{topic} has no field of one plain value called {name!r}",
            field=f"condition.{name}",
        )
    return values_of(kind, values, field=f"condition.{name}")
