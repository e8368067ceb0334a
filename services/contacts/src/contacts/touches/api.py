"""Touches over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from msgspec import Struct
from starlette.responses import Response

from chassis.web.bodies import json_body
from chassis.web.commands import COMMAND, Command
from chassis.web.documents import answers
from chassis.web.resources import read_routes, write_routes
from contacts.touches.store import touches
from contacts.touches.touch import Completion, TouchDraft
from contacts.touches.use_cases import (
    cancel_touch,
    change_touch,
    complete_touch,
    create_touch,
    upsert_touches,
)
from events.contacts import Touch

routes = APIRouter(prefix="/v1", tags=["touches"])

read_routes(routes, "/touches", touches, Touch)
write_routes(
    routes,
    "/touches",
    Touch,
    TouchDraft,
    create=create_touch,
    change=change_touch,
    bulk=upsert_touches,
)


class Cancellation(Struct, forbid_unknown_fields=True):
    """Nothing needs to be said; why goes into the header Meridian-Reason."""


@routes.post(
    "/touches/{id:uuid}/done", summary="Say that a planned touch was made", **answers(Touch)
)
async def done(
    id: UUID, completion: Completion = json_body(Completion), command: Command = COMMAND
) -> Response:
    return await command.run(lambda transaction: complete_touch(transaction, id, completion))


@routes.post("/touches/{id:uuid}/cancel", summary="Cancel a planned touch", **answers(Touch))
async def cancel(
    id: UUID, _: Cancellation = json_body(Cancellation), command: Command = COMMAND
) -> Response:
    return await command.run(lambda transaction: cancel_touch(transaction, id))
