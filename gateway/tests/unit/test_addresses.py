"""Whose address counts, where proxies stand before the door."""

from typing import Any

import pytest

from gateway.edge.addresses import Addresses, household


def scope(client: str | None, *forwarded: bytes) -> dict[str, Any]:
    return {
        "client": (client, 1) if client is not None else None,
        "headers": [(b"x-forwarded-for", value) for value in forwarded],
    }


def test_what_a_client_says_of_its_address_is_not_believed() -> None:
    assert Addresses([]).of(scope("192.0.2.7", b"10.0.0.1")) == "192.0.2.7"
    assert Addresses(["10.0.0.0/8"]).of(scope("192.0.2.7", b"10.0.0.1")) == "192.0.2.7"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ((b"198.51.100.4",), "198.51.100.4"),
        ((b"6.6.6.6, 198.51.100.4, 10.0.0.2",), "198.51.100.4"),
        ((b"6.6.6.6", b"198.51.100.4"), "198.51.100.4"),
        ((b"2001:db8::1",), "2001:db8::1"),
        ((b"6.6.6.6, nonsense",), "10.0.0.1"),
        ((b"",), "10.0.0.1"),
        ((b"10.0.0.3",), "10.0.0.3"),
        ((), "10.0.0.1"),
    ],
)
def test_proxies_that_are_trusted_say_who_came_to_them(
    forwarded: tuple[bytes, ...], address: str
) -> None:
    addresses = Addresses(["10.0.0.0/8", " 127.0.0.1/32"])
    assert addresses.of(scope("10.0.0.1", *forwarded)) == address


def test_who_comes_by_no_network_has_no_address() -> None:
    assert Addresses(["10.0.0.0/8"]).of(scope(None, b"6.6.6.6")) == "unknown"


def test_a_network_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="no-network"):
        Addresses(["no-network"])


def test_an_ipv6_client_counts_as_its_network() -> None:
    assert household("2001:db8:1:2:3:4:5:6") == household("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert household("192.0.2.7") == "192.0.2.7"
