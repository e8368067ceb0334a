"""One OpenAPI document of all services, made of theirs."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from chassis.problems import Problem, TooManyRequests
from chassis.web.refusals import response_of, responses_of
from gateway.edge.routing import GATEWAY, SERVICES, is_public, owner_of
from gateway.edge.upstreams import UpstreamBroken, Upstreams

Document = dict[str, Any]

_DEADLINE_SECONDS = 3
_FRESH_SECONDS = 60
_FRESH_SECONDS_WHILE_INCOMPLETE = 3

_OF_THE_EDGE = (TooManyRequests, UpstreamBroken)
"""What the edge answers beyond what any service does."""

_REF = re.compile(r'"#/components/schemas/([^"]+)"')
_PARAMETER = re.compile(r"\{\w+\}")


class Description:
    """The document, asked of the services now and then.

    A service that does not answer is described as it last was, or not at all
    until it answers.
    """

    def __init__(self, upstreams: Upstreams, own: Callable[[], Document]) -> None:
        self._upstreams = upstreams
        self._own = own
        self._known: dict[str, Document] = {}
        self._json = b""
        self._methods: list[tuple[re.Pattern[str], list[str]]] = []
        self._fresh_until = 0.0
        self._asking = asyncio.Lock()

    async def json(self) -> bytes:
        """The document as JSON."""
        async with self._asking:
            if time.monotonic() >= self._fresh_until:
                answers = await asyncio.gather(*map(self._ask, SERVICES))
                is_complete = all(answers)
                document = united({GATEWAY: self._own()} | self._known)
                self._json = msgspec.json.encode(document)
                self._methods = list(_methods(document["paths"]))
                self._fresh_until = time.monotonic() + (
                    _FRESH_SECONDS if is_complete else _FRESH_SECONDS_WHILE_INCOMPLETE
                )
        return self._json

    async def methods_at(self, path: str) -> list[str]:
        """What may be done at a path as it comes; nothing where none is described."""
        known = self._known_at(path)
        if not known:
            await self.json()
            known = self._known_at(path)
        return known

    def _known_at(self, path: str) -> list[str]:
        return next((methods for form, methods in self._methods if form.fullmatch(path)), [])

    async def _ask(self, service: str) -> bool:
        """Keep what `service` says of itself; whether it answered."""
        try:
            status, body = await self._upstreams[service].read(
                "/openapi.json", seconds=_DEADLINE_SECONDS
            )
            if status != 200:
                return False
            self._known[service] = msgspec.json.decode(body, type=Document)
        except (Problem, msgspec.DecodeError):
            return False
        return True


def united(documents: Mapping[str, Document]) -> Document:
    """One document of `documents` by service, of those paths that the gateway routes there.

    Schemas that differ but have one name get the service's name before theirs.
    """
    paths: Document = {}
    schemas: Document = {}
    responses: Document = {kind.__name__: response_of(kind) for kind in _OF_THE_EDGE}
    for service, document in sorted(documents.items()):
        renamed = _renamed(service, document, schemas)
        schemas |= renamed.get("components", {}).get("schemas", {})
        responses |= renamed.get("components", {}).get("responses", {})
        for path, operations in renamed.get("paths", {}).items():
            if (owner_of(path) or GATEWAY) == service:
                paths[path] = _at_the_door(path, operations)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Meridian", "version": "1", "description": "The public API."},
        "security": [{"bearer": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": dict(sorted(responses.items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _methods(paths: Document) -> Iterator[tuple[re.Pattern[str], list[str]]]:
    """The form of each path with its methods, those first that name what others leave open."""
    for path in sorted(paths, key=lambda path: path.count("{")):
        form = "[^/]+".join(map(re.escape, _PARAMETER.split(path)))
        yield re.compile(form), sorted(method.upper() for method in paths[path])


def _at_the_door(path: str, operations: Document) -> Document:
    """The operations of a path as they are here: let in by token, and within limits."""
    example = _PARAMETER.sub("x", path)
    return {
        method: {
            **{key: value for key, value in operation.items() if key != "security"},
            **({"security": []} if is_public(method.upper(), example) else {}),
            "responses": operation["responses"] | responses_of(_OF_THE_EDGE),
        }
        for method, operation in operations.items()
    }


def _renamed(service: str, document: Document, taken: Mapping[str, Any]) -> Document:
    """The document with names for its schemas that mean the same as in `taken`, or are new."""
    own = document.get("components", {}).get("schemas", {})
    clashing = {name for name, schema in own.items() if taken.get(name, schema) != schema}
    # What refers to a renamed schema is another schema too, though it reads the same.
    while more := {
        name
        for name in own.keys() - clashing
        if name in taken and clashing.intersection(_references(own[name]))
    }:
        clashing |= more
    if not clashing:
        return document
    names = {name: f"{service.capitalize()}{name}" for name in clashing}
    text = _REF.sub(
        lambda found: f'"#/components/schemas/{names.get(found[1], found[1])}"',
        json.dumps(document),
    )
    renamed: Document = json.loads(text)
    renamed["components"]["schemas"] = {
        names.get(name, name): schema for name, schema in renamed["components"]["schemas"].items()
    }
    return renamed


def _references(schema: object) -> Iterator[str]:
    yield from _REF.findall(json.dumps(schema))
