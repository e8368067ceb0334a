"""The client against a real server that misbehaves as servers do."""

import asyncio
import time
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from meridian_client import AsyncMeridian, OutOfPatience, Problem
from meridian_client.models import CompanyDraft, CompanyPatch, DealDraft
from meridian_client.written import WrittenTokens

ID = UUID(int=9)
REPORT = {"as_of": "2026-01-01T00:00:00Z", "won": 0, "lost": 0, "win_rate": None, "items": []}


def failing(times: int, response: Any) -> Any:
    left = iter(range(times))

    async def script(_: web.Request) -> web.Response | None:
        if next(left, None) is None:
            return None
        built: web.Response = response()
        return built

    return script


async def created(client: AsyncMeridian, *names: str) -> list[str]:
    """The verdicts on companies of these names."""
    drafts = [CompanyDraft(name=name) for name in names]
    return [verdict.verdict async for verdict in client.companies.bulk(drafts)]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_post_is_repeated_under_its_key_while_the_platform_is_out_of_reach(
    client: AsyncMeridian, gateway: Any, status: int
) -> None:
    gateway.script = failing(3, lambda: web.Response(status=status, text="<h1>no</h1>"))
    assert await created(client, "a") == ["created"]
    assert len(gateway.keys()) == 4
    assert len(set(gateway.keys())) == 1
    assert len(set(gateway.bodies)) == 1


async def test_a_dropped_connection_is_repeated_under_the_same_key(
    client: AsyncMeridian, gateway: Any
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
    await created(client, "a")
    assert len(gateway.keys()) == 3
    assert len(set(gateway.keys())) == 1


async def test_two_requests_have_two_keys(client: AsyncMeridian, gateway: Any) -> None:
    await created(client, "a")
    await created(client, "a")
    assert len(set(gateway.keys())) == 2


async def test_a_caller_may_name_the_key(client: AsyncMeridian, gateway: Any) -> None:
    gateway.script = failing(1, lambda: web.Response(status=404))
    with pytest.raises(Problem):
        await client.deals.create(DealDraft(name="desks"), idempotency_key="order-17")
    assert gateway.keys() == ["order-17"]


@pytest.mark.parametrize("busy", ["1", "retry-at"])
async def test_retry_after_is_waited_for(client: AsyncMeridian, gateway: Any, busy: str) -> None:
    if busy == "retry-at":
        busy = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))
    gateway.script = failing(1, lambda: web.Response(status=429, headers={"Retry-After": busy}))
    began = time.monotonic()
    await client.tenant.read()
    assert time.monotonic() - began >= 0.9


async def test_patience_ends_and_says_what_was_last(gateway: Any) -> None:
    gateway.script = failing(1000, lambda: web.Response(status=503))
    async with AsyncMeridian(gateway.url, patience=0.3) as client:
        with pytest.raises(OutOfPatience, match=r"GET /v1/tenant.*503"):
            await client.tenant.read()


async def test_a_wait_beyond_patience_is_not_begun(client: AsyncMeridian, gateway: Any) -> None:
    gateway.script = failing(1, lambda: web.Response(status=503, headers={"Retry-After": "600"}))
    with pytest.raises(OutOfPatience):
        await client.tenant.read()
    assert len(gateway.requests) == 1


async def test_nobody_there_runs_out_of_patience(unused_tcp_port: int) -> None:
    async with AsyncMeridian(f"http://127.0.0.1:{unused_tcp_port}") as client:
        with pytest.raises(OutOfPatience, match="Cannot connect"):
            await client.reach(0.2)


async def test_a_refusal_is_a_problem_with_its_field_and_is_not_repeated(
    client: AsyncMeridian, gateway: Any
) -> None:
    document = {
        "type": "urn:meridian:problem:invalid-request",
        "title": "The request is not valid",
        "detail": "Expected `str`, got `int`",
        "field": "name",
        "traceId": "abc",
    }
    gateway.script = failing(1, lambda: web.json_response(document, status=422))
    with pytest.raises(Problem) as caught:
        await client.companies.create({"name": 1})
    problem = caught.value
    assert (problem.status, problem.slug) == (422, "invalid-request")
    assert (problem.title, problem.field) == (document["title"], "name")
    assert str(problem) == "Expected `str`, got `int` (name)"
    assert problem.members["traceId"] == "abc"
    assert len(gateway.requests) == 1


async def test_a_refusal_without_a_problem_document_still_has_its_status(
    client: AsyncMeridian, gateway: Any
) -> None:
    gateway.script = failing(1, lambda: web.Response(status=500, text="<h1>Oh</h1>"))
    with pytest.raises(Problem, match="HTTP 500"):
        await client.tenant.read()


async def test_an_expired_token_is_renewed_once_for_all_who_wait(
    client: AsyncMeridian, gateway: Any
) -> None:
    gateway.valid.clear()
    await asyncio.gather(*(client.tenant.read() for _ in range(5)))
    assert [path for _, path, _ in gateway.requests].count("/v1/sessions") == 1


async def test_a_request_keeps_its_key_over_a_new_sign_in(
    client: AsyncMeridian, gateway: Any
) -> None:
    gateway.valid.clear()
    await created(client, "a")
    bulk = [headers for _, path, headers in gateway.requests if path.endswith("/bulk")]
    assert len(bulk) == 2
    assert len({headers["Idempotency-Key"] for headers in bulk}) == 1


async def test_a_wrong_password_is_a_problem(gateway: Any) -> None:
    async with AsyncMeridian(gateway.url) as client:
        with pytest.raises(Problem, match="password is wrong"):
            await client.sign_in("acme", "ada", "guess")


async def test_a_token_that_cannot_be_renewed_is_a_problem(gateway: Any) -> None:
    async with AsyncMeridian(gateway.url, api_key="stale") as client:
        with pytest.raises(Problem) as caught:
            await client.tenant.read()
    assert caught.value.status == 401


async def test_chunks_overlap_and_their_verdicts_come_in_order(
    client: AsyncMeridian, gateway: Any
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
    items = ({"name": name} for name in names)
    verdicts = [v async for v in client.companies.bulk(items, chunk=4, in_flight=3)]
    assert [gateway.names[str(verdict.id)] for verdict in verdicts] == names
    assert [verdict.index for verdict in verdicts] == list(range(25))
    assert len(gateway.requests) == 7
    assert most == 3


async def test_items_are_drawn_only_as_far_as_they_are_sent(client: AsyncMeridian) -> None:
    drawn = 0

    def endless() -> Iterator[dict[str, object]]:
        nonlocal drawn
        while True:
            drawn += 1
            yield {"name": f"company {drawn}"}

    chunks = client.bulk("/v1/companies", endless(), chunk=10, in_flight=2)
    await anext(chunks)
    await chunks.aclose()
    assert drawn <= 30


async def test_reports_are_read_once_they_include_what_was_written(
    client: AsyncMeridian, gateway: Any
) -> None:
    await created(client, "a", "b")
    gateway.requests.clear()
    gateway.script = failing(2, lambda: web.json_response(REPORT))
    await client.reports.win_rate(from_=date(2026, 1, 1))
    await client.reports.win_rate()
    sent = [headers.get("Meridian-Read-After") for _, _, headers in gateway.requests]
    assert sent[0] is not None
    assert sent[0].startswith("crm.contacts.company/")
    assert sent[1] is None
    assert gateway.requests[0][1] == "/v1/reports/win-rate?from=2026-01-01"


async def test_lists_are_read_page_after_page(client: AsyncMeridian, gateway: Any) -> None:
    def company(number: int) -> dict[str, object]:
        return {"id": str(UUID(int=number)), "version": 1, "name": f"№ {number}"}

    pages: dict[str | None, dict[str, object]] = {
        None: {"items": [company(1), company(2)], "next_cursor": "x"},
        "x": {"items": [company(3)], "next_cursor": "y"},
        "y": {"items": [], "next_cursor": None},
    }

    async def script(request: web.Request) -> web.Response:
        assert request.query["q"] == "a&b=c"
        assert request.query["owner"] == str(ID)
        return web.json_response(pages[request.query.get("cursor")])

    gateway.script = script
    listed = client.companies.list(q="a&b=c", owner=ID)
    assert [company.name async for company in listed] == ["№ 1", "№ 2", "№ 3"]


async def test_a_patch_says_only_what_changes_and_of_which_version(
    client: AsyncMeridian, gateway: Any
) -> None:
    record = {"id": str(ID), "version": 4, "name": "Acme"}
    gateway.script = failing(1, lambda: web.json_response(record))
    patch = CompanyPatch(website=None, employees=7)
    company = await client.companies.change(ID, patch, if_match=3)
    assert (company.version, company.website) == (4, None)
    [(method, path, headers)] = gateway.requests
    assert (method, path) == ("PATCH", f"/v1/companies/{ID}")
    assert headers["If-Match"] == '"3"'
    assert headers["Content-Type"] == "application/merge-patch+json"
    assert sorted(gateway.bodies[0][1:-1].split(b",")) == [b'"employees":7', b'"website":null']


async def test_an_id_is_one_segment_of_the_path(client: AsyncMeridian, gateway: Any) -> None:
    gateway.script = failing(1, lambda: web.Response(status=404))
    with pytest.raises(Problem):
        await client.companies.read("../people/7?as_of=now")
    assert gateway.requests[0][1] == "/v1/companies/..%2Fpeople%2F7%3Fas_of=now"
    with pytest.raises(ValueError, match="no id"):
        await client.companies.read("..")


async def test_outside_its_block_a_client_does_nothing(gateway: Any) -> None:
    client = AsyncMeridian(gateway.url)
    with pytest.raises(RuntimeError, match="async with"):
        await client.tenant.read()


def test_of_a_record_only_the_newest_token_is_kept() -> None:
    tokens = WrittenTokens()
    tokens.add("crm.sales.deal/a@1, crm.sales.deal/b@7")
    tokens.add("crm.sales.deal/a@3")
    tokens.add("crm.sales.deal/a@2")
    tokens.add(None)
    assert list(tokens.headers()) == ["crm.sales.deal/a@3, crm.sales.deal/b@7"]


def test_what_is_written_while_reading_stays_to_be_read() -> None:
    tokens = WrittenTokens()
    tokens.add("crm.sales.deal/a@1, crm.sales.deal/b@7")
    (asked,) = tokens.headers()
    tokens.add("crm.sales.deal/a@2")
    tokens.seen(asked)
    assert list(tokens.headers()) == ["crm.sales.deal/a@2"]


def test_many_tokens_are_split_over_several_headers() -> None:
    tokens = WrittenTokens()
    tokens.add(", ".join(f"crm.sales.deal/{number:036}@1" for number in range(300)))
    headers = list(tokens.headers())
    assert all(len(header) < 4_100 for header in headers)
    assert sum(header.count("@") for header in headers) == 300
