"""The filter of a list, evaluated on what events say: `deals?status=open,won&owner=...`.

Only what can be told from the event alone. The state before it is known too, by what it changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self
from urllib.parse import parse_qsl

from chassis.problems import InvalidRequest
from gateway.delivery.comparable import comparable_fields, values_of
from gateway.delivery.snapshots.snapshot import TOPICS

Side = Literal["inside", "left", "outside"]


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
        comparable = comparable_fields(topic)
        wanted: dict[str, frozenset[Any]] = {}
        for name, values in _pairs(query):
            if name not in comparable:
                raise InvalidRequest(
                    f"{resource} can be filtered by {', '.join(comparable)}", field="filter"
                )
            if name in wanted:
                raise InvalidRequest(f"{name} is given twice", field="filter")
            wanted[name] = values_of(comparable[name], values, field="filter")
        return cls(topic, wanted)

    def side(self, after: Mapping[str, Any], changed: Mapping[str, Any]) -> Side:
        """Where an event leaves a record, whose state it tells and which fields before."""
        if self._matches(after):
            return "inside"
        return "left" if self._matches({**after, **changed}) else "outside"

    def _matches(self, state: Mapping[str, Any]) -> bool:
        return all(state.get(name) in values for name, values in self.wanted.items())


def _pairs(query: str) -> list[tuple[str, str]]:
    if not query:
        return []
    try:
        return parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise InvalidRequest("a filter is a query string after `?`", field="filter") from None
