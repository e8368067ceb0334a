"""What may change in a schema within a major: FULL_TRANSITIVE, decided on the JSON Schemas.

Readers of any version understand what writers of any other version send. Only
additions are possible, and only such as nobody stumbles over:

- a field that may be missing and says what it then counts as (`default`). In the
  envelope, whose attributes are left out where they say nothing, it needs none;
- a value of a vocabulary that was declared to grow (`x-extensible-enum`);
- words for people: titles, descriptions, examples.

Everything else, in whichever direction, is an incompatibility.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from events.contract.schemas import Schema
from events.values import KNOWN_VALUES

Place: TypeAlias = tuple[str, ...]
Seen: TypeAlias = frozenset[tuple[str, str]]

_WORDS = frozenset({"title", "description", "examples", "$comment", "deprecated"})
_ADDRESSES = frozenset({"$schema", "$id", "$defs"})
_OF_THE_FIELD = _WORDS | {"default"}
_VOCABULARIES = {"enum": "closed", KNOWN_VALUES: "growing"}
_PARTS = ("items", "additionalProperties")
_COMPARED = frozenset({"type", "properties", "required", *_VOCABULARIES, *_PARTS})
_ABSENT = object()
_NULL = {"type": "null"}


def incompatibilities(earlier: Schema, later: Schema) -> list[str]:
    """What makes `later` no compatible successor of `earlier`: a sentence for each.

    Both are documents of their own, with what they refer to under `$defs`.
    """
    return list(_Comparison(earlier, later).of(earlier, later, (), frozenset()))


def bare(schema: Any) -> Any:
    """`schema` without words for people: what is left is what others rely on."""
    if isinstance(schema, list):
        return [bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        keyword: _bare_value(keyword, value)
        for keyword, value in schema.items()
        if keyword not in _WORDS
    }


def _bare_value(keyword: str, value: Any) -> Any:
    if keyword in ("properties", "$defs"):
        return {name: bare(part) for name, part in value.items()}
    return value if keyword in ("default", "const", "enum") else bare(value)


class _Comparison:
    """Walks two documents side by side."""

    def __init__(self, earlier: Schema, later: Schema) -> None:
        self._earlier = earlier
        self._later = later

    def of(self, earlier: Schema, later: Schema, place: Place, seen: Seen) -> Iterator[str]:
        references = (earlier.get("$ref", ""), later.get("$ref", ""))
        if references in seen:
            return
        if all(references):
            seen |= {references}
        earlier, later = _resolved(self._earlier, earlier), _resolved(self._later, later)
        if "anyOf" in earlier or "anyOf" in later:
            yield from self._alternatives(earlier, later, place, seen)
            yield from _keyword("default", earlier, later, place)
            return
        yield from _types(earlier, later, place)
        yield from _vocabularies(earlier, later, place)
        yield from self._fields(earlier, later, place, seen)
        for part in _PARTS:
            if isinstance(earlier.get(part), dict) and isinstance(later.get(part), dict):
                yield from self.of(earlier[part], later[part], (*place, "[]"), seen)
            else:
                yield from _keyword(part, earlier, later, place)
        for keyword in sorted((earlier.keys() | later.keys()) - _WORDS - _ADDRESSES - _COMPARED):
            yield from _keyword(keyword, earlier, later, place)

    def _fields(self, earlier: Schema, later: Schema, place: Place, seen: Seen) -> Iterator[str]:
        was: Schema = earlier.get("properties", {})
        now: Schema = later.get("properties", {})
        was_required = set(earlier.get("required", ()))
        now_required = set(later.get("required", ()))
        for name in sorted(was.keys() - now.keys()):
            yield _sentence((*place, name), "was removed")
        for name in sorted(now.keys() - was.keys()):
            if name in now_required:
                yield _sentence((*place, name), "is new and required")
            elif place and "default" not in _resolved(self._later, now[name]):
                yield _sentence((*place, name), "is new and has no default")
        for name in sorted(was.keys() & now.keys()):
            if name in now_required - was_required:
                yield _sentence((*place, name), "became required")
            if name in was_required - now_required:
                yield _sentence((*place, name), "is no longer required")
            yield from self.of(was[name], now[name], (*place, name), seen)

    def _alternatives(
        self, earlier: Schema, later: Schema, place: Place, seen: Seen
    ) -> Iterator[str]:
        was, now = _branches(earlier), _branches(later)
        if (_NULL in was) != (_NULL in now):
            yield _sentence(place, "may now be null" if _NULL in now else "may no longer be null")
        was, now = ([part for part in parts if part != _NULL] for parts in (was, now))
        if len(was) == len(now) == 1:
            yield from self.of(was[0], now[0], place, seen)
            return
        for part in was:
            same = (other for other in now if not any(self.of(part, other, place, seen)))
            if (match := next(same, None)) is None:
                yield _sentence(place, f"may no longer be {part}")
            else:
                now.remove(match)
        for part in now:
            yield _sentence(place, f"may now be {part}")


def _resolved(document: Schema, schema: Schema) -> Schema:
    """`schema` with its reference into `document` followed; keywords beside it count."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    target: Schema = document["$defs"][reference.removeprefix("#/$defs/")]
    beside = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
    return _resolved(document, target) | beside


def _branches(schema: Schema) -> list[Schema]:
    """The alternatives of a schema; one without alternatives is its own."""
    whole = {keyword: value for keyword, value in schema.items() if keyword not in _OF_THE_FIELD}
    branches: list[Schema] = schema.get("anyOf", [whole])
    return branches


def _types(earlier: Schema, later: Schema, place: Place) -> Iterator[str]:
    was, now = (
        {types} if isinstance(types, str) else set(types)
        for types in (earlier.get("type", ()), later.get("type", ()))
    )
    if was != now:
        yield _sentence(place, f"was {_either(was)} and is {_either(now)}")


def _vocabularies(earlier: Schema, later: Schema, place: Place) -> Iterator[str]:
    for keyword, kind in _VOCABULARIES.items():
        was, now = earlier.get(keyword), later.get(keyword)
        if was is None and now is None:
            continue
        if was is None or now is None:
            yield _sentence(place, f"{'became' if now else 'is no longer'} a {kind} vocabulary")
            continue
        for value in was:
            if value not in now:
                yield _sentence(place, f"lost the value {value!r}")
        for value in now:
            if value not in was and kind == "closed":
                yield _sentence(place, f"got the value {value!r}, and is closed")


def _keyword(keyword: str, earlier: Schema, later: Schema, place: Place) -> Iterator[str]:
    """A difference in a keyword that must stay as it is."""
    was, now = earlier.get(keyword, _ABSENT), later.get(keyword, _ABSENT)
    if "$ref" in f"{was}{now}":
        yield _sentence(place, f"{keyword} refers to other schemas, which are not compared there")
    elif was != now:
        shown = ("absent" if value is _ABSENT else repr(value) for value in (was, now))
        yield _sentence(place, f"{keyword} was {' and is '.join(shown)}")


def _either(types: set[str]) -> str:
    return " or ".join(sorted(types)) or "of any type"


def _sentence(place: Place, what: str) -> str:
    return f"{'.'.join(place) or 'the event'} {what}"
