"""Signing in over HTTP."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.journal import encoder
from chassis.web.bodies import json_body
from chassis.web.documents import answers
from gateway.directory.sessions.session import SignedIn, SignIn

routes = APIRouter(prefix="/v1", tags=["directory"])


@routes.post("/sessions", summary="Sign in", **answers(SignedIn, 201))
async def sign_in(request: Request, body: SignIn = json_body(SignIn)) -> Response:
    """Answers an access token, to be sent as `Authorization: Bearer ...`."""
    session = await request.app.state.reception.sign_in(body)
    return Response(
        encoder.encode(session),
        201,
        {"Cache-Control": "no-store"},
        media_type="application/json",
    )
