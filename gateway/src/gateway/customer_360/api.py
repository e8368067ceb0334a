"""A customer from all sides, over HTTP."""

from __future__ import annotations

from uuid import UUID

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.identity import HEADER, Identity
from chassis.web.commands import IDENTITY
from chassis.web.documents import answers
from gateway.customer_360.composition import Customer360, compose

routes = APIRouter(prefix="/v1", tags=["customers"])


@routes.get(
    "/customers/{id:uuid}/360", summary="Read a customer from all sides", **answers(Customer360)
)
async def read(id: UUID, request: Request, _: Identity = IDENTITY) -> Response:
    """Answers without a service that is down, and names it in `unavailable`."""
    state = request.app.state
    composed = await compose(
        state.upstreams,
        id,
        request.headers[HEADER],
        state.settings.composition_deadline_seconds,
    )
    return Response(msgspec.json.encode(composed), media_type="application/json")
