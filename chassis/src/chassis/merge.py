"""Changing a record by merge patch (RFC 7386), letting edits of different fields meet.

A draft type names the fields that clients may set. A change is the record's
own draft with the patch merged in, validated as a whole.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import msgspec

from chassis.journal import changes_since
from chassis.problems import EditConflict, InvalidRequest
from chassis.transactions import Transaction
from events.values import Record

Draft = TypeVar("Draft", bound=msgspec.Struct)


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386's MergePatch(target, patch) on decoded JSON."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def converted(document: Any, into: type[Draft]) -> Draft:
    """`document` as `into`; `InvalidRequest` says which field is wrong and why.

    The values of the published language ignore fields that they do not know, so
    that older readers understand newer events; what a client writes must be known.
    """
    try:
        value = _typed(document, into)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    strange = _strange(document, value) if type(document) in _NESTING else None
    if strange is not None:
        field, why = strange
        raise InvalidRequest(why, field=field)
    return value


def _typed(document: Any, into: type[Draft]) -> Draft:
    try:
        return msgspec.convert(document, into, strict=True, str_keys=True)
    except msgspec.ValidationError:
        # To JSON 1.0 and 1 are one number, and some programs write all of theirs so.
        return msgspec.convert(_whole(document), into, strict=True, str_keys=True)


def _whole(document: Any) -> Any:
    """`document` with whole numbers as such, however they were written."""
    if isinstance(document, float) and document.is_integer() and abs(document) < _EXACT:
        return int(document)
    if isinstance(document, dict):
        return {name: _whole(part) for name, part in document.items()}
    if isinstance(document, list):
        return [_whole(part) for part in document]
    return document


def _strange(document: Any, value: Any) -> tuple[str, str] | None:
    """What of `document` its schema does not allow, though it became the struct `value`.

    The path of a field that the struct does not have, or of a decimal number
    that is not plain digits in a string; and which of them it is.
    """
    if type(document) is list:
        parts = ((f"[{n}]", part, value[n]) for n, part in enumerate(document))
    else:
        known = _fields(value.__class__)
        if known is None:
            return None
        if not document.keys() <= known:
            return str(min(document.keys() - known)), "there is no such field"
        parts = ((name, part, getattr(value, name)) for name, part in document.items())
    for name, part, made in parts:
        if type(made) is Decimal:
            if type(part) is not str or not _PLAIN_NUMBER.fullmatch(part):
                return name, 'a decimal number is a string of digits, as "1000.50"'
        elif part and type(part) in _NESTING:
            nested = _strange(part, made)
            if nested is not None:
                place, why = nested
                return name + (place if place.startswith("[") else f".{place}"), why
    return None


_NESTING = (dict, list)
_EXACT = 2**53
"""Below it a float is exactly the number that was written."""
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


@cache
def _fields(type_: type[Any]) -> frozenset[str] | None:
    """The fields of a struct; None for what is no struct."""
    return frozenset(type_.__struct_fields__) if issubclass(type_, msgspec.Struct) else None


def invalid(error: msgspec.ValidationError) -> InvalidRequest:
    """The problem that a validation error becomes; msgspec appends ` - at `$.path``.

    A field that is missing or unknown stands in the message: the path is that
    of the object around it.
    """
    message, _, path = str(error).partition(" - at `")
    steps = [path.rstrip("`").removeprefix("$").lstrip(".")]
    steps += re.findall(r"(?:missing required|contains unknown) field `([^`]*)`", message)
    return InvalidRequest(message, field=".".join(filter(None, steps)) or None)


def merged(record: msgspec.Struct, patch: dict[str, Any], draft: type[Draft]) -> Draft:
    """The draft of `record`, which has its fields, with `patch` merged in."""
    fields = draft.__struct_fields__
    current = {
        name: msgspec.to_builtins(getattr(record, name))
        for name in fields
        if getattr(record, name) is not None
    }
    return converted(merge_patch(current, patch), draft)


def drafted(record: Record | None, fields: dict[str, Any], draft: type[Draft]) -> Draft:
    """The draft of a new record from its `fields`, or of `record` with them merged in."""
    return converted(fields, draft) if record is None else merged(record, fields, draft)


def redrafted(draft: msgspec.Struct) -> dict[str, Any]:
    """The fields of `draft` as keyword arguments for making or replacing a record."""
    return {name: getattr(draft, name) for name in draft.__struct_fields__}


async def check_edit(
    transaction: Transaction, record: Record, patch: dict[str, Any], seen: int | None
) -> None:
    """Raise `EditConflict` when a field of `patch` changed after version `seen`.

    `seen` comes from If-Match; None means that the client does not mind.
    """
    if seen is None or seen == record.version:
        return
    if seen > record.version:
        raise EditConflict(f"the record is at version {record.version}", version=record.version)
    for actor, changed in await changes_since(transaction, record.id, seen):
        for field in patch.keys() & changed.keys():
            raise EditConflict(
                f"{actor} changed {field} meanwhile",
                field=field,
                version=record.version,
                yours=patch[field],
                theirs=msgspec.to_builtins(getattr(record, field)),
                changed_by=actor,
            )
