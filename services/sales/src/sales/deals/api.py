"""Deals over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from msgspec import Struct
from starlette.responses import Response

from chassis.web.bodies import json_body
from chassis.web.commands import COMMAND, Command
from chassis.web.documents import answers
from chassis.web.resources import read_routes, write_routes
from events.sales import Deal
from sales.deals.deal import DealChange, DealDraft, Move
from sales.deals.imported import DealImport
from sales.deals.outcome import Closing
from sales.deals.store import deals
from sales.deals.upsert import upsert_deals
from sales.deals.use_cases import (
    change_deal,
    lose_deal,
    move_deal,
    open_deal,
    reopen_deal,
    win_deal,
)

routes = APIRouter(prefix="/v1", tags=["deals"])

read_routes(routes, "/deals", deals, Deal)
write_routes(
    routes,
    "/deals",
    Deal,
    DealDraft,
    create=open_deal,
    change=change_deal,
    change_draft=DealChange,
    bulk=upsert_deals,
    bulk_draft=DealImport,
)


_CLOSING = {"comment": "reason_comment"}
"""A member of `Closing` that the deal calls otherwise."""


class Reopening(Struct, forbid_unknown_fields=True):
    """Nothing needs to be said; why goes into the header Meridian-Reason."""


@routes.post("/deals/{id:uuid}/move", summary="Move a deal to a stage", **answers(Deal))
async def move(id: UUID, body: Move = json_body(Move), command: Command = COMMAND) -> Response:
    return await command.run(lambda transaction: move_deal(transaction, id, body))


@routes.post("/deals/{id:uuid}/win", summary="Win a deal", **answers(Deal))
async def win(id: UUID, body: Closing = json_body(Closing), command: Command = COMMAND) -> Response:
    return await command.run(lambda transaction: win_deal(transaction, id, body), sets=_CLOSING)


@routes.post("/deals/{id:uuid}/lose", summary="Lose a deal, for a reason", **answers(Deal))
async def lose(
    id: UUID, body: Closing = json_body(Closing), command: Command = COMMAND
) -> Response:
    return await command.run(lambda transaction: lose_deal(transaction, id, body), sets=_CLOSING)


@routes.post("/deals/{id:uuid}/reopen", summary="Reopen a closed deal", **answers(Deal))
async def reopen(
    id: UUID,
    _: Reopening = json_body(Reopening),
    command: Command = COMMAND,
) -> Response:
    return await command.run(lambda transaction: reopen_deal(transaction, id))
