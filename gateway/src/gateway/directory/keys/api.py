"""The public keys over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.web.documents import answers

routes = APIRouter(tags=["directory"])


MEDIA_TYPE = "application/jwk-set+json"


class KeySet(msgspec.Struct):
    """A JWK Set (RFC 7517)."""

    keys: list[dict[str, Any]]


@routes.get(
    "/.well-known/jwks.json",
    summary="The keys that verify what the gateway signs",
    **answers(KeySet, media_type=MEDIA_TYPE),
)
async def jwks(request: Request) -> Response:
    keys = await request.app.state.keyring.documents()
    return Response(
        msgspec.json.encode(KeySet(keys)),
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "public, max-age=60"},
    )
