"""API keys over HTTP: people make, see and revoke them, programs never."""

from __future__ import annotations

from uuid import UUID

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.journal import encoder
from chassis.web.bodies import json_body
from chassis.web.commands import COMMAND, Command
from chassis.web.documents import answers
from gateway.directory.api_keys.api_key import (
    ApiKey,
    ApiKeyDraft,
    ApiKeyIssued,
    ApiKeys,
    key_of,
)
from gateway.directory.api_keys.use_cases import (
    create_key,
    issue_secret,
    known_keys,
    revoke_key,
)
from gateway.directory.sessions.api import person_of

routes = APIRouter(prefix="/v1", tags=["directory"])


@routes.post("/api-keys", summary="Create an API key", **answers(ApiKeyIssued, 201))
async def create(
    request: Request, draft: ApiKeyDraft = json_body(ApiKeyDraft), command: Command = COMMAND
) -> Response:
    """The secret is in no stored answer: a repetition of the request gets a new one."""
    user = person_of(command.identity)
    answer = await command.run(lambda transaction: create_key(transaction, user, draft), status=201)
    key = msgspec.json.decode(bytes(answer.body), type=ApiKey)
    async with request.app.state.transactions.begin(command.identity) as transaction:
        secret = await issue_secret(transaction, key.id)
    issued = ApiKeyIssued(api_key=key, secret=secret, key=key_of(key.id, secret))
    headers = {"Cache-Control": "no-store", "Location": f"/v1/api-keys/{key.id}"}
    return Response(encoder.encode(issued), 201, headers, media_type="application/json")


@routes.get("/api-keys", summary="List API keys", **answers(ApiKeys))
async def list_(command: Command = COMMAND) -> Response:
    """One's own; administrators see those of all."""
    user = person_of(command.identity)
    return await command.run(lambda transaction: known_keys(transaction, user))


@routes.delete("/api-keys/{id:uuid}", summary="Revoke an API key", **answers(ApiKey))
async def revoke(id: UUID, command: Command = COMMAND) -> Response:
    """One's own; administrators revoke anybody's."""
    user = person_of(command.identity)
    answer = await command.run(lambda transaction: revoke_key(transaction, user, id))
    command.request.app.state.standings.forget()
    return answer
