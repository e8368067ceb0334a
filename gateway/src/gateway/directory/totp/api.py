"""The second factor over HTTP; what is shown once is in no stored answer."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.identity import Identity
from chassis.journal import encoder
from chassis.problems import TooManyRequests
from chassis.web.bodies import json_body
from chassis.web.commands import COMMAND, IDENTITY, Command
from chassis.web.documents import answers
from gateway.directory.sessions.api import person_of, visitor_of
from gateway.directory.totp.totp import (
    Confirmation,
    Enrolled,
    Enrolment,
    RecoveryCodes,
    TotpReset,
)
from gateway.directory.totp.use_cases import confirm, enrol, reset

routes = APIRouter(prefix="/v1", tags=["directory"])


@routes.post(
    "/me/totp",
    summary="Enrol a second factor",
    **answers(Enrolled, 201, problems=[TooManyRequests]),
)
async def enrol_oneself(
    request: Request, body: Enrolment = json_body(Enrolment), identity: Identity = IDENTITY
) -> Response:
    """Needs the password; the factor counts once it is confirmed."""
    state, user = request.app.state, person_of(identity)
    account = await state.reception.require_password(
        identity.tenant, user, body.password, visitor_of(request)
    )
    async with state.transactions.begin(identity) as transaction:
        made = await enrol(transaction, account)
    return _shown_once(made, 201)


@routes.post("/me/totp/confirm", summary="Confirm a second factor", **answers(RecoveryCodes))
async def confirm_own(
    request: Request, body: Confirmation = json_body(Confirmation), identity: Identity = IDENTITY
) -> Response:
    """Answers recovery codes; signing in needs a code from now on."""
    user = person_of(identity)
    async with request.app.state.transactions.begin(identity) as transaction:
        codes = await confirm(transaction, user, body.code)
    return _shown_once(codes, 200)


@routes.delete(
    "/users/{id:uuid}/totp", summary="Reset a user's second factor", **answers(TotpReset)
)
async def reset_of_user(id: UUID, command: Command = COMMAND) -> Response:
    return await command.run(lambda transaction: reset(transaction, id))


def _shown_once(answer: object, status: int) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(encoder.encode(answer), status, headers, media_type="application/json")
