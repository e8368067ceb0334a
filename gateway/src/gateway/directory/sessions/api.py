"""Signing in over HTTP, and the sessions that come of it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.identity import Identity
from chassis.journal import encoder
from chassis.problems import Forbidden, TooManyRequests, Unauthenticated
from chassis.web.bodies import json_body
from chassis.web.commands import COMMAND, Command
from chassis.web.documents import answers
from gateway.directory.sessions.session import (
    EndedSessions,
    KnownSession,
    OpenSessions,
    Refresh,
    SignedIn,
    SignIn,
    Visitor,
)
from gateway.directory.sessions.use_cases import (
    end_session,
    end_sessions,
    own_sessions,
    sessions_of,
)
from gateway.edge.addresses import household

routes = APIRouter(prefix="/v1", tags=["directory"])

_LONGEST_CLIENT = 200


@routes.post(
    "/sessions",
    summary="Sign in",
    **answers(SignedIn, 201, problems=[Unauthenticated, TooManyRequests]),
)
async def sign_in(request: Request, body: SignIn = json_body(SignIn)) -> Response:
    """Answers an access token, to be sent as `Authorization: Bearer ...`."""
    return signed_in(await request.app.state.reception.sign_in(body, visitor_of(request)))


@routes.post(
    "/sessions/refresh",
    summary="Prolong a session",
    **answers(SignedIn, 201, problems=[Unauthenticated]),
)
async def refresh(request: Request, body: Refresh = json_body(Refresh)) -> Response:
    """Answers new tokens; a refresh token that comes twice ends its session for everybody."""
    return signed_in(await request.app.state.reception.refresh(body.refresh_token))


@routes.get("/sessions", summary="List one's own sessions", **answers(OpenSessions))
async def list_own(command: Command = COMMAND) -> Response:
    user = person_of(command.identity)
    return await command.run(lambda transaction: own_sessions(transaction, user))


@routes.delete("/sessions/{id:uuid}", summary="End a session of one's own", **answers(KnownSession))
async def end(id: UUID, command: Command = COMMAND) -> Response:
    user = person_of(command.identity)
    answer = await command.run(lambda transaction: end_session(transaction, user, id))
    return _forgotten(command, answer)


@routes.get("/users/{id:uuid}/sessions", summary="List a user's sessions", **answers(OpenSessions))
async def list_of_user(id: UUID, command: Command = COMMAND) -> Response:
    return await command.run(lambda transaction: sessions_of(transaction, id))


@routes.delete(
    "/users/{id:uuid}/sessions", summary="End a user's sessions", **answers(EndedSessions)
)
async def end_of_user(id: UUID, command: Command = COMMAND) -> Response:
    answer = await command.run(lambda transaction: end_sessions(transaction, id))
    return _forgotten(command, answer)


def person_of(identity: Identity) -> UUID:
    """The user who asks in person; `Forbidden` for a program, even one of that user's."""
    if identity.user is None or identity.actor != str(identity.user):
        raise Forbidden("this is for people who have signed in, not for programs")
    return identity.user


def visitor_of(request: Request) -> Visitor:
    """Where a request comes from, as the edge says, and what its program calls itself."""
    client = request.headers.get("user-agent", "")
    return Visitor(household(request.headers["x-forwarded-for"]), client[:_LONGEST_CLIENT])


def signed_in(session: SignedIn) -> Response:
    """What whoever has come in is answered; it is kept nowhere on its way."""
    return Response(
        encoder.encode(session),
        201,
        {"Cache-Control": "no-store"},
        media_type="application/json",
    )


def _forgotten(command: Command, answer: Response) -> Response:
    """`answer`, once this gateway knows it too; the others ask again within seconds."""
    command.request.app.state.standings.forget()
    return answer
