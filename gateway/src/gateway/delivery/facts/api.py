"""Facts over HTTP."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from chassis.bulk import Bulk
from chassis.web.bodies import json_body
from chassis.web.commands import COMMAND, Command
from chassis.web.documents import answers
from chassis.web.resources import read_routes
from events.integration import Fact
from gateway.delivery.facts.fact import LARGEST_CALL, FactDraft
from gateway.delivery.facts.store import facts
from gateway.delivery.facts.use_cases import FactVerdicts, report_facts

routes = APIRouter(prefix="/v1", tags=["delivery"])

read_routes(routes, "/facts", facts, Fact)


@routes.post(
    "/facts",
    summary="Report up to 500 facts of other systems",
    **answers(FactVerdicts, item=FactDraft, most=LARGEST_CALL),
)
async def report(body: Bulk = json_body(Bulk), command: Command = COMMAND) -> Response:
    return await command.run(lambda transaction: report_facts(transaction, body.items))
