"""The routes of the document as the operations that a client offers."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from cli.openapi.models import body_type
from cli.openapi.types import NotUnderstood, Schema, annotation, name_in

HEADERS = {
    "Idempotency-Key": "idempotency_key",
    "If-Match": "if_match",
    "Meridian-Reason": "reason",
}
"""What a client may say in headers, and the parameters that it says it by."""
READ_AFTER = "Meridian-Read-After"
_PAGING = ("limit", "cursor")
_OPERATORS = re.compile(r"/v1/operations/(\w+)/")
_NAMES = {
    "GET /v1/customers/{id}/360": "read_360",
    "GET /v1/me": "read",
    "POST /v1/me/totp": "enrol_totp",
    "POST /v1/me/totp/confirm": "confirm_totp",
    "GET /v1/sessions": "list",
    "POST /v1/users/{id}/invitation": "invitation",
    "GET /v1/users/{id}/sessions": "sessions",
    "DELETE /v1/users/{id}/sessions": "end_sessions",
    "DELETE /v1/users/{id}/totp": "reset_totp",
}
"""Names for routes whose functions are called after something else than the resource."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What the API calls it, what Python calls it, and its type."""

    wire: str
    python: str
    type: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One route. `page_of` and `items` are types, where it is a list or takes any number.

    `body` is None without one; `needs_body` says whether it may be left out.
    """

    resource: str
    name: str
    summary: str
    method: str
    path: str
    places: tuple[Parameter, ...]
    query: tuple[Parameter, ...]
    headers: tuple[Parameter, ...]
    answer: str
    page_of: str | None
    items: str | None
    body: str | None
    needs_body: bool
    reads_own_writes: bool


def operations(document: dict[str, Any]) -> list[Operation]:
    """All operations, by resource and in the order of their paths.

    What every service has for operators is one operation with the service as a parameter.
    """
    found: dict[tuple[str, str], Operation] = {}
    services: dict[tuple[str, str], list[str]] = {}
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            operation = _operation(path, method, described, document["components"]["schemas"])
            key = operation.resource, operation.name
            of_operators = _OPERATORS.match(path)
            if of_operators is not None:
                services.setdefault(key, []).append(of_operators[1])
            elif key in found:
                raise NotUnderstood(f"{method} {path} needs a name: {'.'.join(key)} is another")
            found[key] = operation
    for key, names in services.items():
        found[key] = _of_any(found[key], names)
    return sorted(found.values(), key=lambda operation: operation.resource)


def _of_any(operation: Operation, services: list[str]) -> Operation:
    service = Parameter("service", "service", f"Literal[{', '.join(map(repr, services))}]")
    path = _OPERATORS.sub("/v1/operations/{service}/", operation.path)
    return replace(operation, path=path, places=(service, *operation.places))


def _operation(
    path: str, method: str, described: dict[str, Any], schemas: dict[str, Schema]
) -> Operation:
    resource = _resource(path)
    answer = _answer(described)
    body = _body(described)
    query = [_parameter(one, "query") for one in _in("query", described)]
    headers = {one["name"] for one in _in("header", described)}
    page_of = _page_of(answer, query)
    return Operation(
        resource=resource,
        name=_name(path, method, described),
        summary=described["summary"].rstrip("."),
        method=method.upper(),
        path=path,
        places=tuple(_parameter(one, "path") for one in _in("path", described)),
        query=tuple(one for one in query if page_of is None or one.wire not in _PAGING),
        headers=tuple(
            Parameter(wire, python, _header_type(wire))
            for wire, python in HEADERS.items()
            if wire in headers
        ),
        answer=annotation(answer, "models."),
        page_of=page_of,
        items=_items(body) if path.endswith("/bulk") else None,
        body=None if body is None else " | ".join(body_type(body)),
        needs_body=body is not None and _is_required(body, schemas),
        reads_own_writes=READ_AFTER in headers,
    )


def _in(place: str, described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (one for one in described.get("parameters", ()) if one["in"] == place)


def _resource(path: str) -> str:
    first = path.removeprefix("/v1").split("/")[1]
    return re.sub(r"\W+", "_", first).strip("_")


def _name(path: str, method: str, described: dict[str, Any]) -> str:
    """What the function is called that answers the route, unless it has a better name."""
    if path.endswith("/bulk"):
        return "bulk"
    suffix = re.sub(r"\W", "_", path) + f"_{method}"
    name: str = described["operationId"].removesuffix(suffix).strip("_")
    return _NAMES.get(f"{method.upper()} {path}", name)


def _parameter(described: dict[str, Any], place: str) -> Parameter:
    wire = described["name"]
    python = re.sub(r"\W", "_", wire)
    type_ = annotation(described["schema"])
    if type_.startswith("list["):
        # One value, or several.
        type_ = "Filter"
    elif type_ in ("str", "UUID"):
        # An id is an id, as text or not; what else text may be, the API knows.
        type_ = "Id" if place == "path" or type_ == "UUID" else "Filter"
    return Parameter(wire, f"{python}_" if keyword.iskeyword(python) else python, type_)


def _header_type(wire: str) -> str:
    return "int | str" if wire == "If-Match" else "str"


def _answer(described: dict[str, Any]) -> Schema:
    for status, response in described["responses"].items():
        if status.startswith("2"):
            for content in response.get("content", {}).values():
                schema: Schema = content["schema"]
                return schema
    raise NotUnderstood(f"{described['operationId']} never succeeds")


def _body(described: dict[str, Any]) -> Schema | None:
    for content in described.get("requestBody", {}).get("content", {}).values():
        schema: Schema = content["schema"]
        return schema
    return None


def _items(body: Schema | None) -> str:
    if body is None:
        raise NotUnderstood("a bulk request without a body")
    return " | ".join(body_type(body["properties"]["items"]["items"]))


def _page_of(answer: Schema, query: list[Parameter]) -> str | None:
    """The type of the records where the answer is a page of many."""
    items = answer.get("properties", {}).get("items")
    if items is None or "cursor" not in [one.wire for one in query]:
        return None
    return annotation(items["items"], "models.")


def _is_required(body: Schema, schemas: dict[str, Schema]) -> bool:
    """Whether the body must say something."""
    if "$ref" in body:
        return bool(schemas[name_in(body["$ref"])].get("required"))
    return True
