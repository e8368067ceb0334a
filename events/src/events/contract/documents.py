"""The committed documents as they are installed with the package, for whoever serves them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from events.contract.schemas import event_types

_TYPES = frozenset(aggregate.type_of(verb) for aggregate, verb in event_types())


def schema_document(type_name: str) -> bytes | None:
    """The JSON Schema of an event type (`crm.sales.deal.won.v1`); None when there is no such."""
    return _installed(f"schemas/{type_name}.json") if type_name in _TYPES else None


def asyncapi_document() -> bytes:
    """The AsyncAPI document of all events, as JSON."""
    return _installed("asyncapi.json")


@cache
def _installed(path: str) -> bytes:
    return files("events").joinpath(path).read_bytes()
