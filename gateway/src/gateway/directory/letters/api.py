"""The way back in for who forgot the password, over HTTP."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from chassis.journal import encoder
from chassis.problems import NotFound, TooManyRequests
from chassis.web.bodies import json_body
from chassis.web.documents import answers
from gateway.directory.letters.letter import ResetAsked, ResetRequest
from gateway.directory.letters.use_cases import ask_for_reset
from gateway.directory.users.user import folded

routes = APIRouter(prefix="/v1", tags=["directory"])


@routes.post(
    "/password-resets",
    summary="Ask for a new password",
    **answers(ResetAsked, 202, problems=[NotFound, TooManyRequests]),
)
async def ask(request: Request, body: ResetRequest = json_body(ResetRequest)) -> Response:
    """Answers the same to everybody, after the same time; the letter has an invitation."""
    state = request.app.state
    if state.postman is None:
        raise NotFound("this installation sends no letters: an administrator invites anew")
    state.resets.attempt((body.tenant, folded(body.login)))

    async def look() -> None:
        await ask_for_reset(state.transactions, body)
        state.postman.wake()

    return Response(
        encoder.encode(ResetAsked()),
        202,
        media_type="application/json",
        background=BackgroundTask(look),
    )
