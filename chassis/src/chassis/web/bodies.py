"""Reading request bodies: bounded, decoded by msgspec, with problems that name the field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
from fastapi import Depends
from starlette.requests import Request

from chassis.merge import converted
from chassis.problems import BodyTooLarge, InvalidRequest, MalformedRequest


async def raw_body(request: Request, largest: int | None = None) -> bytes:
    """The body; `BodyTooLarge` beyond `largest` or the service's limit, without reading on."""
    limit: int = largest or request.app.state.largest_body_bytes
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:18]) > limit:
        raise BodyTooLarge(f"at most {limit} bytes")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise BodyTooLarge(f"at most {limit} bytes")
        parts.append(part)
    request.state.body = b"".join(parts)
    return request.state.body  # type: ignore[no-any-return]


def json_body(type_: type[Any], *, largest: int | None = None) -> Any:
    """A FastAPI dependency: the JSON body as `type_`, also documented in OpenAPI.

    `largest` is how many bytes it may have, where the service's own limit is too much.
    """

    async def decode(request: Request) -> Any:
        body = await raw_body(request, largest)
        try:
            document = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedRequest(f"the body is not JSON: {error}") from error
        # PostgreSQL stores no NUL in text; better a clear answer than a failed statement.
        if b"\\u0000" in body and (place := _nul(document, "")) is not None:
            raise InvalidRequest("a text has no NUL character", field=place or None)
        return converted(document, type_)

    return _documented(decode, type_)


def patch_body(draft: type[msgspec.Struct]) -> Any:
    """A FastAPI dependency: a merge patch (RFC 7386) of `draft`, as a plain dict."""
    dependency = json_body(dict[str, Any])
    dependency.dependency.body_type = draft
    dependency.dependency.is_patch = True
    return dependency


def _nul(document: Any, place: str) -> str | None:
    """The path of a text with a NUL character, "" for the whole; None where there is none."""
    if isinstance(document, str):
        return place if "\x00" in document else None
    parts: Iterable[tuple[str, Any]] = ()
    if isinstance(document, dict):
        parts = ((f"{place}.{key}" if place else key, part) for key, part in document.items())
        if any("\x00" in key for key in document):
            return place
    elif isinstance(document, list):
        parts = ((f"{place}[{number}]", part) for number, part in enumerate(document))
    found = (_nul(part, name) for name, part in parts)
    return next((name for name in found if name is not None), None)


def _documented(decode: Callable[[Request], Awaitable[Any]], type_: Any) -> Any:
    decode.body_type = type_  # type: ignore[attr-defined]
    return Depends(decode)
