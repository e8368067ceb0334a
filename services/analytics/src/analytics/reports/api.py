"""Reports over HTTP: `GET /v1/reports/<name>`, all asked and answered alike."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from analytics.reports.cycle_time import CYCLE_TIME
from analytics.reports.forecast import FORECAST
from analytics.reports.funnel import FUNNEL
from analytics.reports.marketing_return import MARKETING_RETURN
from analytics.reports.reasons import REASONS
from analytics.reports.report import Report
from analytics.reports.request import documented, parse
from analytics.reports.revenue import REVENUE
from analytics.reports.store import FRESHNESS, reading
from analytics.reports.touches import TOUCHES
from analytics.reports.win_rate import WIN_RATE
from chassis import freshness
from chassis.identity import Identity
from chassis.journal import encoder
from chassis.web.commands import IDENTITY
from chassis.web.documents import answers
from chassis.web.resources import database_of

REPORTS = (FUNNEL, REVENUE, WIN_RATE, CYCLE_TIME, REASONS, FORECAST, MARKETING_RETURN, TOUCHES)

routes = APIRouter(prefix="/v1/reports", tags=["reports"])


def _add_route(report: Report) -> None:
    declared = answers(report.answer)
    declared["openapi_extra"]["parameters"] = [
        *documented(report.choices),
        freshness.PARAMETER,
    ]

    @routes.get(f"/{report.name}", summary=report.summary, name=report.name, **declared)
    async def answer(request: Request, identity: Identity = IDENTITY) -> Response:
        asked = parse(request.query_params.multi_items(), report.choices)
        database = database_of(request)
        await FRESHNESS.wait(database, identity.tenant, request.headers.get(freshness.HEADER))
        async with reading(database, identity, asked) as snapshot:
            made = await report.make(snapshot)
        return Response(encoder.encode(made), media_type="application/json")


for _report in REPORTS:
    _add_route(_report)
