"""Webhooks go out of here and nowhere else, however an address is written or resolved."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.delivery.webhooks.destination import (
    DestinationNotPossible,
    Egress,
    leads_outside,
)
from gateway.delivery.webhooks.outgoing import AddressRefused, opened_outgoing, outside_only
from gateway.settings import GatewaySettings

USUAL = Egress.of("443, 8443", "")

INSIDE = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
    "127.0.0.1", "127.255.255.254", "169.254.0.1", "169.254.169.254", "169.254.170.2",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1",
    "3fff::1", "100::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%lo", "fec0::1",
    "ff02::1", "5f00::1", "2606:4700::1%eth0",
)  # fmt: skip
OUTSIDE = (
    "8.8.8.8", "1.1.1.1", "93.184.215.14", "172.15.255.255", "172.32.0.1", "100.63.255.255",
    "100.128.0.1", "192.0.1.1", "198.17.255.255", "198.20.0.1", "223.255.255.255",
    "2606:4700:4700::1111", "2a00:1450:4010::8a",
)  # fmt: skip

REFUSED = (
    # Loopback, private and metadata addresses, written plainly.
    "https://127.0.0.1/", "https://10.0.0.1/hook", "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/", "https://[::1]/",
    "https://[::ffff:127.0.0.1]/", "https://[fd00:ec2::254]/", "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://[fe80::1]/", "https://[::]/", "https://0.0.0.0/",
    # The same in other spellings: decimal, octal, hex, short, mixed, padded.
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.0x0.0x0.0x1/",
    "https://017700000001/", "https://0177.0.0.1/", "https://127.1/", "https://127.0.1/",
    "https://127.0.0.01/", "https://0127.0.0.1/", "https://2852039166/", "https://0xa9fea9fe/",
    "https://0xa9.0xfe.0xa9.0xfe/", "https://169.254.43518/", "https://127.0.0.1./",
    "https://0/", "https://1.1.1/", "https://8.8.8.0x8/", "https://example.com.0x7f/",
    # Digits and dots of other alphabets, escapes, and letters that become them.
    "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://１２７.0.0.1/", "https://%31%32%37.0.0.1/",
    "https://ⓔxample.com/", "https://EXAMPLE.com/",
    # Names that are not whole ones.
    "https://localhost/", "https://localhost./", "https://metadata/", "https://example.com./",
    "https://a..b/", "https://.example.com/", "https://-/", "https:///hook",
    # Other schemes, and none.
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
    "//example.com/", "example.com", "HTTPS://example.com/", "",
    # Users, fragments and what parsers read differently.
    "https://user@example.com/", "https://user:password@example.com/",
    "https://example.com@127.0.0.1/", "https://example.com\\@127.0.0.1/",
    "https://example.com#@127.0.0.1/", "https://127.0.0.1#.example.com/",
    "https://example.com/ #", "https://example.com/\r\nHost: a", "https://exa\tmple.com/",
    "https://example.com/\x00", "https://[::1]example.com/", "https://[127.0.0.1]/",
    "https://[::1%25lo]/", "https://example.com:443:80/",
    # Ports.
    "https://example.com:80/", "https://example.com:22/", "https://example.com:0/",
    "https://example.com:443443/", "https://example.com:/", "https://example.com:-1/",
    "https://8.8.8.8:25/",
)  # fmt: skip
POSSIBLE = (
    "https://example.com", "https://example.com/", "https://example.com:8443/hook?tenant=1",
    "https://xn--e1afmkfd.xn--p1ai/1c/hs/crm", "https://8.8.8.8/", "https://a_b.example.com/",
    "https://[2606:4700:4700::1111]/hook", "https://example.com/%D0%BA?x=%40#"[:-1],
)  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_within_is_refused(address: str) -> None:
    assert not leads_outside(address)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with pytest.raises(AddressRefused):
        outside_only((family, socket.SOCK_STREAM, 6, "", (address, 443)))


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_world_is_not(address: str) -> None:
    assert leads_outside(address)


def test_an_address_with_a_scope_is_refused_wherever_the_scope_stands() -> None:
    with pytest.raises(AddressRefused):
        outside_only((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2606:4700::1", 443, 0, 2)))


@pytest.mark.parametrize("url", REFUSED)
def test_a_url_that_leads_elsewhere_or_is_not_plain_is_refused(url: str) -> None:
    with pytest.raises(DestinationNotPossible):
        USUAL.destination(url)


@pytest.mark.parametrize("url", POSSIBLE)
def test_a_plain_https_url_is_possible(url: str) -> None:
    assert not USUAL.destination(url).is_within


def test_a_host_within_is_spoken_to_where_the_operator_names_it() -> None:
    egress = Egress.of("443", "erp.corp:8080, 127.0.0.1:*, [::1]:9000")
    for url in ("http://erp.corp:8080/", "https://127.0.0.1:1/", "http://[::1]:9000/x"):
        assert egress.destination(url).is_within
    for url in ("http://erp.corp/", "https://erp.corp:8081/", "http://127.0.0.2/", "http://[::1]/"):
        with pytest.raises(DestinationNotPossible):
            egress.destination(url)


@pytest.mark.parametrize("hosts", ["erp.corp", "erp.corp:", ":80", "erp.corp:http"])
def test_what_is_no_host_and_port_is_no_setting(hosts: str) -> None:
    with pytest.raises(ValueError, match="neither host:port"):
        Egress.of("443", hosts)


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """A server within, which nobody is to reach."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "64:ff9b::7f00:1"]
)
async def test_a_name_that_resolves_to_within_leads_nowhere(
    address: str, door: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = door.getsockname()[1]
    resolved = []

    def resolve(host: str, *_: Any, **__: Any) -> list[Any]:
        resolved.append(host)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        place: Any = (address, port, 0, 0) if ":" in address else (address, port)
        return [(family, socket.SOCK_STREAM, 6, "", place)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    settings = GatewaySettings(database_url="", webhook_ports=f"{port}")
    async with opened_outgoing(settings) as outgoing:
        attempt = await outgoing.send(f"https://rebound.example.com:{port}/", {}, b"{}")
    assert attempt.verdict == "failed"
    assert "does not lead outside" in (attempt.error or "")
    assert resolved
    with pytest.raises(BlockingIOError):
        door.accept()


async def test_a_name_is_judged_again_for_each_connection(
    door: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = door.getsockname()[1]
    # First an address of the world where nobody answers, then one within.
    addresses = iter(["203.0.114.1", "127.0.0.1"])

    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(addresses), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    settings = GatewaySettings(database_url="", webhook_ports=f"{port}", webhook_seconds=0.2)
    async with opened_outgoing(settings) as outgoing:
        for _ in range(2):
            attempt = await outgoing.send(f"https://rebound.example.com:{port}/", {}, b"{}")
    assert "does not lead outside" in (attempt.error or "")
    with pytest.raises(BlockingIOError):
        door.accept()


async def test_no_proxy_of_the_environment_is_asked(
    door: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = door.getsockname()[1]
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    settings = GatewaySettings(database_url="", webhook_hosts="127.0.0.2:*", webhook_seconds=1)
    async with opened_outgoing(settings) as outgoing:
        await outgoing.send("http://127.0.0.2:9/", {}, b"{}")
    with pytest.raises(BlockingIOError):
        door.accept()
