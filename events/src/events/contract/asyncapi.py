"""The AsyncAPI 3.0 document: topics, who sends and receives what, messages with examples.

It stands on its own: the schemas of all events are among its components.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from events.contract.schemas import event_schema, event_types, state_schemas
from events.envelope import CONTENT_TYPE
from events.topics import Aggregate, Topic

_SCHEMA = "#/components/schemas/{name}"
_TRAIT = "event"
_KAFKA_BINDING = "0.5.0"
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

_INTRODUCTION = """\
Every change in Meridian is one event, and one version of the record that it changed: a CloudEvent
in structured JSON that carries the whole state after the change (`data.after`) and the values
before it of what changed (`data.changed`).

- The newest event of a key tells everything. Topics keep every event for 30 days and the newest of
  each key for ever.
- Order holds within a key. An event may come more than once, and before one that it refers to:
  compare `aggregateversion` with what you have.
- Within a major version fields are added, never changed or removed: ignore what you do not know.
  A value that a growing vocabulary (`x-extensible-enum`) does not list is none of those you know.
"""


def document(
    aggregates: Sequence[Aggregate], examples: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The document as JSON; `examples` are events by name, by type."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:meridian:events",
        "info": {
            "title": "Meridian events",
            "version": "1.0.0",
            "description": _INTRODUCTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "description": "The installation's brokers.",
                "variables": {"bootstrap": {"default": "localhost:9092"}},
            }
        },
        "channels": {aggregate.topic.name: _channel(aggregate) for aggregate in aggregates},
        "operations": _operations(aggregates),
        "components": {
            "messages": {
                type_name: _message(type_name, aggregate, examples.get(type_name, {}))
                for aggregate, verb in event_types(aggregates)
                for type_name in [aggregate.type_of(verb)]
            },
            "messageTraits": {_TRAIT: _trait()},
            "schemas": {
                **state_schemas(aggregates, _SCHEMA),
                **{
                    aggregate.type_of(verb): event_schema(aggregate, verb, _SCHEMA)
                    for aggregate, verb in event_types(aggregates)
                },
            },
        },
    }


def partitions(document: Mapping[str, Any]) -> dict[str, int]:
    """The number of partitions of each topic that `document` describes."""
    return {
        name: channel["bindings"]["kafka"]["partitions"]
        for name, channel in document["channels"].items()
    }


def _channel(aggregate: Aggregate) -> dict[str, Any]:
    topic = aggregate.topic
    return {
        "address": topic.name,
        "title": aggregate.state.__name__,
        "description": inspect.getdoc(aggregate.state),
        "messages": {
            verb: {"$ref": f"#/components/messages/{aggregate.type_of(verb)}"}
            for verb in aggregate.verbs
        },
        "tags": [{"name": topic.owner}],
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": _settings(topic),
                "bindingVersion": _KAFKA_BINDING,
            }
        },
    }


def _settings(topic: Topic) -> dict[str, Any]:
    """A topic's settings with the types that the binding gives them."""
    typed: dict[str, Any] = {
        name: int(value) if value.isdigit() else value for name, value in topic.settings.items()
    }
    return typed | {"cleanup.policy": topic.settings["cleanup.policy"].split(",")}


def _operations(aggregates: Sequence[Aggregate]) -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for aggregate in aggregates:
        owner, name = aggregate.topic.owner, aggregate.topic.name
        kind = name.rpartition(".")[2]
        operations[f"{owner}.sends.{kind}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": f"{owner} says what happened to each {kind}.",
            "tags": [{"name": owner}],
        }
        for consumer in aggregate.consumers:
            operations[f"{consumer}.receives.{kind}"] = {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{name}"},
                "summary": f"{consumer} follows each {kind} of {owner}.",
                "tags": [{"name": consumer}],
            }
    return operations


def _message(type_name: str, aggregate: Aggregate, examples: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": type_name,
        "title": type_name,
        "payload": {"$ref": _SCHEMA.format(name=type_name)},
        "traits": [{"$ref": f"#/components/messageTraits/{_TRAIT}"}],
        "tags": [{"name": aggregate.topic.owner}],
        "examples": [
            {"name": name, "headers": _headers_of(event), "payload": event}
            for name, event in examples.items()
        ],
    }


def _trait() -> dict[str, Any]:
    """What all messages have alike: headers and key."""
    uuid = {"type": "string", "format": "uuid"}
    return {
        "contentType": CONTENT_TYPE,
        "headers": {
            "type": "object",
            "properties": {
                "content-type": {"type": "string", "const": CONTENT_TYPE},
                "ce_id": {**uuid, "description": "The event's `id`."},
                "ce_type": {"type": "string", "description": "The event's `type`."},
                "ce_tenantid": {**uuid, "description": "The event's `tenantid`."},
                "traceparent": {"type": "string", "description": "W3C Trace Context."},
            },
            "required": ["content-type", "ce_id", "ce_type", "ce_tenantid"],
        },
        "correlationId": {"location": "$message.payload#/correlationid"},
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "pattern": f"^{_UUID}:{_UUID}$",
                    "description": "`tenantid:subject`",
                },
                "bindingVersion": _KAFKA_BINDING,
            }
        },
    }


def _headers_of(event: Mapping[str, Any]) -> dict[str, Any]:
    headers = {
        "content-type": CONTENT_TYPE,
        "ce_id": event["id"],
        "ce_type": event["type"],
        "ce_tenantid": event["tenantid"],
    }
    return headers | ({"traceparent": event["traceparent"]} if "traceparent" in event else {})
