"""Every request comes through here: routed, authenticated, bounded, and passed on."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.database import PASSING_FAILURES
from chassis.identity import HEADER
from chassis.problems import MethodNotAllowed, Problem, Unauthenticated, Unavailable
from chassis.telemetry import RequestSpan, RequestTimes
from chassis.web.deadlines import TIME_LEFT, seconds_left
from chassis.web.problems import problem_response
from gateway.edge import documentation
from gateway.edge.addresses import Addresses, household
from gateway.edge.authentication import Authentication
from gateway.edge.bodies import ClientGone, check_declared
from gateway.edge.description import Description
from gateway.edge.exchange import Exchange, exchange_of
from gateway.edge.forwarding import Forwarding
from gateway.edge.limits.limits import Header, Limits
from gateway.edge.limits.quota import Quota
from gateway.edge.limits.shared import SharedCounts
from gateway.edge.refusals import Refusals
from gateway.edge.routing import GATEWAY, Route, is_public, routed
from gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

_IDENTITY = HEADER.encode()
_TIME_LEFT = TIME_LEFT.encode()
_ADDRESS = b"x-forwarded-for"
_STRIPPED = frozenset({_IDENTITY, _TIME_LEFT, _ADDRESS})
_REFUSED_BY_SERVICE = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Safeguards:
    """What a request must pass before anybody is asked for it."""

    authentication: Authentication
    limits: Limits
    """By tenant, user and access token."""
    address_limits: Limits
    addresses: Addresses
    refusals: Refusals


def safeguards(
    settings: GatewaySettings, authentication: Authentication, shared: SharedCounts | None
) -> Safeguards:
    """The safeguards as `settings` have them; limits count in `shared`, where there is one."""
    window = settings.limit_window_seconds
    return Safeguards(
        authentication,
        Limits(
            [
                Quota("tenant", settings.tenant_requests, window),
                Quota("user", settings.user_requests, window),
                Quota("key", settings.key_requests, window),
            ],
            shared,
        ),
        Limits([Quota("address", settings.address_requests, window)], shared),
        Addresses(settings.trusted_proxies.split(",")),
        Refusals(settings.refusals_logged_a_second),
    )


class Edge:
    """An ASGI application before all others, for requests that `Listening` has heard.

    `own` answers what the gateway answers itself: the directory and what is
    composed; `pages` the `description` of the API and its viewer.
    """

    def __init__(
        self,
        own: ASGIApp,
        pages: ASGIApp,
        description: Description,
        safeguards: Safeguards,
        forwarding: Forwarding,
        settings: GatewaySettings,
        largest_body_bytes: int,
    ) -> None:
        self._own = own
        self._pages = pages
        self._description = description
        self._safe = safeguards
        self._forwarding = forwarding
        self._seconds = settings.upstream_deadline_seconds
        self._largest_body_bytes = largest_body_bytes
        self._times = RequestTimes("edge")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        started = time.perf_counter()
        with RequestSpan(f"{scope['method']} {scope['path']}", scope["headers"]):
            try:
                await self._answer(scope, receive, send, exchange)
            finally:
                self._times.observe(
                    scope["method"],
                    getattr(scope.get("route"), "path", "-"),
                    exchange.status or 500,
                    time.perf_counter() - started,
                )

    async def _answer(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange) -> None:
        try:
            await self._pass(scope, receive, send, exchange)
        except ClientGone:
            return
        except (Problem, *PASSING_FAILURES) as error:
            if exchange.status:
                # Too late for a problem: an answer that breaks off is at least seen to.
                raise
            problem = _problem(error)
            if problem.status < 500:
                self._safe.refusals.note(problem.status, problem.name, scope, exchange.session)
            exchange.fields = []
            await problem_response(problem)(scope, receive, send)
        else:
            if exchange.status in _REFUSED_BY_SERVICE:
                self._safe.refusals.note(exchange.status, "by-service", scope, exchange.session)

    async def _pass(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange) -> None:
        path = scope["raw_path"].decode("latin-1")
        # HEAD is asked as GET; the server leaves the body out.
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else dict(scope)
        if documentation.answers(inner["method"], path):
            await self._pages(inner, receive, send)
            return
        route = await self._routed(inner["method"], path)
        scope["route"] = route
        if exchange.has_body:
            check_declared(scope, self._largest_body_bytes)
        address = self._safe.addresses.of(scope)
        identity = await self._admitted(scope, route, address, exchange)
        if route.owner == GATEWAY:
            inner["headers"] = self._trusted(scope["headers"], identity, address)
            await self._own(inner, receive, send)
        else:
            await self._forwarding.forward(
                route.owner, inner, exchange, identity=identity, address=address
            )

    async def _routed(self, method: str, path: str) -> Route:
        """The route of a request; `MethodNotAllowed` says what else may be done there.

        Where strangers may do something they are told so too, before any token.
        """
        try:
            route = routed(method, path)
        except MethodNotAllowed as problem:
            raise _telling(problem, await self._description.methods_at(path)) from None
        if not route.is_public and is_public("POST", path):
            known = await self._description.methods_at(path)
            if known and method not in known:
                raise _telling(MethodNotAllowed("this path has other methods"), known)
        return route

    async def _admitted(
        self, scope: Scope, route: Route, address: str, exchange: Exchange
    ) -> bytes | None:
        """The identity under which a request goes on, None for a public one; raises a problem."""
        safe = self._safe
        if route.is_public:
            if scope["method"] == "POST":
                exchange.fields = await safe.address_limits.take((household(address),))
            return None
        try:
            headers = scope["headers"]
            caller = safe.authentication.at_hand(headers)
            if caller is None:
                caller = await safe.authentication.caller(headers)
        except Unauthenticated:
            # Who tries tokens uses up what the address has.
            await safe.address_limits.take((household(address),))
            raise
        exchange.session = caller.session
        exchange.fields = await safe.limits.take(caller.quotas)
        return caller.signed

    def _trusted(self, headers: list[Header], identity: bytes | None, address: str) -> list[Header]:
        """`headers` with what the gateway says of identity, time and address, and no other.

        Some servers take `_` for `-` in names: what is spelt so is no less forged.
        """
        seconds = min(self._seconds, seconds_left(headers) or self._seconds)
        trusted = [field for field in headers if field[0].replace(b"_", b"-") not in _STRIPPED]
        trusted.append((_TIME_LEFT, b"%d" % max(1, int(seconds * 1000))))
        trusted.append((_ADDRESS, address.encode("ascii")))
        if identity is not None:
            trusted.append((_IDENTITY, identity))
        return trusted


def _telling(problem: MethodNotAllowed, methods: list[str]) -> MethodNotAllowed:
    problem.headers["Allow"] = ", ".join(methods)
    return problem


def _problem(error: BaseException) -> Problem:
    if isinstance(error, Problem):
        return error
    log.warning("the directory's store is away: %s", error)
    return Unavailable("the directory is not available")
