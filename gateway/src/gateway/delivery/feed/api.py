"""The feed over HTTP."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from chassis.identity import Identity
from chassis.problems import CursorExpired, NotFound
from chassis.web.commands import IDENTITY
from chassis.web.deadlines import seconds_left
from chassis.web.documents import answers
from chassis.web.parameters import PAGING, Parameter, schema_of
from gateway.delivery.consumers.consumer import NAME_PATTERN
from gateway.delivery.consumers.use_cases import known_consumer
from gateway.delivery.cursor import cursor_after, sequence_of
from gateway.delivery.feed.feed import LONGEST_WAIT, FeedPage, FeedRequest, selection_of
from gateway.delivery.feed.use_cases import Found, read_feed, rest
from gateway.delivery.log.log import Log

routes = APIRouter(prefix="/v1", tags=["delivery"])

_FOR_THE_ANSWER = 1.0
"""Seconds of what the caller waits that are left when a poll ends."""

WAIT = Parameter(
    "wait",
    {"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT, "default": 0},
    "seconds to wait for an event where there is none yet",
)
TYPES = Parameter(
    "types",
    schema_of(str),
    "types of events as `crm.sales.deal.won.v1`, or topics as `crm.sales.deal`",
    several=True,
)
CONSUMER = Parameter(
    "consumer",
    {"type": "string", "pattern": NAME_PATTERN},
    "a named consumer of one's own: after what it has acknowledged, of its types",
)


@routes.get(
    "/feed",
    summary="Follow what happens",
    **answers(
        FeedPage, parameters=[*PAGING, WAIT, TYPES, CONSUMER], problems=[NotFound, CursorExpired]
    ),
)
async def read(request: Request, identity: Identity = IDENTITY) -> Response:
    """Events in order, as one may see them; without a cursor from the oldest that is kept."""
    asked = FeedRequest.parse(request.query_params)
    log: Log = request.app.state.log
    tenant, selection = identity.tenant, asked.selection
    left = seconds_left(request.scope["headers"])
    seconds = min(float(asked.wait), max(0.0, (left or asked.wait) - _FOR_THE_ANSWER))
    if asked.consumer is not None:
        known = await known_consumer(log.database, identity, asked.consumer)
        after = known.acknowledged
        selection = selection_of(known.types) if known.types else None
        if known.is_paused:
            await rest(log, tenant, seconds)
            return _page(identity, Found((), after, has_more=False))
    elif asked.cursor is not None:
        after = sequence_of(tenant, asked.cursor)
    else:
        after = (await log.bounds(tenant)).first - 1
    found = await read_feed(log, request.state.standing, after, asked.limit, seconds, selection)
    return _page(identity, found)


def _page(identity: Identity, found: Found) -> Response:
    cursor = cursor_after(identity.tenant, found.after)
    more = "true" if found.has_more else "false"
    events = b",".join(found.events)
    body = b'{"items":[%s],"next_cursor":"%s","has_more":%s}' % (
        events,
        cursor.encode(),
        more.encode(),
    )
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})
