"""Rules for fields: what of a record somebody may not see, or may not change.

A tenant's own roles may hide a field, mask it, or leave it to be read only. Which rules
hold for whom, the gateway works out and signs into the identity. They are applied here: to
every state that leaves a service, and to every field that somebody asks by or wants to set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chassis.identity import Identity
from chassis.masks import masked
from chassis.problems import Forbidden, Problem, RuleBroken
from events.topics import Aggregate, Mask
from events.values import FieldRule, Record

REPORTS = "reports"
"""Where an identity has the rules that hold for reports: field by `resource.field`."""

_KINDS: dict[type[Record], Aggregate] = {}
"""The aggregates of this process by the types of their states; stores make themselves known."""


def is_seen(rule: FieldRule | None) -> bool:
    """Whether a field is seen as it is by whom this rule, or none, holds for."""
    return rule in (None, "read_only")


class FieldNotPermitted(Forbidden):
    """A rule of the tenant keeps this field, which is named, from whoever asks."""

    title = "Not permitted for this field"


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see and change of the records of one kind, where rules restrict it."""

    resource: str
    rules: Mapping[str, FieldRule]
    masks: Mapping[str, Mask] = field(default_factory=dict)
    times: Sequence[str] = ()

    @property
    def tells_time(self) -> bool:
        """Whether the `time` of an event may be told, which repeats some fields."""
        return all(map(self.is_seen, self.times))

    def is_seen(self, name: str) -> bool:
        """Whether the field is seen as it is."""
        return is_seen(self.rules.get(name))

    def visible(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """`values` by field, as decoded JSON, as far as they may be seen.

        The fields of a state, or those that a version changed with the values before.
        """
        seen = {}
        for name, value in values.items():
            if self.is_seen(name):
                seen[name] = value
            elif self.rules[name] == "masked" and name in self.masks:
                seen[name] = masked(value, self.masks[name])
        return seen

    def state(self, state: str | bytes) -> str:
        """A state as JSON, as far as it may be seen."""
        fields = msgspec.json.decode(state, type=dict[str, msgspec.Raw])
        opened = {
            name: value if self.is_seen(name) else msgspec.json.decode(value)
            for name, value in fields.items()
        }
        return msgspec.json.encode(self.visible(opened)).decode()

    def require_seen(self, fields: Iterable[str], asked: str | None = None) -> None:
        """Raise `FieldNotPermitted` when one of `fields`, by which is asked, is not seen as it is.

        `asked` is what the request calls it, where it has another name there.
        """
        for name in fields:
            if not self.is_seen(name):
                raise FieldNotPermitted(
                    f"one cannot ask by {self.resource}.{name}, which is {self.rules[name]}",
                    field=asked or name,
                )

    def require_writable(self, fields: Iterable[str]) -> None:
        """Raise `FieldNotPermitted` when one of `fields`, which are to be set, may not be."""
        for name in sorted(self.rules.keys() & set(fields)):
            raise FieldNotPermitted(
                f"{self.resource}.{name} is {self.rules[name].replace('_', ' ')}", field=name
            )


def know(aggregate: Aggregate) -> None:
    """Let states of this kind be recognised by their type."""
    _KINDS[aggregate.state] = aggregate


def sight_of(identity: Identity, kind: Aggregate | type[Record]) -> Sight | None:
    """What `identity` may see of records of a kind; None where nothing restricts it."""
    if not identity.fields:
        return None
    aggregate = kind if isinstance(kind, Aggregate) else _KINDS[kind]
    resource = aggregate.resource
    if resource is None or resource not in identity.fields:
        return None
    return Sight(resource, identity.fields[resource], aggregate.masks, aggregate.times)


def is_restrictable(kind: type) -> bool:
    """Whether roles may have rules for the fields of states of this type."""
    aggregate = _KINDS.get(kind)
    return aggregate is not None and aggregate.resource is not None


def require_writable(identity: Identity, resource: str, fields: Iterable[str]) -> None:
    """Raise `FieldNotPermitted` when a command names a field of `resource` that it may not set."""
    rules = identity.fields.get(resource)
    if rules:
        Sight(resource, rules).require_writable(fields)


def discreet(identity: Identity | None, problem: Problem) -> Problem:
    """`problem` without the words of a rule, which may tell what is kept from `identity`.

    What it is and which field is at fault can still be seen.
    """
    if isinstance(problem, RuleBroken) and identity is not None and identity.fields:
        kept_here = {aggregate.resource for aggregate in _KINDS.values()}
        if not kept_here.isdisjoint(identity.fields):
            problem.detail, problem.extra = problem.title, {}
    return problem


def require_reported(identity: Identity, fields: Iterable[str]) -> None:
    """Raise `FieldNotPermitted` when a report counts by one of `fields`, each `resource.field`."""
    rules = identity.fields.get(REPORTS)
    if not rules:
        return
    for name in fields:
        if not is_seen(rules.get(name)):
            raise FieldNotPermitted(f"this counts by {name}, which is {rules[name]}", field=name)
