"""The operations as Python: a class for each resource, with an event loop or without."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from cli.openapi.operations import Operation, Parameter


@dataclass(frozen=True, slots=True)
class Style:
    """How the two modules differ."""

    prefix: str
    define: str
    wait: str
    iterator: str
    transport: str
    module: str
    sentence: str


ASYNCHRONOUS = Style(
    prefix="Async",
    define="async def",
    wait="await ",
    iterator="AsyncIterator",
    transport="Transport",
    module="meridian_client.transport",
    sentence="Every route of the API, awaited.",
)
SYNCHRONOUS = Style(
    prefix="",
    define="def",
    wait="",
    iterator="Iterator",
    transport="BlockingTransport",
    module="meridian_client.blocking",
    sentence="Every route of the API, waited for.",
)


def resources(found: Sequence[Operation], style: Style) -> str:
    """The module of all resources."""
    grouped = [(name, list(group)) for name, group in groupby(found, attrgetter("resource"))]
    parts = [_header(style)]
    parts += [_resource(name, group, style) for name, group in grouped]
    parts.append(_root([name for name, _ in grouped], style))
    return "\n\n".join(parts)


def _header(style: Style) -> str:
    names = "LARGEST_CHUNK, LARGEST_PAGE, Filter, Id, segment, tag"
    if style.module == "meridian_client.transport":
        imports = f"from {style.module} import {names}, {style.transport}"
    else:
        imports = (
            f"from {style.module} import {style.transport}\n"
            f"from meridian_client.transport import {names}"
        )
    return f'''\
"""{style.sentence} Written by `./meridian language` of clients/openapi.json."""

from __future__ import annotations

import datetime as dt
from collections.abc import {style.iterator}, Iterable, Mapping
from typing import Any, Literal

from meridian_client.generated import models
{imports}
'''


def _resource(name: str, group: list[Operation], style: Style) -> str:
    lines = [
        f"class {_class(name, style)}:",
        f'    """What is under `{_below(group)}`."""',
        "",
        f"    def __init__(self, transport: {style.transport}) -> None:",
        "        self._transport = transport",
    ]
    for operation in group:
        lines += ["", *_method(operation, style)]
    return "\n".join(lines) + "\n"


def _root(names: list[str], style: Style) -> str:
    lines = [
        f"class {style.prefix}Resources:",
        '    """The resources of the API, each under its name."""',
        "",
        f"    def __init__(self, transport: {style.transport}) -> None:",
    ]
    lines += [f"        self.{name} = {_class(name, style)}(transport)" for name in names]
    return "\n".join(lines) + "\n"


def _class(resource: str, style: Style) -> str:
    return style.prefix + resource.title().replace("_", "")


def _below(group: list[Operation]) -> str:
    return "/".join(group[0].path.split("/")[:3])


def _method(operation: Operation, style: Style) -> Iterator[str]:
    says = f'        """{operation.summary}."""'
    arguments = ", ".join(["self", *_arguments(operation)])
    if operation.items is not None:
        yield f"    def bulk({arguments}) -> {style.iterator}[models.Verdict]:"
        yield '        """Create or change any number: a verdict for each item, in their order."""'
        path = _path(operation).replace("/bulk", "")
        yield f"        return self._transport.verdicts({path}, items, chunk, in_flight)"
        return
    if operation.page_of is not None:
        answer = f"{style.iterator}[{operation.page_of}]"
        yield f"    def {operation.name}({arguments}) -> {answer}:"
        yield says
        given = [_path(operation), operation.page_of, _query(operation), "page_size"]
        yield f"        return self._transport.each({', '.join(given)})"
        return
    yield f"    {style.define} {operation.name}({arguments}) -> {operation.answer}:"
    yield says
    yield f"        return {style.wait}self._transport.{_call(operation)}"


def _arguments(operation: Operation) -> Iterator[str]:
    yield from (f"{place.python}: {place.type}" for place in operation.places)
    if operation.items is not None:
        yield f"items: Iterable[{operation.items}]"
        yield "*, chunk: int = LARGEST_CHUNK, in_flight: int = 3"
        return
    if operation.body is not None:
        name = "patch" if operation.method == "PATCH" else "body"
        optional = not operation.needs_body and operation.method != "PATCH"
        yield f"{name}: {operation.body}{' | None = None' if optional else ''}"
    named = [f"{one.python}: {one.type} | None = None" for one in _named(operation)]
    if operation.page_of is not None:
        named.append("page_size: int = LARGEST_PAGE")
    if named:
        yield "*"
        yield from named


def _named(operation: Operation) -> Iterator[Parameter]:
    yield from operation.query
    yield from operation.headers


def _call(operation: Operation) -> str:
    if operation.reads_own_writes:
        given = [_path(operation), operation.answer, _query(operation)]
        return f"read_own_writes({', '.join(given)})"
    given = [repr(operation.method), _path(operation), operation.answer]
    if operation.query:
        given.append(f"query={_query(operation)}")
    if operation.method == "PATCH":
        given.append("body=patch")
    elif operation.body is not None:
        given.append("body=body" if operation.needs_body else "body={} if body is None else body")
    if operation.headers:
        given.append(f"headers={_headers(operation)}")
    return f"send({', '.join(given)})"


def _path(operation: Operation) -> str:
    python = {place.wire: place.python for place in operation.places}
    filled = re.sub(r"\{(\w+)\}", lambda found: f"{{segment({python[found[1]]})}}", operation.path)
    return f'f"{filled}"' if python else f'"{filled}"'


def _query(operation: Operation) -> str:
    return f"{{{', '.join(f'{one.wire!r}: {one.python}' for one in operation.query)}}}"


def _headers(operation: Operation) -> str:
    values = {
        one.wire: f"tag({one.python})" if one.wire == "If-Match" else one.python
        for one in operation.headers
    }
    return f"{{{', '.join(f'{wire!r}: {value}' for wire, value in values.items())}}}"
