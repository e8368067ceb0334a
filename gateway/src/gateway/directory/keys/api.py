"""The public keys over HTTP."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

routes = APIRouter(tags=["directory"])


@routes.get("/.well-known/jwks.json", summary="The keys that verify what the gateway signs")
async def jwks(request: Request) -> Response:
    keys = await request.app.state.keyring.documents()
    return Response(
        msgspec.json.encode({"keys": keys}),
        media_type="application/jwk-set+json",
        headers={"Cache-Control": "public, max-age=60"},
    )
