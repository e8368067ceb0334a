"""Spend over HTTP."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from chassis.bulk import Bulk, Verdicts
from chassis.web.bodies import json_body
from chassis.web.commands import COMMAND, Command
from chassis.web.documents import answers
from chassis.web.resources import read_routes
from events.marketing import Spend
from marketing.spend.spend import SpendReport
from marketing.spend.store import spend
from marketing.spend.use_cases import record_spend

routes = APIRouter(prefix="/v1", tags=["spend"])

read_routes(routes, "/spend", spend, Spend)


@routes.post(
    "/spend/bulk",
    summary="Report up to 1,000 days of spend",
    **answers(Verdicts, item=SpendReport),
)
async def report(body: Bulk = json_body(Bulk), command: Command = COMMAND) -> Response:
    return await command.run(lambda transaction: record_spend(transaction, body.items))
