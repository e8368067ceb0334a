"""What a client is told when a service behind the door is down, slow, or breaks off."""

import asyncio

import httpx
import pytest

from gateway.testing.offices import Office
from gateway.testing.processes import Gateway
from gateway.testing.raw_services import speaking
from gateway.testing.upstreams import Upstream, serving


async def test_a_service_that_is_down_is_unavailable_for_the_moment(office: Office) -> None:
    answer = await office.admin.get("/v1/reports/funnel")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["detail"] == "analytics is not available"
    assert (await office.admin.get("/v1/me")).status_code == 200


async def test_a_service_that_comes_back_at_once_is_asked_again(
    office: Office, gateway: Gateway
) -> None:
    asked = asyncio.create_task(office.admin.post("/v1/deals", json={}))
    await asyncio.sleep(0.03)
    async with serving(Upstream(status=201), gateway.upstream_ports["sales"]) as sales:
        answer = await asked
    assert answer.status_code == 201
    assert len(sales.asked) == 1


async def test_a_slow_service_has_a_deadline(office: Office, contacts: Upstream) -> None:
    contacts.pause = 5.0
    answer = await office.admin.get("/v1/people", timeout=10)
    assert answer.status_code == 504


async def test_a_service_that_speaks_no_http_is_a_bad_gateway(
    office: Office, gateway: Gateway
) -> None:
    async def nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"what?\r\n\r\n")
        await writer.drain()

    async with speaking(nonsense, gateway.upstream_ports["sales"]):
        answer = await office.admin.post("/v1/deals", json={})
    assert answer.status_code == 502
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["type"] == "urn:meridian:problem:upstream-broken"


@pytest.mark.parametrize(
    ("headers", "status", "asked"), [({}, 502, 1), ({"Idempotency-Key": "k"}, 201, 2)]
)
async def test_only_a_request_that_may_be_repeated_is_repeated(
    office: Office, gateway: Gateway, headers: dict[str, str], status: int, asked: int
) -> None:
    seen = 0

    async def breaking_off_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        await reader.readuntil(b"\r\n\r\n")
        seen += 1
        if seen > 1:
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()

    port = gateway.upstream_ports["sales"]
    async with speaking(breaking_off_once, port):
        answer = await office.admin.post("/v1/deals", json={}, headers=headers)
    assert (answer.status_code, seen) == (status, asked)


async def test_an_answer_that_breaks_off_is_seen_to_break_off(
    office: Office, gateway: Gateway
) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    port = gateway.upstream_ports["sales"]
    async with speaking(half, port):
        with pytest.raises(httpx.RemoteProtocolError):
            await office.admin.get("/v1/deals")


async def test_a_client_that_leaves_while_sending_harms_nobody(
    office: Office, gateway: Gateway, contacts: Upstream
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head = (
        "POST /v1/people/bulk HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
        f"Authorization: {office.admin.headers['Authorization']}\r\n\r\n"
    )
    writer.write(head.encode() + b"x" * 70_000)
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()
    await writer.wait_closed()
    assert (await office.admin.get("/v1/people")).status_code == 200
    assert [asked.method for asked in contacts.asked] == ["GET"]
