"""The services behind the door, and one bounded pool of connections to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from multidict import CIMultiDict
from opentelemetry import propagate
from yarl import URL

from chassis.problems import Problem, Unavailable
from gateway.edge.routing import SERVICES
from gateway.settings import GatewaySettings

# Shorter than the services keep a silent connection (75 s), so that none is used as it closes.
_KEEP_ALIVE_SECONDS = 60
_CONNECT_SECONDS = 3


class UpstreamBroken(Problem):
    """The service broke off or answered what is no HTTP; it may have done its work."""

    status = 502
    title = "A service broke off its answer"


class UpstreamTooSlow(Problem):
    status = 504
    title = "A service took too long to answer"


class Upstreams:
    """Where each service answers; `session` talks to all of them."""

    def __init__(self, urls: Mapping[str, str], session: aiohttp.ClientSession) -> None:
        self._urls = {service: url.rstrip("/") for service, url in urls.items()}
        self.session = session

    def url(self, service: str, target: str) -> URL:
        """The address of a path with its query there, not a character of it changed."""
        return URL(self._urls[service] + target, encoded=True)

    async def read(
        self, service: str, target: str, *, seconds: float, identity: str | None = None
    ) -> tuple[int, bytes]:
        """(status, body) of a GET; raises a problem when the service does not answer in time."""
        headers: CIMultiDict[str] = CIMultiDict()
        propagate.inject(headers)
        if identity is not None:
            headers["Meridian-Identity"] = identity
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self.session.get(
                self.url(service, target), headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise failure(service, error) from error


def failure(service: str, error: Exception) -> Problem:
    """The problem that a failed request to `service` becomes; all ask to try again."""
    problem: Problem
    match error:
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return Unavailable(f"{service} is not available")
        case TimeoutError():
            problem = UpstreamTooSlow(f"{service} has not answered in time")
        case _:
            problem = UpstreamBroken(f"{service} broke off")
    problem.headers["Retry-After"] = "1"
    return problem


@asynccontextmanager
async def connected(settings: GatewaySettings) -> AsyncIterator[Upstreams]:
    """The upstreams that `settings` name; connections are made as they are needed."""
    urls = {service: str(getattr(settings, f"{service}_url")) for service in SERVICES}
    connector = aiohttp.TCPConnector(
        limit=0,
        limit_per_host=settings.upstream_connections,
        keepalive_timeout=_KEEP_ALIVE_SECONDS,
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(
            total=settings.upstream_deadline_seconds, sock_connect=_CONNECT_SECONDS
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
    ) as session:
        yield Upstreams(urls, session)
