"""What passes through the door on its way to a service, and what does not."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import jwt
import pytest

from gateway.testing.offices import Office, made
from gateway.testing.processes import Gateway
from gateway.testing.raw_requests import raw
from gateway.testing.raw_services import speaking
from gateway.testing.upstreams import Upstream

LARGEST_BODY = 16 * 1024 * 1024


async def pieces(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield b"x" * size


async def test_a_request_arrives_as_it_was_sent(office: Office, contacts: Upstream) -> None:
    contacts.status, contacts.headers = 201, [(b"etag", b'"1"'), (b"location", b"/v1/people/7")]
    contacts.pieces = ('{"имя":"Анна"}'.encode(),)
    body = '{"given_name":"Анна"}'.encode()
    answer = await office.admin.post(
        "/v1/people",
        content=body,
        headers={
            "Content-Type": "application/json",
            "Idempotency-Key": "k-1",
            "If-Match": '"3"',
            "Meridian-Read-After": "crm.sales.deal/1@2",
            "Meridian-Origin": "1c",
        },
    )
    assert (answer.status_code, answer.json()) == (201, {"имя": "Анна"})
    assert (answer.headers["ETag"], answer.headers["Location"]) == ('"1"', "/v1/people/7")
    asked = contacts.asked[0]
    assert (asked.method, asked.target, asked.body) == ("POST", "/v1/people", body)
    assert asked.headers["idempotency-key"] == "k-1"
    assert asked.headers["if-match"] == '"3"'
    assert asked.headers["meridian-read-after"] == "crm.sales.deal/1@2"
    assert asked.headers["meridian-origin"] == "1c"
    assert asked.headers["content-length"] == str(len(body))


@pytest.mark.parametrize(
    "query",
    [
        "q=%D0%98%D0%B2%D0%B0%D0%BD%2B%20a+b&limit=5",
        "owner=a&owner=b",
        "q=..%2F..%2Fmetrics",
        "a=%00&b=%zz",
        "q=a;b/c?d",
    ],
)
async def test_query_strings_are_kept_to_the_letter(
    office: Office, contacts: Upstream, gateway: Gateway, query: str
) -> None:
    token = office.admin.headers["Authorization"]
    await raw(gateway, f"GET /v1/people?{query} HTTP/1.1", f"Authorization: {token}")
    assert contacts.asked[0].target == f"/v1/people?{query}"


async def test_the_service_learns_who_asks_from_a_signed_identity(
    office: Office, contacts: Upstream
) -> None:
    keys = made(await office.stranger.get("/.well-known/jwks.json"))["keys"]
    await office.admin.get("/v1/people")
    token = contacts.asked[0].headers["meridian-identity"]
    claims = jwt.decode(token, jwt.PyJWK(keys[0]), algorithms=["EdDSA"], audience="meridian")
    assert claims["tid"] == str(office.tenant)
    assert claims["uid"] == office.administrator["id"]
    assert claims["dep"] == [office.root]
    assert claims["perms"]["people:read"] == "all"
    assert claims["exp"] - claims["iat"] == 60


async def test_one_identity_is_signed_for_many_requests_until_something_changes(
    office: Office, contacts: Upstream
) -> None:
    user, agent = await office.employed("agent")
    for _ in range(3):
        await agent.get("/v1/people")
    await office.admin.patch(f"/v1/users/{user['id']}", json={"roles": ["analyst"]})
    await agent.get("/v1/people")
    identities = [asked.headers["meridian-identity"] for asked in contacts.asked]
    assert len(set(identities[:3])) == 1
    assert identities[3] != identities[0]


async def test_what_a_client_says_of_identities_stays_outside(
    office: Office, contacts: Upstream
) -> None:
    _, agent = await office.employed("agent")
    await agent.get(
        "/v1/people",
        headers={
            "Meridian-Identity": "forged",
            "Cookie": "a=b",
            "Forwarded": "for=10.0.0.1",
            "X-Real-IP": "10.0.0.1",
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "1",
            "TE": "trailers",
            "Proxy-Authorization": "Basic eA==",
        },
    )
    headers = contacts.asked[0].headers
    assert headers["meridian-identity"] != "forged"
    for name in ("authorization", "cookie", "forwarded", "x-real-ip", "x-hop", "te"):
        assert name not in headers, name


async def test_a_forged_identity_alone_opens_nothing(
    stranger: httpx.AsyncClient, contacts: Upstream
) -> None:
    answer = await stranger.get("/v1/people", headers={"Meridian-Identity": "forged"})
    assert answer.status_code == 401
    assert contacts.asked == []


async def test_a_trace_goes_on_through_the_door(office: Office, contacts: Upstream) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    await office.admin.get("/v1/people", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    parts = contacts.asked[0].headers["traceparent"].split("-")
    assert parts[1] == trace
    assert parts[2] != "00f067aa0ba902b7"


async def test_a_public_form_needs_no_token_and_carries_no_identity(
    stranger: httpx.AsyncClient, marketing: Upstream
) -> None:
    marketing.status = 202
    path = f"/v1/forms/{uuid4()}/submissions"
    answer = await stranger.post(
        path, json={"name": "Анна"}, headers={"Meridian-Identity": "forged"}
    )
    assert answer.status_code == 202
    assert marketing.asked[0].target == path
    assert "meridian-identity" not in marketing.asked[0].headers
    assert (await stranger.get("/v1/forms")).status_code == 401


# -- bodies -------------------------------------------------------------------------


async def test_a_chunked_body_arrives_whole(office: Office, contacts: Upstream) -> None:
    answer = await office.admin.post("/v1/people/bulk", content=pieces(10, 200_000, 1, 500_000))
    assert answer.status_code == 200
    assert len(contacts.asked[0].body) == 700_011


async def test_a_body_of_the_largest_size_passes(office: Office, contacts: Upstream) -> None:
    body = b"x" * LARGEST_BODY
    assert (await office.admin.post("/v1/people/bulk", content=body)).status_code == 200
    assert contacts.asked[0].body == body


async def test_a_body_that_says_it_is_too_large_is_refused_unread(
    office: Office, contacts: Upstream, gateway: Gateway
) -> None:
    answer = await raw(
        gateway,
        "POST /v1/people/bulk HTTP/1.1",
        f"Authorization: {office.admin.headers['Authorization']}",
        f"Content-Length: {200 * 1024 * 1024}",
        "Expect: 100-continue",
    )
    assert b" 413 " in answer.splitlines()[0]
    assert b"urn:meridian:problem:body-too-large" in answer
    assert contacts.arrived == 0


async def test_two_hundred_megabytes_in_chunks_are_cut_off_without_being_kept(
    office: Office, contacts: Upstream
) -> None:
    answer = await office.admin.post(
        "/v1/people/bulk", content=pieces(*[1024 * 1024] * 200), timeout=60
    )
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:meridian:problem:body-too-large"
    assert contacts.arrived <= LARGEST_BODY
    assert (await office.admin.get("/v1/me")).status_code == 200


async def test_too_large_a_body_for_the_directory_is_refused_too(office: Office) -> None:
    answer = await office.admin.post("/v1/users/bulk", content=pieces(*[1024 * 1024] * 17))
    assert answer.status_code == 413


# -- answers ------------------------------------------------------------------------


async def test_an_answer_comes_piece_by_piece(office: Office, contacts: Upstream) -> None:
    contacts.pieces, contacts.pause = (b"[1,", b"2,", b"3]"), 0.2
    arrivals: list[float] = []
    body = b""
    async with office.admin.stream("GET", "/v1/people") as answer:
        async for piece in answer.aiter_raw():
            arrivals.append(time.monotonic())
            body += piece
    assert body == b"[1,2,3]"
    assert arrivals[-1] - arrivals[0] > 0.3


async def test_headers_between_the_gateway_and_a_service_stay_there(
    office: Office, contacts: Upstream
) -> None:
    contacts.headers = [
        (b"keep-alive", b"timeout=5"),
        (b"te", b"trailers"),
        (b"connection", b"keep-alive, X-Hop, Content-Length"),
        (b"x-hop", b"for the gateway"),
        (b"x-answer", b"kept"),
        (b"content-type", b"application/json"),
    ]
    answer = await office.admin.get("/v1/people")
    assert answer.headers["x-answer"] == "kept"
    assert "keep-alive" not in answer.headers
    assert "te" not in answer.headers
    assert "x-hop" not in answer.headers
    assert len(answer.headers.get_list("date")) == 1
    assert "server" not in answer.headers


async def test_an_early_answer_passes_while_the_client_still_sends(
    office: Office, gateway: Gateway
) -> None:
    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 422 No\r\nContent-Length: 2\r\n\r\n{}")
        with contextlib.suppress(ConnectionError):
            await reader.read()

    sent = pieces(*[100_000] * 50)
    port = gateway.upstream_ports["contacts"]
    async with speaking(refusing, port):
        answer = await office.admin.post("/v1/people/bulk", content=sent)
    assert (answer.status_code, answer.content) == (422, b"{}")


async def test_an_answer_that_splits_itself_is_a_bad_gateway(
    office: Office, gateway: Gateway
) -> None:
    async def splitting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        name = target.rpartition(b"=")[2].replace(b"%0D", b"\r").replace(b"%0A", b"\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX: " + name + b"\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()

    port = gateway.upstream_ports["contacts"]
    async with speaking(splitting, port):
        for name in ("a%0DSet-Cookie: b=c", "a%0ASet-Cookie: b=c", "a%0D%0A%0D%0AHTTP/1.1 200 OK"):
            answer = await office.admin.get(f"/v1/people?name={name.replace(' ', '')}")
            assert answer.status_code in (200, 502)
            assert "set-cookie" not in answer.headers
        assert (await office.admin.get("/v1/people?name=good")).headers["x"] == "good"


async def test_the_shorter_time_counts_for_the_service(office: Office, contacts: Upstream) -> None:
    await office.admin.get("/v1/people")
    await office.admin.get("/v1/people", headers={"Meridian-Time-Left": "700"})
    await office.admin.get("/v1/people", headers={"Meridian-Time-Left": "99999999"})
    own, theirs, long = [int(asked.headers["meridian-time-left"]) for asked in contacts.asked]
    assert theirs <= 700 < own <= 2_000
    assert 700 < long <= 2_000
    for path in ("/v1/people", "/v1/me"):
        wrong = await office.admin.get(path, headers={"Meridian-Time-Left": "soon"})
        assert wrong.status_code == 400


async def test_a_client_that_leaves_is_not_worked_for(office: Office, gateway: Gateway) -> None:
    left = asyncio.Event()
    asked = asyncio.Event()

    async def working(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        left.set()

    port = gateway.upstream_ports["contacts"]
    async with speaking(working, port):
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        token = office.admin.headers["Authorization"]
        writer.write(
            f"GET /v1/people HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode()
        )
        await asyncio.wait_for(asked.wait(), 10)
        writer.close()
        await asyncio.wait_for(left.wait(), 1.5)


@pytest.mark.parametrize("path", ["/v1/people", "/v1/me"])
async def test_head_answers_the_headers_of_get(
    office: Office, contacts: Upstream, path: str
) -> None:
    contacts.headers, contacts.pieces = [(b"etag", b'"7"'), (b"content-length", b"4")], (b"1234",)
    got, head = await office.admin.get(path), await office.admin.head(path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers.get("etag") == got.headers.get("etag")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert (await office.admin.get(path)).status_code == 200


async def test_a_redirect_is_passed_on_and_not_followed(office: Office, contacts: Upstream) -> None:
    contacts.status, contacts.headers = 302, [(b"location", b"http://elsewhere.example/")]
    assert (await office.admin.get("/v1/people")).status_code == 302
    assert len(contacts.asked) == 1


async def test_an_answer_without_a_body_stays_without_one(
    office: Office, contacts: Upstream
) -> None:
    contacts.status, contacts.pieces = 204, ()
    answer = await office.admin.delete(f"/v1/people/{uuid4()}")
    assert (answer.status_code, answer.content) == (204, b"")
