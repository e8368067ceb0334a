"""Every request comes through here: routed, authenticated, bounded, and passed on."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.database import PASSING_FAILURES
from chassis.identity import HEADER
from chassis.problems import Problem, Unavailable
from chassis.web.application import problem_response
from gateway.edge import documentation
from gateway.edge.authentication import Authentication
from gateway.edge.bodies import ClientGone, check_declared
from gateway.edge.forwarding import Forwarding
from gateway.edge.routing import GATEWAY, routed

log = logging.getLogger(__name__)

_IDENTITY = HEADER.encode()


class Edge:
    """An ASGI application before all others.

    `own` answers what the gateway answers itself: the directory and what is
    composed; `pages` the description of the API and its viewer.
    """

    def __init__(
        self,
        own: ASGIApp,
        pages: ASGIApp,
        authentication: Authentication,
        forwarding: Forwarding,
        largest_body_bytes: int,
    ) -> None:
        self._own = own
        self._pages = pages
        self._authentication = authentication
        self._forwarding = forwarding
        self._largest_body_bytes = largest_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def answering(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._pass(scope, receive, answering)
        except ClientGone:
            return
        except (Problem, *PASSING_FAILURES) as error:
            if has_begun:
                # Too late for a problem: an answer that breaks off is at least seen to.
                raise
            await _problem(error)(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1")
        if scope["method"] == "HEAD":
            # Asked as GET; the server leaves the body out.
            inner = {**scope, "method": "GET"}
        else:
            inner = dict(scope)
        if documentation.answers(inner["method"], path):
            await self._pages(inner, receive, send)
            return
        route = routed(inner["method"], path)
        scope["route"] = route
        check_declared(scope, self._largest_body_bytes)
        identity = None
        if not route.is_public:
            identity = await self._authentication.identity(scope["headers"])
        if route.owner == GATEWAY:
            inner["headers"] = _identified(scope["headers"], identity)
            await self._own(inner, receive, send)
        else:
            await self._forwarding.forward(route.owner, inner, receive, send, identity)


def _identified(
    headers: list[tuple[bytes, bytes]], identity: bytes | None
) -> list[tuple[bytes, bytes]]:
    """`headers` with the identity that was found out, and no other."""
    trusted = [(name, value) for name, value in headers if name != _IDENTITY]
    return trusted if identity is None else [*trusted, (_IDENTITY, identity)]


def _problem(error: BaseException) -> ASGIApp:
    if isinstance(error, Problem):
        return problem_response(error)
    log.warning("the directory's store is away: %s", error)
    return problem_response(Unavailable("the directory is not available"))
