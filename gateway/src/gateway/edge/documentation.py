"""The description of the API at `/openapi.json`, and a viewer of it at `/docs`.

The viewer's files come with an installed package: the page needs no other host.
"""

from __future__ import annotations

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from gateway.edge.description import Description

_ASSETS = "/docs/assets"


def answers(method: str, path: str) -> bool:
    """Whether a request is for these pages."""
    return method == "GET" and (
        path in ("/openapi.json", "/docs") or path.startswith(f"{_ASSETS}/")
    )


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

    return Starlette(
        routes=[
            Route("/openapi.json", openapi),
            Route("/docs", viewer),
            Mount(_ASSETS, StaticFiles(packages=[("fastapi_offline", "static")])),
        ]
    )
