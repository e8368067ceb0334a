"""Companies and people as customers over HTTP: who they are, and what was said with them."""

from __future__ import annotations

from typing import Any, Literal, get_args
from uuid import UUID

from fastapi import APIRouter
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from chassis.identity import Identity
from chassis.web.commands import IDENTITY, state_response
from chassis.web.documents import answers
from chassis.web.parameters import Parameter, schema_of
from chassis.web.resources import any_database_of
from contacts.customers.store import read_customer, read_timeline
from contacts.customers.timeline import EntryType, TimelineEntry, TimelineRequest

routes = APIRouter(prefix="/v1", tags=["customers"])


_TYPES = {"type": "string", "enum": list(get_args(EntryType))}


class Customer(Struct):
    """A company or a person; `record` is what GET of that kind answers."""

    type: Literal["company", "person"]
    record: dict[str, Any]


@routes.get("/customers/{id:uuid}", summary="Read a company or a person", **answers(Customer))
async def read(id: UUID, request: Request, identity: Identity = IDENTITY) -> Response:
    kind, version, state = await read_customer(any_database_of(request), identity, id)
    return state_response(version, f'{{"type":"{kind}","record":{state}}}')


@routes.get(
    "/customers/{id:uuid}/timeline",
    summary="List what happened with a customer, newest first: touches, and facts of other systems",
    **answers(
        TimelineEntry,
        many=True,
        parameters=[
            Parameter("type", _TYPES, "both, without", several=True),
            Parameter("status", schema_of(str), several=True),
            Parameter("channel", schema_of(str), several=True),
        ],
    ),
)
async def timeline(id: UUID, request: Request, identity: Identity = IDENTITY) -> Response:
    wanted = TimelineRequest.parse(request.query_params)
    page = await read_timeline(any_database_of(request), identity, id, wanted)
    return Response(page.json(), media_type="application/json")
