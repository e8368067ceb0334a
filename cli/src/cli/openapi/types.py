"""JSON Schemas as Python types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_REF = re.compile(r'"#/components/schemas/([^"]+)"')
_FORMATS = {
    "uuid": "UUID",
    "date-time": "dt.datetime",
    "date": "dt.date",
    "decimal": "Decimal",
}
_PLAIN = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
}


class NotUnderstood(Exception):
    """The document says something that no type is known for."""


def name_in(reference: str) -> str:
    """The name of the schema that `$ref` refers to."""
    return reference.rpartition("/")[2]


def references(schema: object) -> Iterator[str]:
    """The names of the schemas that `schema` refers to itself."""
    yield from _REF.findall(json.dumps(schema))


def annotation(schema: Schema, prefix: str = "") -> str:
    """The type of what `schema` describes, as an annotation says it.

    `prefix` stands before the names of other schemas. Bounds and patterns are left
    to the API, which explains better what is wrong.
    """
    if "$ref" in schema:
        return prefix + name_in(schema["$ref"])
    if "anyOf" in schema:
        return _union(annotation(one, prefix) for one in schema["anyOf"])
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    kind = schema.get("type")
    if isinstance(kind, list):
        return _union(annotation({**schema, "type": one}, prefix) for one in kind)
    return _of_kind(kind, schema, prefix)


def _of_kind(kind: str | None, schema: Schema, prefix: str) -> str:
    if kind == "array":
        return f"list[{annotation(schema.get('items', {}), prefix)}]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"dict[str, {annotation(values, prefix) if isinstance(values, dict) else 'Any'}]"
    if kind == "string":
        return _FORMATS.get(schema.get("format", ""), "str")
    if kind is None:
        if set(schema) - {"title", "description", "default"}:
            raise NotUnderstood(json.dumps(schema))
        return "Any"
    if kind not in _PLAIN:
        raise NotUnderstood(json.dumps(schema))
    return _PLAIN[kind]


def _union(types: Iterator[str]) -> str:
    return " | ".join(dict.fromkeys(types))
