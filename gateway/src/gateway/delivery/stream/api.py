"""The stream over HTTP: `text/event-stream`, as browsers' `EventSource` reads it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chassis.identity import Identity
from chassis.problems import TooManyRequests
from chassis.web.commands import IDENTITY
from chassis.web.documents import answers
from chassis.web.parameters import Parameter
from gateway.delivery.feed.api import TYPES
from gateway.delivery.stream.lasting import go_on
from gateway.delivery.stream.messages import StreamMessage
from gateway.delivery.stream.streams import Streams
from gateway.delivery.stream.subscription import MOST_RECORDS, StreamRequest
from gateway.directory.sessions.session import Session

routes = APIRouter(prefix="/v1", tags=["delivery"])

MEDIA_TYPE = "text/event-stream"
_CURSOR = "^[A-Za-z0-9_=-]*$"
_HEADERS = {
    "Content-Type": MEDIA_TYPE,
    "Cache-Control": "no-store",
    # nginx and its like would hold messages back until there are many.
    "X-Accel-Buffering": "no",
}

RECORDS = Parameter(
    "records",
    {"type": "string", "pattern": "^[a-z-]+/[0-9a-fA-F-]{36}$"},
    f"only these records, each as `deals/<id>`, up to {MOST_RECORDS}",
    several=True,
)
FILTER = Parameter(
    "filter",
    {"type": "string", "pattern": r"^[a-z-]+(\?[^\u0000]*)?$"},
    "only what a list would show, by its address after `/v1/`: `deals?status=open&owner=<id>`,"
    " percent-encoded; fields of the state that are words, whole numbers, days or ids",
)
LAST_EVENT_ID = Parameter(
    "last_event_id",
    {"type": "string", "pattern": _CURSOR},
    "the `id` of the message to go on after; from now on, without it",
)
LAST_EVENT_ID_HEADER = Parameter(
    "Last-Event-ID",
    {"type": "string", "pattern": _CURSOR},
    "as `last_event_id`, and counts before it: browsers send it as they come again",
    "header",
)


@routes.get(
    "/stream",
    summary="Be told as records change",
    **answers(
        StreamMessage,
        parameters=[TYPES, RECORDS, FILTER, LAST_EVENT_ID, LAST_EVENT_ID_HEADER],
        problems=[TooManyRequests],
        media_type=MEDIA_TYPE,
    ),
)
async def stream(request: Request, identity: Identity = IDENTITY) -> Response:
    """Server-sent events, of what one may see, each with an `id` that a later stream goes on from.

    `event: changed`, `removed`, `reset` or `end`; `data` is one line of JSON, as described.
    Comments come while there is nothing to tell. It ends with the access token.
    """
    asked = StreamRequest.parse(request.query_params, request.headers.get("last-event-id"))
    return _Opened(request.app.state.streams, request.state.session, identity, asked)


class _Opened(Response):
    """A stream that begins; it goes on by itself."""

    def __init__(
        self, streams: Streams, session: Session, identity: Identity, asked: StreamRequest
    ) -> None:
        super().__init__(headers=_HEADERS)
        # There is no end to be known.
        del self.headers["content-length"]
        self._streams = streams
        self._session = session
        self._identity = identity
        self._asked = asked

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        is_head = scope["state"].get("is_head", False)
        if not is_head:
            go_on(scope, await self._streams.admit(self._session, self._identity, self._asked))
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        if is_head:
            await send({"type": "http.response.body"})
