"""The JSON Schema (2020-12) of every event type: the envelope, and in it the aggregate's state.

The documents say what is sent. Readers are to ignore what they do not know, so
no object forbids further properties.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import msgspec

from events.catalogue import AGGREGATES
from events.erasure import DELETED, ERASED, REDACTED
from events.topics import Aggregate

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
LOCAL = "#/$defs/{name}"
"""Where a document of its own keeps the schemas that it refers to."""

WITHOUT_STATE = frozenset({DELETED, ERASED})
"""The verbs after which there is no state: `data.after` is null."""

_TIME = {"type": "string", "format": "date-time", "pattern": "Z$"}
_UUID = {"type": "string", "format": "uuid"}
_COUNT = {"type": "integer", "minimum": 1}
_TEXT = {"type": "string"}

_REQUIRED = (
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema",
    "tenantid", "actor", "aggregateversion", "correlationid", "recordedtime", "position", "data",
)  # fmt: skip
"""What every event that is sent has; the other attributes are left out where they say nothing."""


def event_types(aggregates: Iterable[Aggregate] = AGGREGATES) -> Iterator[tuple[Aggregate, str]]:
    """(aggregate, verb) of every event type."""
    return ((aggregate, verb) for aggregate in aggregates for verb in aggregate.verbs)


def document_path(type_name: str) -> str:
    """Where the gateway serves the schema of a type: what events say in `dataschema`."""
    return f"/schemas/{type_name}.json"


def document(aggregate: Aggregate, verb: str) -> Schema:
    """The schema of an event type as a document of its own."""
    return {
        "$schema": DIALECT,
        "$id": document_path(aggregate.type_of(verb)),
        **event_schema(aggregate, verb, LOCAL),
        "$defs": {} if verb in WITHOUT_STATE else state_schemas([aggregate], LOCAL),
    }


def state_schemas(aggregates: Iterable[Aggregate], reference: str) -> dict[str, Schema]:
    """The schemas of the aggregates' states and of all that they are made of, by name.

    `reference` says how schemas refer to one another, with a place for `{name}`.
    """
    states = [aggregate.state for aggregate in aggregates]
    _, made = msgspec.json.schema_components(states, ref_template=reference)
    # As a reader of the JSON has them: with lists where msgspec has tuples.
    schemas: dict[str, Schema] = msgspec.json.decode(msgspec.json.encode(made))
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    return dict(sorted(schemas.items()))


def event_schema(aggregate: Aggregate, verb: str, reference: str) -> Schema:
    """The schema of an event, which finds that of its state by `reference`."""
    type_name = aggregate.type_of(verb)
    return {
        "title": type_name,
        "description": f"{_summary(aggregate)} This one was {verb}.",
        "type": "object",
        "properties": {
            **_attributes(aggregate, type_name),
            **(_OF_WHAT_CAN_BE_ERASED if ERASED in aggregate.verbs else {}),
            "data": _data(aggregate, verb, reference),
        },
        "required": list(_REQUIRED),
    }


def _summary(aggregate: Aggregate) -> str:
    return inspect.getdoc(aggregate.state).split("\n")[0]  # type: ignore[union-attr]


def _attributes(aggregate: Aggregate, type_name: str) -> dict[str, Schema]:
    return {
        "specversion": {"const": "1.0", "description": "Of CloudEvents."},
        "id": {**_UUID, "description": "Of the event; the same however often it is sent."},
        "source": {"const": f"/{aggregate.topic.owner}", "description": "Whose event it is."},
        "type": {"const": type_name},
        "subject": {**_UUID, "description": "The aggregate's id."},
        "time": {
            **_TIME,
            "description": "When it happened in the business. An import may tell of what "
            "happened years ago, and in any order.",
        },
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"const": document_path(type_name), "description": "Where this schema is."},
        "tenantid": {**_UUID, "description": "The company whose record it is."},
        "actor": {
            **_TEXT,
            "description": "Who did it: a user's id, `form:<id>`, or `system:<service>`.",
        },
        "reason": {**_TEXT, "description": "Why, where somebody said so."},
        "aggregateversion": {
            **_COUNT,
            "description": "How many events the aggregate has had, with this one.",
        },
        "correlationid": {**_TEXT, "description": "What all effects of one request share."},
        "causationid": {**_TEXT, "description": "The id of the event that this one reacts to."},
        "origin": {
            **_TEXT,
            "description": "The system that the change came from, so that it ignores its echo.",
        },
        "traceparent": {**_TEXT, "description": "W3C Trace Context."},
        "recordedtime": {**_TIME, "description": "When the owner committed it."},
        "position": {**_COUNT, "description": "In the owner's journal."},
    }


_OF_WHAT_CAN_BE_ERASED: Schema = {
    "erased": {
        "const": True,
        "description": "The event was emptied later, because its subject was erased.",
    }
}


def _data(aggregate: Aggregate, verb: str, reference: str) -> Schema:
    changed = "Each field that the command changed, with its value before."
    if verb == REDACTED:
        changed = "Each field whose content was taken away, with what stands there now."
    return {
        "type": "object",
        "properties": {
            "after": _after(aggregate, verb, reference),
            "changed": {"type": "object", "description": changed},
        },
        "required": ["after", "changed"],
    }


def _after(aggregate: Aggregate, verb: str, reference: str) -> Schema:
    if verb in WITHOUT_STATE:
        return {"type": "null"}
    state = {"$ref": reference.format(name=aggregate.state.__name__)}
    if ERASED not in aggregate.verbs:
        return state
    return {"anyOf": [state, {"type": "null"}], "description": "Null once it was erased."}
