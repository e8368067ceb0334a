"""Snapshots over HTTP: lines as they are read, squeezed where the client takes that."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from chassis.identity import Identity
from chassis.web.commands import IDENTITY
from chassis.web.documents import answers
from chassis.web.resources import database_of
from gateway.delivery.cursor import cursor_after
from gateway.delivery.feed.feed import FeedEvent
from gateway.delivery.snapshots.use_cases import Snapshot, Snapshots
from gateway.delivery.visibility import visibility_of

routes = APIRouter(prefix="/v1", tags=["delivery"])

MEDIA_TYPE = "application/x-ndjson"
_GZIP = 16 + zlib.MAX_WBITS
_FAST = 1
_TAKES_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)")


@routes.get(
    "/snapshot/{aggregate}",
    summary="Stream the newest state of everything of one kind",
    **answers(FeedEvent, media_type=MEDIA_TYPE),
)
async def stream_snapshot(
    aggregate: str, request: Request, identity: Identity = IDENTITY
) -> StreamingResponse:
    """Lines of JSON: `{aggregate, topic, cursor}`, the newest event of each record, `{records}`.

    The feed goes on from `cursor`, which is in `Meridian-Cursor` too.
    """
    snapshots: Snapshots = request.app.state.snapshots
    visibility = await visibility_of(database_of(request), identity)
    takes_gzip = _TAKES_GZIP.search(request.headers.get("accept-encoding", "")) is not None
    return _Streamed(snapshots.opened(aggregate, visibility), identity, takes_gzip=takes_gzip)


class _Streamed(StreamingResponse):
    """A snapshot that is open for as long as it is being sent."""

    def __init__(
        self,
        opening: AbstractAsyncContextManager[Snapshot],
        identity: Identity,
        *,
        takes_gzip: bool,
    ) -> None:
        headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
        if takes_gzip:
            headers["Content-Encoding"] = "gzip"
        super().__init__((), headers=headers, media_type=MEDIA_TYPE)
        self._opening = opening
        self._tenant = identity.tenant
        self._takes_gzip = takes_gzip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._opening as snapshot:
            self.headers["Meridian-Cursor"] = cursor_after(self._tenant, snapshot.sequence)
            chunks = snapshot.chunks()
            self.body_iterator = _squeezed(chunks) if self._takes_gzip else chunks
            await super().__call__(scope, receive, send)


async def _squeezed(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    squeezing = zlib.compressobj(_FAST, zlib.DEFLATED, _GZIP)
    async for chunk in chunks:
        # Beside the event loop: others are answered meanwhile.
        if squeezed := await asyncio.to_thread(squeezing.compress, chunk):
            yield squeezed
    yield squeezing.flush()
