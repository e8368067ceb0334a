"""Invitations over HTTP."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.identity import Identity
from chassis.journal import encoder
from chassis.telemetry import traceparent
from chassis.transactions import Cause
from chassis.web.bodies import json_body
from chassis.web.commands import IDENTITY
from chassis.web.documents import answers
from events.directory import User
from gateway.directory.invitations.invitation import Acceptance
from gateway.directory.invitations.use_cases import accept_invitation, issue_invitation
from gateway.directory.letters.store import want
from gateway.directory.users.store import users

routes = APIRouter(prefix="/v1", tags=["directory"])


class Invitation(msgspec.Struct):
    """The secret with which a user chooses a password, once."""

    invitation: str


@routes.post(
    "/users/{id:uuid}/invitation", summary="Invite a user anew", **answers(Invitation, 201)
)
async def issue(id: UUID, request: Request, identity: Identity = IDENTITY) -> Response:
    """The earlier invitation holds no longer; an active user's password stays until acceptance."""
    invitation = Invitation(await _issued(request, identity, id, by_mail_too=True))
    return Response(msgspec.json.encode(invitation), 201, media_type="application/json")


@routes.post("/invitations/accept", summary="Choose a password", **answers(User))
async def accept(request: Request, acceptance: Acceptance = json_body(Acceptance)) -> Response:
    """Needs no access token: the invitation is the proof."""
    state = request.app.state
    user, read_after = await accept_invitation(
        state.transactions, state.hashing, acceptance, Cause(traceparent=traceparent())
    )
    headers = {"ETag": f'"{user.version}"'}
    if read_after:
        headers["Meridian-Written"] = read_after
    return Response(encoder.encode(user), 200, headers, media_type="application/json")


async def newly_invited(request: Request, identity: Identity, answer: Response) -> Response:
    """`answer`, whose body is a new user, with an invitation for that user beside it."""
    body = bytes(answer.body)
    invitation = await _issued(request, identity, users.decode(body).id)
    kept = ("etag", "location", "meridian-written", "idempotency-replayed")
    return Response(
        b'{"user":' + body + b',"invitation":' + msgspec.json.encode(invitation) + b"}",
        answer.status_code,
        {name: answer.headers[name] for name in kept if name in answer.headers},
        media_type="application/json",
    )


async def _issued(
    request: Request, identity: Identity, user: UUID, *, by_mail_too: bool = False
) -> str:
    state = request.app.state
    lifetime = timedelta(days=state.settings.invitation_days)
    cause = Cause(traceparent=traceparent())
    async with state.transactions.begin(identity, cause) as transaction:
        token = await issue_invitation(transaction, user, lifetime)
        if by_mail_too and state.postman is not None:
            await want(transaction, [user])
    if state.postman is not None:
        state.postman.wake()
    return token
