"""Which address a request comes from, where proxies stand before the door."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

_UNKNOWN = "unknown"
_HOUSEHOLD_BITS = 64


class Addresses:
    """Tells the addresses of clients; believes the proxies of `trusted` networks only."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = [ip_network(network.strip()) for network in trusted if network.strip()]

    def of(self, scope: Scope) -> str:
        """The address of the client, as text.

        X-Forwarded-For is read from its end, for as long as who wrote the entry
        is trusted.
        """
        client = scope["client"]
        if client is None:
            return _UNKNOWN
        if not self._trusted:
            return str(client[0])
        address, entries = str(client[0]), _forwarded(scope)
        while entries and self._is_trusted(address):
            entry = entries.pop()
            if _parsed(entry) is None:
                break
            address = entry
        return address

    def _is_trusted(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._trusted)


def household(address: str) -> str:
    """What counts as one address in limits: an IPv6 client has 2^64 of them."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, _HOUSEHOLD_BITS), strict=False))
    return address


def _forwarded(scope: Scope) -> list[str]:
    values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [entry.strip() for entry in b",".join(values).decode("latin-1").split(",")]


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None
