"""JSON Schemas of what requests carry, made of those that msgspec knows.

What a client writes must be known at every depth, and a merge patch (RFC 7386)
has any of a draft's fields, null for those that go back to their default.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Schemas = dict[str, dict[str, Any]]
REF = "#/components/schemas/{name}"
_REFERENCE = re.compile(r"^#/components/schemas/(.+)$")
_NULL = {"type": "null"}


def referred(schema: dict[str, Any]) -> str | None:
    """The name of the schema that this one refers to; None when it says itself what it is."""
    found = _REFERENCE.match(str(schema.get("$ref", "")))
    return found[1] if found else None


TEXT: Mapping[str, str] = {"type": "string", "pattern": r"^[^\u0000]*$"}
"""Any text: PostgreSQL stores no NUL character."""

NUMBER: Mapping[str, str] = {
    "pattern": r"^-?([1-9][0-9]{0,14}(\.[0-9]{1,30})?|0(\.(0{1,30}|0{0,5}[1-9][0-9]{0,24}))?)$",
    "description": "A decimal number in digits, below 10^15; nothing, or at least a millionth",
}
"""The decimal numbers that can be added up."""


def close(schemas: Schemas, roots: Iterable[str]) -> None:
    """Have `roots`, and all that they refer to, allow no more than is understood of a request.

    No other fields than are declared, no NUL in texts, no numbers beyond counting.
    """
    waiting, seen = list(roots), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if "properties" in schemas[name]:
            schemas[name]["additionalProperties"] = False
        for part in list(_parts(schemas[name])):
            if part.get("format") == "decimal":
                part.update(NUMBER)
            if part.get("type") == "string" and not part.keys() & {"pattern", "format", "enum"}:
                part.update(TEXT)
            if (reference := referred(part)) is not None:
                waiting.append(reference)


def _parts(schema: Any) -> Iterable[dict[str, Any]]:
    """The schema and all that it is made of."""
    if isinstance(schema, list):
        for part in schema:
            yield from _parts(part)
    elif isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from _parts(part)


def patch_name(draft: str) -> str:
    """What the merge patch of a draft is called."""
    return f"{draft.removesuffix('Draft').removesuffix('Change')}Patch"


def add_patch(schemas: Schemas, draft: str) -> None:
    """Add the merge patch of `draft`, and of what lies in it, to `schemas`."""
    name, whole, said = patch_name(draft), schemas[draft], f"A merge patch (RFC 7386) of {draft}."
    if name in schemas:
        if schemas[name]["description"] != said:
            raise TypeError(f"two patches of one OpenAPI document are called {name}")
        return
    required = whole.get("required", ())
    schemas[name] = {
        "title": name,
        "description": said,
        "type": "object",
        "properties": {
            field: _patched(schemas, schema, may_go=field not in required)
            for field, schema in whole["properties"].items()
        },
        "additionalProperties": False,
    }


def _patched(schemas: Schemas, schema: dict[str, Any], *, may_go: bool) -> dict[str, Any]:
    inner = {key: value for key, value in schema.items() if key != "default"}
    parts = [_merged(schemas, part) for part in inner.pop("anyOf", ())]
    if not parts:
        parts, inner = [_merged(schemas, inner)], {}
    if may_go and _NULL not in parts:
        parts.append(_NULL)
    return {**inner, "anyOf": parts} if len(parts) > 1 else {**inner, **parts[0]}


def _merged(schemas: Schemas, part: dict[str, Any]) -> dict[str, Any]:
    name = referred(part)
    if name is None or "properties" not in schemas[name]:
        return part
    add_patch(schemas, name)
    return {"$ref": REF.format(name=patch_name(name))}
