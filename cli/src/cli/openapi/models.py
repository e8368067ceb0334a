"""The schemas of the document as msgspec structs.

What clients only send has fields that may be left out (`UNSET`), because a patch
and an item of a bulk request leave what they do not name as it is. What clients
read has the defaults that the document gives, and passes over unknown fields.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Iterator
from typing import Any

from cli.openapi.types import NotUnderstood, Schema, annotation, name_in, references

HEADER = '''\
"""What the API reads and answers. Written by `./meridian language` of clients/openapi.json."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType, field
'''
_MUTABLE = {"[]": "list", "{}": "dict"}


def models(document: dict[str, Any]) -> str:
    """The module of all that operations read or answer."""
    schemas: dict[str, Schema] = document["components"]["schemas"]
    answered, asked, patched = _used(document)
    answered, asked = _closure(answered, schemas), _closure(asked, schemas)
    classes = {name: _struct(name, schemas[name], is_read=True) for name in answered}
    for name in asked - answered:
        classes[name] = _struct(name, schemas[name], is_read=False)
    for name in patched:
        schema = {**schemas[name], "required": ()}
        made = patch_name(name)
        if made in classes:
            raise NotUnderstood(f"{made} is the name of a schema already")
        classes[made] = _struct(made, schema, is_read=False)
    return "\n\n".join([HEADER, *(classes[name] for name in sorted(classes))])


def patch_name(draft: str) -> str:
    """What a patch is called whose fields are those of the schema `draft`."""
    return f"{draft.removesuffix('Draft').removesuffix('Change')}Patch"


def _used(document: dict[str, Any]) -> tuple[set[str], set[str], set[str]]:
    """The names that answers, bodies and patches refer to."""
    answered: set[str] = set()
    asked: set[str] = set()
    patched: set[str] = set()
    for methods in document["paths"].values():
        for method, operation in methods.items():
            answers = [a for status, a in operation["responses"].items() if status != "default"]
            answered.update(references(answers))
            body = operation.get("requestBody", {})
            if method != "patch":
                asked.update(references(body))
                continue
            named = set(references(body))
            patched |= named
            for name in named:
                asked.update(references(document["components"]["schemas"][name]))
    return answered, asked, patched


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
    for wire, property in schema.get("properties", {}).items():
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
        made = _MUTABLE.get(default)
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
    if isinstance(default, (list, dict)) and default:
        raise NotUnderstood(f"the default {default!r} of {schema}")
    return repr(default)


def body_type(schema: Schema, *, is_patch: bool) -> Iterator[str]:
    """The annotations that a body of `schema` may have: its struct, and plain objects."""
    if "$ref" in schema:
        name = name_in(schema["$ref"])
        yield f"models.{patch_name(name) if is_patch else name}"
    yield "Mapping[str, Any]"
