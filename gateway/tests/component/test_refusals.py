"""What never gets in: requests of two readings, and paths that services keep to themselves."""

import pytest

from gateway.testing.offices import Office
from gateway.testing.processes import Gateway
from gateway.testing.raw_requests import raw, said, statuses
from gateway.testing.upstreams import Upstream

SMUGGLED = b"GET /v1/deals HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
ZERO = b"0\r\n\r\n"


def post(fields: bytes, body: bytes = b"") -> bytes:
    return b"POST /v1/people HTTP/1.1\r\nHost: x\r\nAuthorization: $\r\n" + fields + b"\r\n" + body


def get(line: bytes, fields: bytes = b"Host: x\r\n") -> bytes:
    return line + b"\r\n" + fields + b"Authorization: $\r\n\r\n"


AMBIGUOUS = {
    "CL.TE": post(b"Content-Length: 6\r\n" + CHUNKED, ZERO + SMUGGLED),
    "TE.CL": post(CHUNKED + b"Content-Length: 4\r\n", b"5c\r\n" + SMUGGLED + ZERO),
    "TE.TE, a second that nobody knows": post(
        CHUNKED + b"Transfer-Encoding: cow\r\n", ZERO + SMUGGLED
    ),
    "TE.TE, twice": post(CHUNKED + CHUNKED, ZERO + SMUGGLED),
    "TE, unknown": post(b"Transfer-Encoding: xchunked\r\n", ZERO + SMUGGLED),
    "TE, chunked not last": post(b"Transfer-Encoding: chunked, identity\r\n", ZERO + SMUGGLED),
    "TE, gzip before": post(b"Transfer-Encoding: gzip, chunked\r\n", ZERO + SMUGGLED),
    "TE, identity": post(b"Transfer-Encoding: identity\r\n", ZERO + SMUGGLED),
    "TE, vertical tab": post(b"Transfer-Encoding: \x0bchunked\r\n", ZERO + SMUGGLED),
    "TE, quoted": post(b'Transfer-Encoding: "chunked"\r\n', ZERO + SMUGGLED),
    "TE, on a folded line": post(b"Transfer-Encoding:\r\n chunked\r\n", ZERO + SMUGGLED),
    "TE, space before the colon": post(b"Transfer-Encoding : chunked\r\n", ZERO + SMUGGLED),
    "TE, behind a bare CR": post(b"X: y\rTransfer-Encoding: chunked\r\n", ZERO + SMUGGLED),
    "TE, behind a bare LF": post(b"X: y\nTransfer-Encoding: chunked\r\n", ZERO + SMUGGLED),
    "TE, in HTTP/1.0": post(CHUNKED, ZERO + SMUGGLED).replace(b"/1.1", b"/1.0", 1),
    "CL, two": post(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"hello" + SMUGGLED),
    "CL, two alike": post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello" + SMUGGLED),
    "CL, a list": post(b"Content-Length: 5, 5\r\n", b"hello" + SMUGGLED),
    "CL, plus": post(b"Content-Length: +5\r\n", b"hello" + SMUGGLED),
    "CL, minus": post(b"Content-Length: -1\r\n", SMUGGLED),
    "CL, hexadecimal": post(b"Content-Length: 0x5\r\n", b"hello" + SMUGGLED),
    "CL, too many digits": post(b"Content-Length: " + b"9" * 30 + b"\r\n", SMUGGLED),
    "CL, space before the colon": post(b"Content-Length : 5\r\n", b"hello" + SMUGGLED),
    "CL, empty": post(b"Content-Length: \r\n", SMUGGLED),
    "chunk size of another sign": post(CHUNKED, b"-1\r\n\r\n" + SMUGGLED),
    "chunk size with 0x": post(CHUNKED, b"0x5\r\nhello\r\n" + ZERO + SMUGGLED),
    "chunk size that overflows": post(CHUNKED, b"f" * 17 + b"\r\nhello\r\n" + ZERO + SMUGGLED),
    "chunk size and a bare LF": post(CHUNKED, b"5\nhello\r\n" + ZERO + SMUGGLED),
    "chunk longer than it says": post(CHUNKED, b"5\r\nhelloXX" + ZERO + SMUGGLED),
    "folded line": post(b"X-Folded: a\r\n b\r\n"),
    "bare LF between fields": post(b"X: a\nY: b\r\n"),
    "bare LF after the request line": b"GET /v1/people HTTP/1.1\nHost: x\r\n\r\n",
    "NUL in a value": post(b"X: a\0b\r\n"),
    "NUL in a name": post(b"X\0Y: a\r\n"),
    "DEL in a value": post(b"X: a\x7fb\r\n"),
    "field without a name": post(b": a\r\n"),
    "field without a colon": post(b"nothing\r\n"),
    "space before the first field": b"GET /v1/people HTTP/1.1\r\n Host: x\r\n\r\n",
    "no Host": get(b"GET /v1/people HTTP/1.1", b""),
    "two Hosts": get(b"GET /v1/people HTTP/1.1", b"Host: x\r\nHost: y\r\n"),
    "control character in the target": get(b"GET /v1/people\x01 HTTP/1.1"),
    "fragment in the target": get(b"GET /v1/people#/metrics HTTP/1.1"),
    "body and another protocol": post(
        b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 36\r\n", SMUGGLED
    ),
    "CONNECT": get(b"CONNECT x:443 HTTP/1.1"),
    "method in small letters": get(b"get /v1/people HTTP/1.1"),
    "method that is none": get(b"GET/ /v1/people HTTP/1.1"),
    "length in a trailer": post(CHUNKED, b"0\r\nContent-Length: 36\r\n\r\n" + SMUGGLED),
    "HTTP/1.2": get(b"GET /v1/people HTTP/1.2"),
    "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "nonsense": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}
"""Case -> bytes; `$` stands for the access token."""

UNWANTED = [
    (get(b"GET /v1/people HTTP/2.0"), 505),
    (b"GET /v1/people\r\n\r\n", 505),
    (get(b"GET * HTTP/1.1"), 404),
    (get(b"TRACE /v1/people HTTP/1.1"), 405),
    (get(b"PURGE /v1/people HTTP/1.1"), 405),
    (get(b"OPTIONS /v1/people HTTP/1.1"), 405),
    (get(b"GET /v1/people?" + b"q" * 40_000 + b" HTTP/1.1"), 431),
    (get(b"GET /v1/people HTTP/1.1", b"Host: x\r\nX: " + b"x" * 40_000 + b"\r\n"), 431),
    (get(b"GET /v1/people HTTP/1.1", b"Host: x\r\n" + b"X: y\r\n" * 200), 431),
    # Never ends: it is refused at the limit, not at its end.
    (b"GET /v1/people HTTP/1.1\r\nX: " + b"x" * 400_000, 431),
    (b"GET /" + b"x" * 400_000, 431),
    (post(CHUNKED, b"5;" + b"x" * 200_000), 400),
    (post(CHUNKED, b"0\r\nX: " + b"x" * 400_000), 400),
]
"""Bytes, and the status that answers them."""


async def test_a_request_that_could_be_read_in_two_ways_is_refused(
    office: Office, contacts: Upstream, sales: Upstream, gateway: Gateway
) -> None:
    token = office.admin.headers["Authorization"].encode()
    answers = {
        case: await said(gateway, asked.replace(b"$", token)) for case, asked in AMBIGUOUS.items()
    }
    assert [case for case, answer in answers.items() if statuses(answer) != [400]] == []
    assert all(b"urn:meridian:problem:malformed-request" in text for text in answers.values())
    assert contacts.asked == sales.asked == []


async def test_what_is_too_large_or_of_another_kind_is_refused(
    office: Office, contacts: Upstream, gateway: Gateway
) -> None:
    token = office.admin.headers["Authorization"].encode() + b"\r\nConnection: close"
    wrong = [
        (asked, status, said_)
        for asked, status in UNWANTED
        if statuses(said_ := await said(gateway, asked.replace(b"$", token))) != [status]
    ]
    assert wrong == []
    # Only what it has to say of its methods was wanted of it.
    assert {asked.target for asked in contacts.asked} <= {"/openapi.json"}


async def test_nothing_is_heard_after_a_refusal(
    office: Office, contacts: Upstream, gateway: Gateway
) -> None:
    token = office.admin.headers["Authorization"].encode()
    good = get(b"GET /v1/people HTTP/1.1").replace(b"$", token)
    bad = get(b"GET /v1/people HTTP/1.1", b"Host: x\r\nX : y\r\n")
    answer = await said(gateway, good + bad + good + good)
    assert statuses(answer) == [200]
    assert len(contacts.asked) == 1
    assert statuses(await said(gateway, bad + good, good)) == [400]
    assert len(contacts.asked) == 1


async def test_requests_in_a_row_are_answered_in_their_order(
    office: Office, contacts: Upstream, gateway: Gateway
) -> None:
    token = office.admin.headers["Authorization"].encode()
    rows = [get(b"GET /v1/people?n=%d HTTP/1.1" % n).replace(b"$", token) for n in range(8)]
    last = get(b"GET /v1/nothing HTTP/1.1", b"Host: x\r\nConnection: close\r\n")
    answer = await said(gateway, b"".join(rows) + last.replace(b"$", token))
    assert statuses(answer) == [200] * 8 + [404]
    assert [asked.target for asked in contacts.asked] == [f"/v1/people?n={n}" for n in range(8)]


async def test_too_many_requests_in_a_row_are_not_kept(
    office: Office, contacts: Upstream, gateway: Gateway
) -> None:
    contacts.pause = 0.01
    token = office.admin.headers["Authorization"].encode()
    row = get(b"GET /v1/people HTTP/1.1").replace(b"$", token)
    answer = await said(gateway, row * 60)
    assert 0 < len(statuses(answer)) < 40
    assert set(statuses(answer)) == {200}


async def test_trailers_are_no_headers(
    office: Office, contacts: Upstream, gateway: Gateway
) -> None:
    token = office.admin.headers["Authorization"].encode()
    trailers = b"Meridian-Origin: forged\r\nIdempotency-Key: forged\r\nX: forged\r\n"
    body = b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n"
    fields = CHUNKED + b"Trailer: Meridian-Origin\r\nConnection: close\r\n"
    answer = await said(gateway, post(fields, body).replace(b"$", token))
    assert statuses(answer) == [200]
    assert contacts.asked[0].body == b"hello"
    assert "forged" not in contacts.asked[0].headers.values()
    assert "trailer" not in contacts.asked[0].headers


async def test_an_absolute_target_leads_nowhere_else(
    office: Office, contacts: Upstream, gateway: Gateway
) -> None:
    token = office.admin.headers["Authorization"].encode()
    asked = get(
        b"GET http://elsewhere.example/v1/people?a=b HTTP/1.1",
        b"Host: x\r\nConnection: close\r\n",
    )
    assert statuses(await said(gateway, asked.replace(b"$", token))) == [200]
    assert contacts.asked[0].target == "/v1/people?a=b"
    assert contacts.asked[0].headers["host"] == f"127.0.0.1:{gateway.upstream_ports['contacts']}"


async def test_who_asks_for_another_protocol_is_answered_in_this_one(
    office: Office, contacts: Upstream, gateway: Gateway
) -> None:
    token = office.admin.headers["Authorization"].encode()
    fields = b"Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    asked = get(b"GET /v1/people HTTP/1.1", fields).replace(b"$", token)
    assert statuses(await said(gateway, asked + SMUGGLED)) == [200]
    assert len(contacts.asked) == 1
    assert "upgrade" not in contacts.asked[0].headers


@pytest.mark.parametrize(
    "name",
    [
        "Meridian-Identity",
        "MERIDIAN-IDENTITY",
        "meridian_identity",
        "Meridian_Identity",
        "meridian-Identity",
    ],
)
@pytest.mark.parametrize("path", ["/v1/people", "/v1/users"])
async def test_an_identity_from_outside_stays_there_however_it_is_spelt(
    office: Office, contacts: Upstream, gateway: Gateway, name: str, path: str
) -> None:
    _, agent = await office.employed("agent")
    token = agent.headers["Authorization"]
    await agent.get("/v1/people")
    (true,) = [asked.headers["meridian-identity"] for asked in contacts.asked]
    answer = await raw(
        gateway,
        f"GET {path} HTTP/1.1",
        f"Authorization: {token}",
        f"{name}: forged",
        "Connection: close, Meridian-Identity, Authorization",
    )
    assert statuses(answer) == [200]
    for asked in contacts.asked:
        assert asked.headers["meridian-identity"] == true
        assert "forged" not in asked.headers.values()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/people/../../metrics",
        "/v1/people/%2e%2e/%2e%2e/metrics",
        "/v1/people/..%2f..%2fmetrics",
        "/v1/../metrics",
        "//metrics",
        "/v1/people/",
        "/v1/peopl%65",
        "/v1/nothing",
        "/contacts/livez",
    ],
)
async def test_no_path_reaches_what_a_service_keeps_to_itself(
    office: Office, contacts: Upstream, gateway: Gateway, path: str
) -> None:
    token = office.admin.headers["Authorization"]
    answer = await raw(gateway, f"GET {path} HTTP/1.1", f"Authorization: {token}")
    assert b" 404 " in answer.splitlines()[0]
    assert b"urn:meridian:problem:not-found" in answer
    assert contacts.asked == []
