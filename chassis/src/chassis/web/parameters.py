"""What routes take beside a body: how it is documented, and that nothing else is taken.

A query string is read alike everywhere: a parameter that the route does not
document, one that is given twice and one with a NUL character are refused by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import unquote_to_bytes
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request

from chassis.paging import DEFAULT_LIMIT, LARGEST_LIMIT
from chassis.problems import InvalidRequest, MalformedRequest
from chassis.web.schemas import TEXT

_SCHEMAS: Mapping[type, dict[str, Any]] = {
    UUID: {"type": "string", "format": "uuid"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    bool: {"type": "boolean"},
    # Commas stand between values.
    str: {"type": "string", "pattern": r"^[^,\u0000]*$"},
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter or a header; of `several` values, commas stand between them."""

    name: str
    schema: Mapping[str, Any]
    description: str = ""
    place: Literal["query", "header"] = "query"
    several: bool = False
    required: bool = False

    def document(self) -> dict[str, Any]:
        """The parameter as OpenAPI describes it."""
        described: dict[str, Any] = {
            "name": self.name,
            "in": self.place,
            "required": self.required,
        }
        if self.description:
            described["description"] = self.description
        if self.several:
            items = {"type": "array", "items": dict(self.schema), "minItems": 1}
            return described | {"schema": items, "style": "form", "explode": False}
        return described | {"schema": dict(self.schema)}


def schema_of(type_: type) -> Mapping[str, Any]:
    """How a value of this type is written in a query string."""
    return _SCHEMAS[type_]


PAGING = (
    Parameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
        "how many at the most",
    ),
    Parameter(
        "cursor",
        {"type": "string", "pattern": "^[A-Za-z0-9_=-]*$"},
        "`next_cursor` of the page before; none for the first",
    ),
)
"""What every list takes."""

AS_OF = Parameter(
    "as_of",
    schema_of(datetime),
    "as it was recorded at this time, with its offset; as it is, without",
)
"""The parameter of routes that read one record."""

AT = Parameter(
    "at",
    schema_of(datetime),
    "the moment that is asked about, with its offset; now, without",
)

EXTERNAL_ID = Parameter(
    "external_id",
    {"type": "string", "pattern": r"^[^:\u0000]+:[^:\u0000]+:[^\u0000]+$"},
    "the record that another system calls so: `system:type:id`",
)
SEARCH = Parameter("q", TEXT, "words, each of them anywhere in it")

LONGEST_HEADER = 200
"""Characters of what a command says of itself in a header."""

# Spaces around a value belong to nobody: servers drop them.
_PLAIN = rf"^[!-~]([ -~]{{0,{LONGEST_HEADER - 2}}}[!-~])?$"
_SAID = {"type": "string", "maxLength": LONGEST_HEADER}

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    {"type": "string", "pattern": _PLAIN},
    "a request that is repeated with its key is carried out once, and answered alike",
    "header",
)
CAUSE = (
    Parameter(
        "Meridian-Reason",
        _SAID,
        "why, as the history will say; UTF-8",
        "header",
    ),
    Parameter(
        "Meridian-Correlation",
        _SAID,
        "what this belongs to, as its events will say; UTF-8",
        "header",
    ),
    Parameter(
        "Meridian-Origin",
        _SAID,
        "the system that the change comes from; UTF-8",
        "header",
    ),
)
"""What every command may say of itself."""

IF_MATCH = Parameter(
    "If-Match",
    {
        "type": "string",
        "anyOf": [{"enum": ["*"]}, {"pattern": r'^(W/)?"[0-9]{1,18}"$'}],
    },
    "the ETag that was read: what others have changed in the same fields since is a conflict",
    "header",
)

READ_AFTER = Parameter(
    "Meridian-Read-After",
    {"type": "string", "pattern": r"^([a-z_.]+/[0-9a-f-]{36}@[0-9]{1,18}(, ?)?)*$"},
    "what `Meridian-Written` said of writes: the answer waits until it includes them",
    "header",
)


async def known_parameters(request: Request) -> None:
    """Raise `InvalidRequest` for what the route does not document, and what cannot be meant."""
    for name, value in request.path_params.items():
        if "\x00" in str(value):
            raise InvalidRequest("a path has no NUL character", field=name)
    query: bytes = request.scope["query_string"]
    if query:
        _require_utf8(query)
        _check(request.query_params.multi_items(), _documented(request.scope["route"]))


KNOWN_PARAMETERS: Any = Depends(known_parameters)


def _require_utf8(query: bytes) -> None:
    """What is no text would be taken for another one: a replacement character, or mojibake."""
    try:
        query.decode("ascii")
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        raise MalformedRequest("a query string is UTF-8, percent-encoded") from None


def _documented(route: Any) -> list[str]:
    extra = getattr(route, "openapi_extra", None) or {}
    return [one["name"] for one in extra.get("parameters", ()) if one["in"] == "query"]


def _check(given: Iterable[tuple[str, str]], known: list[str]) -> None:
    seen = set()
    for name, value in given:
        if name not in known:
            some = f"known are {', '.join(known)}" if known else "there are none here"
            raise InvalidRequest(f"unknown parameter; {some}", field=name)
        if name in seen:
            raise InvalidRequest("given twice", field=name)
        if "\x00" in value:
            raise InvalidRequest("a parameter has no NUL character", field=name)
        seen.add(name)
