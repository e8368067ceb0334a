"""The HTTP application that every service has."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from chassis.web.application import application


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
