"""Working time over HTTP: when departments work, and who is open now."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.identity import Identity
from chassis.journal import encoder
from chassis.paging import PageRequest
from chassis.web.commands import IDENTITY
from chassis.web.documents import answers
from chassis.web.parameters import AT, Parameter, schema_of
from chassis.web.resources import database_of, narrowing
from gateway.directory.departments.store import departments
from gateway.directory.working_time.questions import (
    MOST_DAYS,
    MOST_MINUTES,
    Due,
    Opening,
    Span,
    Task,
    Timetable,
    possible_moment,
)
from gateway.directory.working_time.use_cases import due, openings, timetable

routes = APIRouter(prefix="/v1", tags=["directory"])


@routes.get(
    "/departments/open",
    summary="List the departments that are open at a moment, now unless told, and that are not",
    **answers(Opening, many=True, parameters=[AT, *narrowing(departments)]),
)
async def list_openings(request: Request, identity: Identity = IDENTITY) -> Response:
    at = possible_moment(request.query_params, "at") or datetime.now(UTC)
    filters = {name: value for name, value in request.query_params.items() if name != "at"}
    page = PageRequest.parse(filters)
    found = await openings(database_of(request), identity, page, at)
    return Response(found.json(), media_type="application/json")


@routes.get(
    "/departments/{id:uuid}/working-time",
    summary="Read when a department works on the days from one to another",
    **answers(
        Timetable,
        parameters=[
            Parameter("from", schema_of(date), "the first day", required=True),
            Parameter("to", schema_of(date), f"the last day, of {MOST_DAYS}", required=True),
        ],
    ),
)
async def read_timetable(id: UUID, request: Request, identity: Identity = IDENTITY) -> Response:
    span = Span.parse(request.query_params)
    return _answer(await timetable(database_of(request), identity, id, span))


@routes.get(
    "/departments/{id:uuid}/working-time/after",
    summary="Read by when a department has worked for so many minutes",
    **answers(
        Due,
        parameters=[
            Parameter(
                "start",
                schema_of(datetime),
                "when the work begins, with its offset; now, without",
            ),
            Parameter(
                "minutes",
                {"type": "integer", "minimum": 0, "maximum": MOST_MINUTES},
                "how long it takes",
                required=True,
            ),
        ],
    ),
)
async def read_due(id: UUID, request: Request, identity: Identity = IDENTITY) -> Response:
    task = Task.parse(request.query_params, datetime.now(UTC))
    return _answer(await due(database_of(request), identity, id, task))


def _answer(found: object) -> Response:
    return Response(encoder.encode(found), media_type="application/json")
