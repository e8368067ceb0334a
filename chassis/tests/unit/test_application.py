"""The HTTP application that every service has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from chassis.web.application import application
from chassis.web.bodies import json_body
from chassis.web.documents import answers


class Thing(msgspec.Struct):
    name: str


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async def ready() -> list[str]:
        return []

    app = application("service", ready=ready)

    @app.get("/things", **answers(Thing, many=True))
    async def list_() -> Response:
        return Response("{}")

    @app.post("/things", **answers(Thing, 201))
    async def create(thing: Any = json_body(dict[str, Any])) -> Response:  # noqa: B008
        return Response(msgspec.json.encode(thing))

    @app.get("/things/{name}", **answers(Thing))
    async def read(name: str) -> Response:
        return Response(name)

    app.state.largest_body_bytes = 1_000_000
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


async def test_a_405_tells_every_method_of_the_path(client: httpx.AsyncClient) -> None:
    answer = await client.put("/things")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("/things?colour=red", "colour"),
        ("/things?limit=1&limit=2", "limit"),
        ("/things?cursor=%00", "cursor"),
        ("/things/lamp?limit=1", "limit"),
        ("/things/l%00mp", "name"),
    ],
)
async def test_what_no_route_documents_is_refused_by_name(
    client: httpx.AsyncClient, asked: str, field: str
) -> None:
    answer = await client.get(asked)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize("query", [b"cursor=%FF", b"cursor=%ED%A0%80"])
async def test_a_query_string_that_is_no_text_is_refused(
    client: httpx.AsyncClient, query: bytes
) -> None:
    answer = await client.get(httpx.URL("http://service/things", query=query))
    assert (answer.status_code, answer.json()["title"]) == (400, "The request cannot be read")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (r'{"a": {"b": ["", "\u0000"]}}', 422, "a.b[1]"),
        (r'{"a": {"\u0000": 1}}', 422, "a"),
        (r'{"a": "\\u0000"}', 200, None),
        (r'{"a": "\ud800"}', 400, None),
        (r'"\ud83d\ude00"', 422, None),
        ("[" * 100_000, 400, None),
        ('{"a":' * 900 + r'"\u0000"' + "}" * 900, 400, None),
        ('{"a": 1' + "0" * 5_000 + "}", 400, None),
        ('{"a": 1e999}', 400, None),
        ('{"a": NaN}', 400, None),
    ],
)
async def test_odd_json_is_refused_or_read(
    client: httpx.AsyncClient, body: str, status: int, field: str | None
) -> None:
    answer = await client.post("/things", content=body)
    assert (answer.status_code, answer.json().get("field")) == (status, field)


async def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_failure_of_ours() -> None:
    async def ready() -> list[str]:
        return []

    app = application("service", ready=ready)

    @app.post("/things")
    async def create(request: Request) -> Response:
        return Response(await request.body())

    async def left() -> Message:
        return {"type": "http.disconnect"}

    sent: list[Message] = []

    async def hear(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": "/things", "raw_path": b"/things", "query_string": b"",
        "root_path": "", "headers": [(b"content-length", b"10")], "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }  # fmt: skip
    await app(scope, left, hear)
    assert sent[0]["status"] < 500
