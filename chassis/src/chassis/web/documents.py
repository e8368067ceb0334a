"""OpenAPI for routes whose bodies and answers are msgspec structs.

FastAPI knows the routes; the schemas come from the structs themselves, so that
what is documented is what is decoded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext, iter_route_contexts

_REF = "#/components/schemas/{name}"
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "traceId": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}


@dataclass(frozen=True, slots=True)
class _Answer:
    type_: type
    status: int
    many: bool
    item: type | None


_ANSWERS: list[_Answer] = []
"""What routes answer; a route knows its place here, because FastAPI lets it carry JSON only."""


def answers(
    type_: type,
    status: int = 200,
    *,
    many: bool = False,
    item: type | None = None,
    parameters: Iterable[str] = (),
) -> dict[str, Any]:
    """Keyword arguments of a route that answers `type_`, or a page of it.

    `item` is the type of the items of a bulk body; `parameters` are query
    parameters that the route reads by itself.
    """
    _ANSWERS.append(_Answer(type_, status, many, item))
    named = [_parameter(name, "query") for name in (*parameters, *(_PAGING if many else ()))]
    return {
        "status_code": status,
        "response_model": None,
        "openapi_extra": {"x-answer": len(_ANSWERS) - 1, "parameters": named},
    }


_PAGING = ("limit", "cursor")
_HEADERS = {
    "POST": ("Idempotency-Key",),
    "PATCH": ("Idempotency-Key", "If-Match"),
    "DELETE": ("Idempotency-Key", "Meridian-Reason"),
}


def _parameter(name: str, place: str) -> dict[str, Any]:
    kind = "integer" if name == "limit" else "string"
    return {"name": name, "in": place, "required": False, "schema": {"type": kind}}


def openapi(application: FastAPI) -> dict[str, Any]:
    """The service's OpenAPI document."""
    document = get_openapi(
        title=application.title, version=application.version, routes=application.routes
    )
    types: dict[str, type] = {}
    for route in iter_route_contexts(application.routes):
        for method in route.methods or ():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                _describe(operation, method, route, types)
    _, components = msgspec.json.schema_components(types.values(), ref_template=_REF)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    # FastAPI's own errors, which no route answers.
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update(components)
    schemas["Problem"] = _PROBLEM
    return document


def _describe(
    operation: dict[str, Any], method: str, route: RouteContext, types: dict[str, type]
) -> None:
    headers = _HEADERS.get(method, ())
    operation.setdefault("parameters", []).extend(_parameter(name, "header") for name in headers)
    place = operation.pop("x-answer", None)
    answer = _ANSWERS[place] if place is not None else None
    if answer is not None:
        schema = _schema(answer.type_, types)
        if answer.many:
            schema = _page(schema)
        operation["responses"] = {
            str(answer.status): {
                "description": "Done",
                "content": {"application/json": {"schema": schema}},
            }
        }
    operation.setdefault("responses", {})["default"] = {
        "description": "A problem (RFC 9457)",
        "content": {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}},
    }
    operation["responses"].pop("422", None)
    for dependant in route.dependant.dependencies:
        body = getattr(dependant.call, "body_type", None)
        if body is None:
            continue
        patch = getattr(dependant.call, "is_patch", False)
        schema = _schema(body, types)
        if answer is not None and answer.item is not None:
            items = {"type": "array", "items": _schema(answer.item, types)}
            schema = {
                "type": "object",
                "properties": {"items": items},
                "required": ["items"],
            }
        kind = "application/merge-patch+json" if patch else "application/json"
        operation["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}


def _schema(type_: Any, types: dict[str, type]) -> dict[str, Any]:
    name = getattr(type_, "__name__", str(type_))
    if not (isinstance(type_, type) and issubclass(type_, msgspec.Struct)):
        return {"type": "object"}
    if types.setdefault(name, type_) is not type_:
        raise TypeError(f"two types of one OpenAPI document are called {name}")
    return {"$ref": _REF.format(name=name)}


def _page(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": item},
            "next_cursor": {"type": ["string", "null"]},
        },
        "required": ["items", "next_cursor"],
    }
