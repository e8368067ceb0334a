"""The client against a real server that misbehaves as servers do."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp import web

from cli.client import Client, OutOfPatience, Problem, WrittenTokens


@pytest.fixture
async def client(gateway: Any) -> AsyncIterator[Client]:
    async with Client(gateway.url, patience=5.0) as client:
        await client.sign_in("acme", "ada", "secret")
        gateway.requests.clear()
        yield client


def keys(gateway: Any) -> list[str]:
    return [headers["Idempotency-Key"] for method, _, headers in gateway.requests]


def failing(times: int, response: Any) -> Any:
    left = iter(range(times))

    async def script(_: web.Request) -> web.Response | None:
        if next(left, None) is None:
            return None
        built: web.Response = response()
        return built

    return script


def item(name: str) -> dict[str, object]:
    return {"name": name, "external_ids": [{"system": "s", "type": "t", "id": name}]}


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_post_is_repeated_under_its_key_while_the_platform_is_out_of_reach(
    client: Client, gateway: Any, status: int
) -> None:
    gateway.script = failing(3, lambda: web.Response(status=status, text="<h1>no</h1>"))
    (verdict,) = await client.upsert_chunk("/v1/companies", [item("a")])
    assert verdict.verdict == "created"
    assert len(keys(gateway)) == 4
    assert len(set(keys(gateway))) == 1


async def test_a_dropped_connection_is_repeated_under_the_same_key(
    client: Client, gateway: Any
) -> None:
    dropped: list[str] = []

    async def script(request: web.Request) -> web.Response | None:
        if len(dropped) < 2:
            dropped.append(request.path)
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return None

    gateway.script = script
    await client.upsert_chunk("/v1/companies", [item("a")])
    assert len(keys(gateway)) == 3
    assert len(set(keys(gateway))) == 1


async def test_two_requests_have_two_keys(client: Client, gateway: Any) -> None:
    await client.upsert_chunk("/v1/companies", [item("a")])
    await client.upsert_chunk("/v1/companies", [item("a")])
    assert len(set(keys(gateway))) == 2


async def test_retry_after_is_waited_for(client: Client, gateway: Any) -> None:
    busy = {"Retry-After": "1"}
    gateway.script = failing(1, lambda: web.Response(status=429, headers=busy))
    began = time.monotonic()
    await client.get("/v1/tenant")
    assert time.monotonic() - began >= 1.0


async def test_patience_ends_and_says_what_was_last(client: Client, gateway: Any) -> None:
    gateway.script = failing(1000, lambda: web.Response(status=503))
    with pytest.raises(OutOfPatience, match=r"GET /v1/tenant.*503"):
        await client.get("/v1/tenant", patience=0.3)


async def test_a_wait_beyond_patience_is_not_begun(client: Client, gateway: Any) -> None:
    gateway.script = failing(1, lambda: web.Response(status=503, headers={"Retry-After": "600"}))
    began = time.monotonic()
    with pytest.raises(OutOfPatience):
        await client.get("/v1/tenant")
    assert time.monotonic() - began < 1.0


async def test_nobody_there_runs_out_of_patience(unused_tcp_port: int) -> None:
    async with Client(f"http://127.0.0.1:{unused_tcp_port}", patience=0.2) as client:
        with pytest.raises(OutOfPatience, match="Cannot connect"):
            await client.get("/livez")


async def test_a_refusal_is_a_problem_with_its_field_and_is_not_repeated(
    client: Client, gateway: Any
) -> None:
    document = {
        "type": "urn:meridian:problem:invalid-request",
        "title": "The request is not valid",
        "detail": "Expected `str`, got `int`",
        "field": "items[0].name",
        "traceId": "abc",
    }
    gateway.script = failing(1, lambda: web.json_response(document, status=422))
    with pytest.raises(Problem) as caught:
        await client.post("/v1/companies", {"name": 1})
    problem = caught.value
    assert (problem.status, problem.slug) == (422, "invalid-request")
    assert (problem.title, problem.field) == (document["title"], "items[0].name")
    assert str(problem) == "Expected `str`, got `int` (items[0].name)"
    assert problem.members["traceId"] == "abc"
    assert len(gateway.requests) == 1


async def test_a_refusal_without_a_problem_document_still_has_its_status(
    client: Client, gateway: Any
) -> None:
    gateway.script = failing(1, lambda: web.Response(status=500, text="<h1>Oh</h1>"))
    with pytest.raises(Problem, match="HTTP 500"):
        await client.get("/v1/tenant")


async def test_an_expired_token_is_renewed_once_for_all_who_wait(
    client: Client, gateway: Any
) -> None:
    gateway.valid.clear()
    await asyncio.gather(*(client.get("/v1/tenant") for _ in range(5)))
    assert [path for _, path, _ in gateway.requests].count("/v1/sessions") == 1


async def test_a_request_keeps_its_key_over_a_new_sign_in(client: Client, gateway: Any) -> None:
    gateway.valid.clear()
    await client.upsert_chunk("/v1/companies", [item("a")])
    bulk = [headers for _, path, headers in gateway.requests if path.endswith("/bulk")]
    assert len(bulk) == 2
    assert len({headers["Idempotency-Key"] for headers in bulk}) == 1


async def test_a_wrong_password_is_a_problem(gateway: Any) -> None:
    async with Client(gateway.url) as client:
        with pytest.raises(Problem, match="password is wrong"):
            await client.sign_in("acme", "ada", "guess")


async def test_a_token_that_cannot_be_renewed_is_a_problem(gateway: Any) -> None:
    async with Client(gateway.url) as client:
        client.use_token("stale")
        with pytest.raises(Problem) as caught:
            await client.get("/v1/tenant")
    assert caught.value.status == 401


async def test_chunks_overlap_and_their_verdicts_come_in_order(
    client: Client, gateway: Any
) -> None:
    at_work, most = 0, 0

    async def script(_: web.Request) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        # The first chunk answers last.
        await asyncio.sleep(0.2 if len(gateway.requests) == 1 else 0.02)
        at_work -= 1

    gateway.script = script
    names = [f"company {number}" for number in range(25)]
    chunks = client.upsert("/v1/companies", map(item, names), chunk=4, in_flight=3)
    verdicts = [verdict async for some in chunks for verdict in some]
    found = {record["id"]: record["name"] for record in gateway.records["/v1/companies"].values()}
    assert [found[verdict.id] for verdict in verdicts] == names
    assert len(gateway.requests) == 7
    assert most == 3


async def test_items_are_drawn_only_as_far_as_they_are_sent(client: Client) -> None:
    drawn = 0

    def endless() -> Iterator[dict[str, object]]:
        nonlocal drawn
        while True:
            drawn += 1
            yield item(f"company {drawn}")

    chunks = client.upsert("/v1/companies", endless(), chunk=10, in_flight=2)
    await anext(chunks)
    await chunks.aclose()
    assert drawn <= 30


async def test_reads_carry_what_was_written(client: Client, gateway: Any) -> None:
    await client.upsert_all("/v1/companies", [item("a"), item("b")])
    gateway.requests.clear()
    await client.read_own_writes("/v1/reports/funnel")
    await client.read_own_writes("/v1/reports/funnel")
    sent = [headers.get("Meridian-Read-After") for _, _, headers in gateway.requests]
    assert sent[0] is not None
    assert sent[0].startswith("crm.test/v1/companies/")
    assert sent[1] is None


async def test_lists_are_read_page_after_page(client: Client, gateway: Any) -> None:
    pages: dict[str | None, dict[str, object]] = {
        None: {"items": [1, 2], "next_cursor": "x"},
        "x": {"items": [3], "next_cursor": "y"},
        "y": {"items": [], "next_cursor": None},
    }

    async def script(request: web.Request) -> web.Response:
        assert request.query["status"] == "open"
        return web.json_response(pages[request.query.get("cursor")])

    gateway.script = script
    assert [record async for record in client.each("/v1/deals", status="open")] == [1, 2, 3]


def test_of_a_record_only_the_newest_token_is_kept() -> None:
    tokens = WrittenTokens()
    tokens.add("crm.sales.deal/a@1, crm.sales.deal/b@7")
    tokens.add("crm.sales.deal/a@3")
    tokens.add("crm.sales.deal/a@2")
    tokens.add(None)
    assert list(tokens.headers()) == ["crm.sales.deal/a@3, crm.sales.deal/b@7"]


def test_many_tokens_are_split_over_several_headers() -> None:
    tokens = WrittenTokens()
    tokens.add(", ".join(f"crm.sales.deal/{number:036}@1" for number in range(300)))
    headers = list(tokens.headers())
    assert all(len(header) < 4_100 for header in headers)
    assert sum(header.count("@") for header in headers) == 300
