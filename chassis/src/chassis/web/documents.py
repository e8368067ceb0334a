"""OpenAPI for routes whose bodies and answers are msgspec structs.

FastAPI knows the routes; the schemas come from the structs themselves, so that
what is documented is what is decoded. What all routes have alike is said here:
headers, refusals by status, who is let in, and which answer leads where.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext, iter_route_contexts

from chassis.bulk import LARGEST_BULK
from chassis.fields import is_restrictable
from chassis.identity import HEADER
from chassis.problems import Problem
from chassis.web.links import link
from chassis.web.parameters import CAUSE, IDEMPOTENCY_KEY, IF_MATCH, PAGING, Parameter
from chassis.web.refusals import RESPONSES, refusals
from chassis.web.schemas import REF, Schemas, add_patch, close, patch_name, referred
from events.values import Record

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
_ETAG = {
    "description": "The version",
    "required": True,
    "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
}
_ALWAYS_SEEN = ("id", "version")
_LOCATION = {"description": "Where it is", "required": True, "schema": {"type": "string"}}
SECURITY = {"identity": {"type": "apiKey", "in": "header", "name": "Meridian-Identity"}}
assert SECURITY["identity"]["name"].lower() == HEADER


@dataclass(frozen=True, slots=True)
class _Answer:
    type_: type
    status: int
    many: bool
    item: type | None
    most: int
    problems: tuple[type[Problem], ...]
    media_type: str


_ANSWERS: list[_Answer] = []
"""What routes answer; a route knows its place here, because FastAPI lets it carry JSON only."""


def answers(
    type_: type,
    status: int = 200,
    *,
    many: bool = False,
    item: type | None = None,
    most: int = LARGEST_BULK,
    parameters: Iterable[Parameter] = (),
    problems: Iterable[type[Problem]] = (),
    media_type: str = "application/json",
) -> dict[str, Any]:
    """Keyword arguments of a route that answers `type_`, or a page of it.

    `item` is the type of the items of a bulk body, of which it has so many at the `most`;
    `parameters` are what the
    route reads by itself, `problems` what it may answer beyond what all do.
    """
    _ANSWERS.append(_Answer(type_, status, many, item, most, tuple(problems), media_type))
    taken = (*parameters, *(PAGING if many else ()))
    return {
        "status_code": status,
        "response_model": None,
        "openapi_extra": {
            "x-answer": len(_ANSWERS) - 1,
            "parameters": [parameter.document() for parameter in taken],
        },
    }


def openapi(application: FastAPI) -> dict[str, Any]:
    """The service's OpenAPI document."""
    document = get_openapi(
        title=application.title, version=application.version, routes=application.routes
    )
    described = _Described({}, set(), set())
    for route in iter_route_contexts(application.routes):
        for method in route.methods or ():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                described.describe(operation, method, route)
    components = document.setdefault("components", {})
    # FastAPI's own schemas are of errors that no route answers.
    components["schemas"] = described.schemas()
    components["responses"] = RESPONSES
    components["securitySchemes"] = SECURITY
    link(document["paths"], components["schemas"])
    return document


@dataclass(slots=True)
class _Described:
    """Operations, and the types that were met on the way."""

    types: dict[str, type]
    asked: set[str]
    """Names of what requests carry."""
    patched: set[str]

    def schemas(self) -> Schemas:
        _, found = msgspec.json.schema_components(self.types.values(), ref_template=REF)
        schemas: Schemas = {name: _clean(schema) for name, schema in found.items()}
        for name, type_ in self.types.items():
            if is_restrictable(type_):
                # A tenant's rules may keep any other field from whoever asks.
                whole, schemas[name]["required"] = schemas[name]["required"], list(_ALWAYS_SEEN)
                schemas[name]["x-required-where-seen"] = whole
        close(schemas, self.asked)
        for draft in sorted(self.patched):
            add_patch(schemas, draft)
        return {**schemas, "Problem": _PROBLEM}

    def describe(self, operation: dict[str, Any], method: str, route: RouteContext) -> None:
        answer = _ANSWERS[operation.pop("x-answer")]
        is_command = method != "GET" and _calls(route.dependant, "is_command")
        is_public = not _calls(route.dependant, "is_identifying")
        headers = [IDEMPOTENCY_KEY, *CAUSE] if is_command else []
        headers += [IF_MATCH] if method == "PATCH" else []
        parameters = operation.setdefault("parameters", [])
        parameters.extend(parameter.document() for parameter in headers)
        operation["security"] = [] if is_public else [{name: [] for name in SECURITY}]
        operation["responses"] = {str(answer.status): self._success(answer, method)} | refusals(
            method,
            answer.problems,
            is_command=is_command,
            is_public=is_public,
            names_one="{" in (route.path_format or ""),
        )
        self._body(operation, route, answer)

    def _success(self, answer: _Answer, method: str) -> dict[str, Any]:
        schema = self._schema(answer.type_)
        described: dict[str, Any] = {"description": "Done"}
        if issubclass(answer.type_, Record) and not answer.many:
            described["headers"] = {"ETag": _ETAG}
            if method == "POST" and answer.status == 201:
                described["headers"]["Location"] = _LOCATION
        if answer.many:
            schema = _page(schema)
        return described | {"content": {answer.media_type: {"schema": schema}}}

    def _body(self, operation: dict[str, Any], route: RouteContext, answer: _Answer) -> None:
        for function in _functions(route.dependant):
            body = getattr(function, "body_type", None)
            if body is None:
                continue
            schema, kind = self._schema(body, is_asked=True), "application/json"
            if answer.item is not None:
                schema = _bulk(self._schema(answer.item, is_asked=True), answer.most)
            elif getattr(function, "is_patch", False):
                kind, name = "application/merge-patch+json", referred(schema)
                assert name is not None, "a patch is that of a struct"
                self.patched.add(name)
                schema = {"$ref": REF.format(name=patch_name(name))}
            operation["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}

    def _schema(self, type_: Any, *, is_asked: bool = False) -> dict[str, Any]:
        name = getattr(type_, "__name__", str(type_))
        if not (isinstance(type_, type) and issubclass(type_, msgspec.Struct)):
            return {"type": "object"}
        if self.types.setdefault(name, type_) is not type_:
            raise TypeError(f"two types of one OpenAPI document are called {name}")
        if is_asked:
            self.asked.add(name)
        return {"$ref": REF.format(name=name)}


def _functions(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    """Every dependency of a route, whatever depends on it."""
    for dependency in dependant.dependencies:
        if dependency.call is not None:
            yield dependency.call
        yield from _functions(dependency)


def _calls(dependant: Dependant, mark: str) -> bool:
    return any(getattr(function, mark, False) for function in _functions(dependant))


def _clean(schema: dict[str, Any]) -> dict[str, Any]:
    """With the description as it reads, not as it is indented."""
    if "description" in schema:
        return schema | {"description": inspect.cleandoc(schema["description"])}
    return schema


def _page(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": item},
            "next_cursor": {"type": ["string", "null"]},
        },
        "required": ["items", "next_cursor"],
    }


def _bulk(item: dict[str, Any], most: int) -> dict[str, Any]:
    """A bulk body: what is wrong with an item is told by its own verdict."""
    partial = {
        "type": "object",
        "description": "What changes in a record that `id` or an external id names, or an item"
        " that is rejected for what it lacks",
    }
    return {
        "type": "object",
        "properties": {
            "items": {
                "type": "array",
                "items": {"anyOf": [item, partial]},
                "minItems": 1,
                "maxItems": most,
            }
        },
        "required": ["items"],
        "additionalProperties": False,
    }
