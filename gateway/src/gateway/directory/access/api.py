"""Access over HTTP: what one may do oneself, and why somebody may or may not."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.identity import HEADER, Identity
from chassis.journal import encoder
from chassis.problems import NotFound
from chassis.web.bodies import json_body
from chassis.web.commands import IDENTITY
from chassis.web.documents import answers
from chassis.web.resources import database_of
from gateway.directory.access.explanation import Access, Explanation, Question
from gateway.directory.access.use_cases import explain, own_access

routes = APIRouter(prefix="/v1", tags=["directory"])


@routes.get(
    "/me/access",
    summary="Read what one may do, and by which roles",
    **answers(Access, problems=[NotFound]),
)
async def access(request: Request, identity: Identity = IDENTITY) -> Response:
    return _answer(await own_access(database_of(request), identity))


@routes.post(
    "/access/explain",
    summary="Explain why somebody may or may not do something",
    **answers(Explanation, problems=[NotFound]),
)
async def explain_(
    request: Request, body: Question = json_body(Question), identity: Identity = IDENTITY
) -> Response:
    """Of users and records that one may see oneself; nothing changes."""
    state = request.app.state
    return _answer(
        await explain(
            database_of(request),
            state.upstreams,
            identity,
            request.headers[HEADER],
            body,
            state.settings.composition_deadline_seconds,
        )
    )


def _answer(found: object) -> Response:
    return Response(encoder.encode(found), media_type="application/json")
