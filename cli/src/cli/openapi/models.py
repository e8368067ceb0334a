"""The schemas of the document as msgspec structs.

What clients only send has fields that may be left out (`UNSET`), because a patch
and an item of a bulk request leave what they do not name as it is. What clients
read has the defaults that the document gives, and passes over unknown fields.
"""

from __future__ import annotations

import inspect
import json
import keyword
from collections.abc import Iterator
from typing import Any

from chassis.web.schemas import REF
from cli.openapi.types import NotUnderstood, Schema, annotation, name_in, references

HEADER = '''\
"""What the API reads and answers. Written by `./meridian language` of clients/openapi.json."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType, field

KEPT: Any = UNSET
"""What stands for a field that a rule of the tenant keeps from who asks."""
'''
_MUTABLE = {"[]": "list", "{}": "dict"}


def models(document: dict[str, Any]) -> str:
    """The module of all that operations read or answer."""
    schemas: dict[str, Schema] = document["components"]["schemas"]
    answered, asked = _used(document)
    answered, asked = _closure(answered, schemas), _closure(asked, schemas)
    classes = {name: _struct(name, schemas[name], is_read=True) for name in answered}
    for name in asked - answered:
        classes[name] = _struct(name, schemas[name], is_read=False)
    return "\n\n".join([HEADER, *(classes[name] for name in sorted(classes))])


def unified(document: dict[str, Any]) -> dict[str, Any]:
    """`document` with one name for schemas that are one struct to Python.

    Two services may bound the same type otherwise; then the document has it twice.
    """
    schemas: dict[str, Schema] = document["components"]["schemas"]
    names = {
        name: title
        for name, schema in schemas.items()
        if (title := schema.get("title", name)) != name
        and title in schemas
        and _struct("", schema, is_read=True) == _struct("", schemas[title], is_read=True)
    }
    text = json.dumps(document)
    for name, title in names.items():
        text = text.replace(_quoted_reference(name), _quoted_reference(title))
    found: dict[str, Any] = json.loads(text)
    return found


def _quoted_reference(name: str) -> str:
    return json.dumps(REF.format(name=name))


def _used(document: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The names that answers and bodies refer to."""
    answered: set[str] = set()
    asked: set[str] = set()
    for methods in document["paths"].values():
        for operation in methods.values():
            answered.update(references(operation["responses"]))
            asked.update(references(operation.get("requestBody", {})))
    return answered, asked


def _closure(names: set[str], schemas: dict[str, Schema]) -> set[str]:
    """`names`, and all that they refer to in turn."""
    found, left = set(names), list(names)
    while left:
        more = set(references(schemas[left.pop()])) - found
        found |= more
        left += more
    return found


def _struct(name: str, schema: Schema, *, is_read: bool) -> str:
    # A default that was set may be left out: the API has the same.
    options = "kw_only=True, omit_defaults=True" if is_read else "kw_only=True"
    lines = [f"class {name}(Struct, {options}):"]
    described = inspect.cleandoc(schema.get("description", ""))
    if described:
        first, *more = described.splitlines()
        end = ['"""'] if more else []
        lines.append(f'    """{first}' + ("" if more else '"""'))
        lines += [f"    {line}".rstrip() for line in (*more, *end)]
        lines.append("")
    required = set(schema.get("required", ()))
    seen = set(schema.get("x-required-where-seen", ()))
    for wire, property in schema.get("properties", {}).items():
        if wire in seen - required:
            lines.append(f"    {wire}: {annotation(property)} = KEPT")
        else:
            lines.append(f"    {_field(wire, property, wire in required, is_read)}")
    if not schema.get("properties") and not described:
        lines.append("    pass")
    return "\n".join(lines) + "\n"


def _field(wire: str, schema: Schema, is_required: bool, is_read: bool) -> str:
    python = f"{wire}_" if keyword.iskeyword(wire) else wire
    arguments = [f"name={wire!r}"] if python != wire else []
    type_ = annotation(schema)
    if not is_required:
        default = _default(schema) if is_read and "default" in schema else "UNSET"
        if default == "UNSET":
            is_nullable = type_.endswith(" | None")
            type_ = type_.removesuffix(" | None") + " | UnsetType" + " | None" * is_nullable
        made = _MUTABLE.get(default) or (f"lambda: {default}" if default[0] == "[" else None)
        arguments.append(f"default_factory={made}" if made else f"default={default}")
    match arguments:
        case []:
            return f"{python}: {type_}"
        case [only] if only.startswith("default="):
            return f"{python}: {type_} = {only.removeprefix('default=')}"
        case _:
            return f"{python}: {type_} = field({', '.join(arguments)})"


def _default(schema: Schema) -> str:
    default = schema["default"]
    if isinstance(default, str) and annotation(schema) != "str" and "enum" not in schema:
        raise NotUnderstood(f"the default {default!r} of {schema}")
    if isinstance(default, dict) and default:
        raise NotUnderstood(f"the default {default!r} of {schema}")
    return repr(default)


def body_type(schema: Schema) -> Iterator[str]:
    """The annotations that a body of `schema` may have: its struct, and plain objects."""
    for part in schema.get("anyOf", [schema]):
        if "$ref" in part:
            yield f"models.{name_in(part['$ref'])}"
    yield "Mapping[str, Any]"
