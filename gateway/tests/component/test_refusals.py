"""What never gets in: requests of two readings, and paths that services keep to themselves."""

import pytest

from gateway.testing.offices import Office
from gateway.testing.processes import Gateway
from gateway.testing.raw_requests import raw
from gateway.testing.upstreams import Upstream


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Content-Length: +5",),
        ("Content-Length: -1",),
        ("Content-Length : 5",),
        ("X-Folded: a", " b"),
        ("X-Nul: a\0b",),
    ],
)
async def test_a_request_that_could_be_read_in_two_ways_is_refused(
    office: Office, contacts: Upstream, gateway: Gateway, lines: tuple[str, ...]
) -> None:
    token = office.admin.headers["Authorization"]
    answer = await raw(
        gateway,
        "POST /v1/people HTTP/1.1",
        f"Authorization: {token}",
        *lines,
        body=b"0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
    )
    assert b" 400 " in answer.splitlines()[0]
    assert contacts.asked == []


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
