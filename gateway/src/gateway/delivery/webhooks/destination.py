"""Where webhooks may go: only out of here, unless an operator names a host within.

An address is judged twice. As it is written: the plain form of a URL and no other, so that no
two readers of it disagree. And as it is connected to: whatever a name resolves to at that
moment, the connection is refused where it would lead inside (`leads_outside`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import Self

from chassis.problems import RuleBroken

_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9])?)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<rest>[/?][!-~]*)?"
)
_NUMERIC = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
"""A name whose last part looks like this is read as an IPv4 address by somebody."""
_USUAL_PORTS = {"https": 443, "http": 80}
_ANY = "*"

_INSIDE_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            # Where one cloud answers what only its own machines may know.
            "168.63.129.16/32",
        ),
    )
)
_OUTSIDE_6 = IPv6Network("2000::/3")
"""All that is given out for the world; mapped, translated and local addresses lie elsewhere."""
_INSIDE_6 = tuple(
    map(
        IPv6Network,
        # Protocols and tunnels (Teredo), documentation, 6to4.
        ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)


class DestinationNotPossible(RuleBroken):
    title = "A webhook goes to an https address outside"


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL in its parts; `is_within` says that an operator allows its host and port."""

    scheme: str
    host: str
    port: int
    is_within: bool = False


def leads_outside(address: str) -> bool:
    """Whether this IP address is one of the world's, and none of our own or of no single host."""
    try:
        parsed = ip_address(address)
    except (AddressValueError, ValueError):
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in _INSIDE_4)
    return (
        parsed.scope_id is None
        and parsed in _OUTSIDE_6
        and not any(parsed in network for network in _INSIDE_6)
    )


@dataclass(frozen=True, slots=True)
class Egress:
    """What the operator lets out: the `ports` for everybody, and hosts `within`.

    Those within are written `host:port`, or `host:*` for all of its ports; they may be spoken to
    over http, and at any address.
    """

    ports: frozenset[int]
    within: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, ports: str, within: str) -> Self:
        """From settings, comma separated; ValueError for what is no port and no host."""
        return cls(
            frozenset(int(port) for port in _parts(ports)),
            frozenset(_host_and_port(entry) for entry in _parts(within)),
        )

    def destination(self, url: str) -> Destination:
        """Where a URL leads; raises `DestinationNotPossible` where webhooks may not go."""
        found = _URL.fullmatch(url)
        if found is None:
            raise _refused("written plainly: https, a host in lower case, no user, no fragment")
        port = int(found["port"] or _USUAL_PORTS[found["scheme"]])
        host = found["host"].strip("[]")
        if (host, _ANY) in self.within or (host, str(port)) in self.within:
            return Destination(found["scheme"], host, port, is_within=True)
        if found["scheme"] != "https":
            raise _refused("the scheme is https")
        if port not in self.ports:
            raise _refused(f"port {port} is not among those allowed")
        _check_host(host)
        return Destination("https", host, port)


def _check_host(host: str) -> None:
    last = host.rstrip(".").rpartition(".")[2]
    if ":" in host or _NUMERIC.fullmatch(last):
        if not _is_plain_address(host) or not leads_outside(host):
            raise _refused("this address does not lead outside")
    elif host.endswith(".") or ".." in host or "." not in host:
        raise _refused("a host has its full name")


def _is_plain_address(host: str) -> bool:
    try:
        parsed = ip_address(host)
    except (AddressValueError, ValueError):
        return False
    return isinstance(parsed, IPv6Address) or str(parsed) == host


def _refused(why: str) -> DestinationNotPossible:
    return DestinationNotPossible(why, field="url")


def _parts(text: str) -> Iterable[str]:
    return filter(None, (part.strip() for part in text.split(",")))


def _host_and_port(entry: str) -> tuple[str, str]:
    host, _, port = entry.rpartition(":")
    host = host.strip("[]").lower()
    if not host or not (port == _ANY or port.isdigit()):
        raise ValueError(f"{entry!r} is neither host:port nor host:*")
    return host, port
