"""The descriptions of what Meridian says and understands, open to everybody.

- `/openapi.json` is the API, and `/docs` a viewer of it, whose files come with an
  installed package: the page needs no other host;
- `/asyncapi.json` is all events, `/schemas/<type>.json` one type: what events
  name in `dataschema`.
"""

from __future__ import annotations

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from chassis.problems import NotFound
from chassis.web.problems import problem_response
from events.contract.documents import asyncapi_document, schema_document
from gateway.edge.description import Description

_ASSETS = "/docs/assets"
_SCHEMAS = "/schemas"
_PAGES = ("/openapi.json", "/docs", "/asyncapi.json")


def answers(method: str, path: str) -> bool:
    """Whether a request is for these pages."""
    return method == "GET" and (path in _PAGES or path.startswith((f"{_ASSETS}/", f"{_SCHEMAS}/")))


def documentation(description: Description) -> Starlette:
    """The pages as an ASGI application."""

    async def openapi(_: Request) -> Response:
        return Response(await description.json(), media_type="application/json")

    async def viewer(_: Request) -> Response:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Meridian",
            swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{_ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{_ASSETS}/favicon.png",
        )

    async def asyncapi(_: Request) -> Response:
        return Response(asyncapi_document(), media_type="application/json")

    async def schema(request: Request) -> Response:
        found = schema_document(request.path_params["type"])
        if found is None:
            raise HTTPException(404)
        return Response(found, media_type="application/schema+json")

    async def nothing(_request: Request, _: Exception) -> Response:
        return problem_response(NotFound("there is no such page"))

    return Starlette(
        routes=[
            Route("/openapi.json", openapi),
            Route("/asyncapi.json", asyncapi),
            Route(f"{_SCHEMAS}/{{type}}.json", schema),
            Route("/docs", viewer),
            Mount(_ASSETS, StaticFiles(packages=[("fastapi_offline", "static")])),
        ],
        exception_handlers={404: nothing},
    )
