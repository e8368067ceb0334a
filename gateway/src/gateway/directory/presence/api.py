"""Presence over HTTP: who works in a department, and who stands in."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.identity import Identity
from chassis.web.commands import IDENTITY
from chassis.web.documents import answers
from chassis.web.parameters import AT, Parameter, schema_of
from chassis.web.resources import database_of
from gateway.directory.presence.presence import Member, MembersRequest
from gateway.directory.presence.use_cases import members_of

routes = APIRouter(prefix="/v1", tags=["directory"])


@routes.get(
    "/departments/{id:uuid}/members",
    summary="List who works in a department, who is absent, and who stands in",
    **answers(
        Member,
        many=True,
        parameters=[
            AT,
            Parameter("below", schema_of(bool), "also those of every department below it"),
            Parameter("language", schema_of(str), "who speak all of these", several=True),
            Parameter("skill", schema_of(str), "who have all of these skills", several=True),
        ],
    ),
)
async def list_members(id: UUID, request: Request, identity: Identity = IDENTITY) -> Response:
    asked = MembersRequest.parse(request.query_params, datetime.now(UTC))
    found = await members_of(database_of(request), identity, id, asked)
    return Response(found.json(), media_type="application/json")
