"""The committed documents as they are installed with the package, for whoever serves them."""

from __future__ import annotations

from importlib.resources import files

from events.contract.schemas import event_types

_TYPES = frozenset(aggregate.type_of(verb) for aggregate, verb in event_types())


def schema_document(type_name: str) -> bytes | None:
    """The JSON Schema of an event type (`crm.sales.deal.won.v1`); None when there is no such."""
    if type_name not in _TYPES:
        return None
    return (files("events") / "schemas" / f"{type_name}.json").read_bytes()


def asyncapi_document() -> bytes:
    """The AsyncAPI document of all events, as JSON."""
    return (files("events") / "asyncapi.json").read_bytes()
