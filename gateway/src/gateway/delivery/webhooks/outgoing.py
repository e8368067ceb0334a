"""Sends to receivers over HTTP: bounded in time, size and number, and only where it may.

For everybody outside, the address of each connection is judged as it is made, whatever a name
resolved to before. Hosts that the operator has named are spoken to beside, without that.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from yarl import URL

from gateway.delivery.webhooks.destination import (
    DestinationNotPossible,
    Egress,
    leads_outside,
)
from gateway.delivery.webhooks.schedule import Attempt
from gateway.settings import GatewaySettings

_MOST_BYTES = 4_096
"""Of an answer; nobody reads what it says, so that the connection can be used again."""
_MOST_ERROR = 300


class AddressRefused(OSError):
    """The connection would lead inside."""


class Outgoing:
    """Sends, each time for `webhook_seconds` at the most."""

    def __init__(
        self, outside: aiohttp.ClientSession, within: aiohttp.ClientSession, egress: Egress
    ) -> None:
        self._outside = outside
        self._within = within
        self.egress = egress

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempt:
        """Send once; what came of it, whatever it is."""
        began = time.monotonic()
        try:
            destination = self.egress.destination(url)
            session = self._within if destination.is_within else self._outside
            async with session.post(
                URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as answer:
                await answer.content.read(_MOST_BYTES)
                return Attempt(
                    _since(began),
                    status=answer.status,
                    error=None if answer.ok and answer.status < 300 else _told(answer),
                    retry_after=answer.headers.get("Retry-After"),
                )
        except TimeoutError:
            return Attempt(_since(began), error="no whole answer in time")
        except DestinationNotPossible as problem:
            return Attempt(_since(began), error=problem.detail)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Attempt(_since(began), error=f"{error}"[:_MOST_ERROR] or repr(error))


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _told(answer: aiohttp.ClientResponse) -> str:
    if 300 <= answer.status < 400:
        return f"answers {answer.status}: redirects are not followed"
    return f"answers {answer.status}"


def outside_only(info: Any) -> socket.socket:
    """A socket to an address that leads outside; `AddressRefused` for any other."""
    family, kind, protocol, _, address = info
    if not leads_outside(str(address[0])) or (len(address) == 4 and address[3]):
        raise AddressRefused(errno.EACCES, f"{address[0]} does not lead outside")
    return socket.socket(family=family, type=kind, proto=protocol)


@asynccontextmanager
async def opened_outgoing(settings: GatewaySettings) -> AsyncIterator[Outgoing]:
    """What sends to receivers, for the length of the block."""
    egress = Egress.of(settings.webhook_ports, settings.webhook_hosts)
    async with _session(settings, outside_only) as outside, _session(settings, None) as within:
        yield Outgoing(outside, within, egress)


def _session(settings: GatewaySettings, opening: Any) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=settings.webhook_attempts,
            # A name is resolved for each connection, and the connection goes nowhere else.
            use_dns_cache=False,
            socket_factory=opening,
        ),
        timeout=aiohttp.ClientTimeout(total=settings.webhook_seconds),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity", "User-Agent": "Meridian-Webhooks"},
        # What is packed could unpack to more than is to be read.
        auto_decompress=False,
        # A proxy from the environment would connect in our place, to wherever it likes.
        trust_env=False,
        raise_for_status=False,
    )
