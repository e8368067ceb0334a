"""Which problems a route may answer, by status: said of all routes in one place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chassis.problems import (
    BodyTooLarge,
    Conflict,
    DeadlinePassed,
    EditConflict,
    Erased,
    Forbidden,
    InvalidRequest,
    MalformedRequest,
    NotFound,
    Problem,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from chassis.web.schemas import REF

_KINDS: tuple[type[Problem], ...] = (
    MalformedRequest,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    Erased,
    EditConflict,
    BodyTooLarge,
    InvalidRequest,
    TooManyRequests,
    Unavailable,
    DeadlinePassed,
)
_RETRY_AFTER = {
    "description": "Seconds to wait",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9]+$"},
}
_RETRIED = (TooManyRequests, Unavailable, DeadlinePassed)


def response_of(kind: type[Problem]) -> dict[str, Any]:
    """How a problem is answered."""
    described: dict[str, Any] = {
        "description": kind.title,
        "content": {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}},
    }
    return described | ({"headers": {"Retry-After": _RETRY_AFTER}} if kind in _RETRIED else {})


RESPONSES = {kind.__name__: response_of(kind) for kind in _KINDS}
"""The components that `refusals` refers to: every problem reads the same."""


def refusals(
    method: str,
    problems: Iterable[type[Problem]] = (),
    *,
    is_command: bool,
    is_public: bool,
    names_one: bool,
) -> dict[str, Any]:
    """The responses of an operation that are problems, by status.

    `problems` are its own beyond those of all like it; `names_one` says that its
    path names a record.
    """
    problems = set(problems)
    assert problems <= set(_KINDS), "a kind of problem is said once, of all routes"
    kinds = {MalformedRequest, InvalidRequest, Unavailable, DeadlinePassed, *problems}
    if not is_public:
        kinds |= {Unauthenticated, Forbidden}
    if names_one:
        kinds.add(NotFound)
    if method != "GET":
        kinds |= {Conflict, BodyTooLarge}
    if is_command:
        kinds.add(Erased)
    if method == "PATCH":
        kinds.add(EditConflict)
    return responses_of(kinds)


def responses_of(kinds: Iterable[type[Problem]]) -> dict[str, Any]:
    """References to the responses of these problems, by status."""
    return {
        str(kind.status): {"$ref": f"#/components/responses/{kind.__name__}"}
        for kind in sorted(kinds, key=lambda kind: kind.status)
    }
