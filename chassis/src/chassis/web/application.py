"""The HTTP application of a service: problems, deadlines, tracing, metrics, probes, OpenAPI."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.database import PASSING_FAILURES
from chassis.fields import discreet
from chassis.problems import (
    InvalidRequest,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unavailable,
)
from chassis.telemetry import RequestSpan, RequestTimes
from chassis.web.deadlines import Deadlined
from chassis.web.documents import openapi
from chassis.web.parameters import KNOWN_PARAMETERS
from chassis.web.problems import problem_response

log = logging.getLogger(__name__)
Probe = Callable[[], Awaitable[list[str]]]


def application(service: str, *, version: str = "1", ready: Probe) -> FastAPI:
    """An empty application with the habits of all services.

    `ready` answers what is missing, in words; nothing means ready.
    """
    app = FastAPI(
        title=f"Meridian {service}",
        version=version,
        docs_url=None,
        redoc_url=None,
        dependencies=[KNOWN_PARAMETERS],
    )
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]
    app.add_middleware(Deadlined)
    app.add_middleware(Observed, service=service)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(RecursionError, _too_deep)
    app.add_exception_handler(Exception, _unexpected)
    for failure in PASSING_FAILURES:
        app.add_exception_handler(failure, _passing)

    @app.get("/livez", include_in_schema=False)
    async def livez() -> Response:
        return Response("ok", media_type="text/plain")

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        missing = await ready()
        body = "\n".join(missing) or "ok"
        return Response(body, 503 if missing else 200, media_type="text/plain")

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})

    return app


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(discreet(getattr(request.state, "identity", None), error))


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return problem_response(InvalidRequest(first["msg"], field=where or None))


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problem: Problem
    match error.status_code:
        case 404:
            problem = NotFound("there is no such path")
        case 405:
            problem = MethodNotAllowed("this path has other methods")
        case status:
            problem = Problem(str(error.detail))
            problem.status, problem.title = status, str(error.detail)
    problem.headers |= error.headers or {}
    if error.status_code == 405:
        problem.headers["Allow"] = ", ".join(_methods_of(request))
    return problem_response(problem)


def _methods_of(request: Request) -> list[str]:
    """What may be done at the path of a request: each method has a route of its own."""
    return sorted(
        {
            method
            for route in iter_route_contexts(request.app.routes)
            if route.matches(request.scope)[0] is not Match.NONE
            for method in route.methods or ()
        }
    )


async def _passing(_: Request, error: Exception) -> Response:
    log.warning("the store is away: %s", error)
    return problem_response(Unavailable("the store of this service is not available"))


async def _gone(_: Request, __: Exception) -> Response:
    """Whoever asked has left before saying all; nobody hears this."""
    return Response(status_code=400)


async def _too_deep(_: Request, error: Exception) -> Response:
    """JSON that can just be read may be too deep for what follows."""
    log.warning("a request is nested too deeply", exc_info=error)
    return problem_response(MalformedRequest("the body is nested too deeply"))


async def _unexpected(_: Request, error: Exception) -> Response:
    log.error("a request failed", exc_info=error)
    problem = Problem("the error is logged under this traceId")
    problem.status, problem.title = 500, "Something went wrong on our side"
    return problem_response(problem)


class Observed:
    """Spans and metrics around every request, as plain ASGI."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self.app = app
        self._times = RequestTimes(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def observing(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with RequestSpan(f"{scope['method']} {scope['path']}", scope["headers"]):
            try:
                await self.app(scope, receive, observing)
            finally:
                route: Any = scope.get("route")
                self._times.observe(
                    scope["method"],
                    getattr(route, "path_format", getattr(route, "path", "-")),
                    status,
                    time.perf_counter() - started,
                )
