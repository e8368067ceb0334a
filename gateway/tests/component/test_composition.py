"""A customer from all sides, and the API described in one document."""

import asyncio
import json
from uuid import uuid4

import httpx
import pytest

from gateway.testing.offices import Office, made
from gateway.testing.processes import Gateway
from gateway.testing.upstreams import Upstream, serving

PAGE = b'{"items":[{"id":"1"}],"next_cursor":null}'


async def test_a_customer_is_put_together_from_all_services(
    office: Office, contacts: Upstream, sales: Upstream, marketing: Upstream
) -> None:
    contacts.pieces = sales.pieces = marketing.pieces = (PAGE,)
    id = uuid4()
    whole = made(await office.admin.get(f"/v1/customers/{id}/360"))
    assert whole == {
        "customer": json.loads(PAGE),
        "timeline": json.loads(PAGE),
        "deals": json.loads(PAGE),
        "leads": json.loads(PAGE),
        "unavailable": [],
    }
    assert sorted(asked.target for asked in contacts.asked) == [
        f"/v1/customers/{id}",
        f"/v1/customers/{id}/timeline",
    ]
    assert [asked.target for asked in sales.asked] == [f"/v1/deals?customer={id}"]
    assert [asked.target for asked in marketing.asked] == [f"/v1/leads?customer={id}"]
    asked = contacts.asked + sales.asked + marketing.asked
    assert all("meridian-identity" in one.headers for one in asked)
    # Each learns how long it is waited for.
    assert all(0 < int(one.headers["meridian-time-left"]) <= 500 for one in asked)


@pytest.mark.usefixtures("marketing")
async def test_a_service_that_is_down_is_named_and_the_rest_answers(
    office: Office, contacts: Upstream
) -> None:
    contacts.pieces = (PAGE,)
    whole = made(await office.admin.get(f"/v1/customers/{uuid4()}/360"))
    assert (whole["deals"], whole["unavailable"]) == (None, ["sales"])
    assert whole["customer"] == json.loads(PAGE)


@pytest.mark.usefixtures("marketing")
async def test_a_service_that_is_slow_counts_as_down(
    office: Office, contacts: Upstream, sales: Upstream
) -> None:
    sales.pieces, contacts.pause = (PAGE,), 3.0
    whole = made(await office.admin.get(f"/v1/customers/{uuid4()}/360"))
    assert whole["unavailable"] == ["contacts"]
    assert whole["customer"] is whole["timeline"] is None
    assert whole["deals"] == json.loads(PAGE)


async def test_a_customer_out_of_reach_is_not_found(
    office: Office, contacts: Upstream, sales: Upstream
) -> None:
    contacts.status, sales.pieces = 404, (PAGE,)
    answer = await office.admin.get(f"/v1/customers/{uuid4()}/360")
    assert answer.status_code == 404


@pytest.mark.usefixtures("marketing")
async def test_what_one_may_not_read_is_empty(
    office: Office, contacts: Upstream, sales: Upstream
) -> None:
    contacts.pieces, sales.status = (PAGE,), 403
    whole = made(await office.admin.get(f"/v1/customers/{uuid4()}/360"))
    assert whole["deals"] == {"items": [], "next_cursor": None}
    assert whole["unavailable"] == []


async def test_a_customer_has_an_id(office: Office, stranger: httpx.AsyncClient) -> None:
    assert (await office.admin.get("/v1/customers/no-id/360")).status_code == 404
    assert (await stranger.get(f"/v1/customers/{uuid4()}/360")).status_code == 401


async def test_the_description_grows_as_services_answer(
    stranger: httpx.AsyncClient, gateway: Gateway
) -> None:
    described = made(await stranger.get("/openapi.json"))
    assert "/v1/users" in described["paths"]
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert described["paths"]["/v1/sessions"]["post"]["security"] == []
    assert "User" in described["components"]["schemas"]
    document = b'{"paths":{"/v1/deals":{"get":{"responses":{}}}},"components":{"schemas":{}}}'
    async with serving(Upstream(pieces=(document,)), gateway.upstream_ports["sales"]):
        for _ in range(50):
            described = made(await stranger.get("/openapi.json"))
            if "/v1/deals" in described["paths"]:
                break
            await asyncio.sleep(0.1)
    assert "/v1/deals" in described["paths"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("TRACE", "/v1/users", "GET, POST"),
        ("PUT", "/v1/sessions", "GET, POST"),
        ("DELETE", "/v1/invitations/accept", "POST"),
        ("POST", "/.well-known/jwks.json", "GET"),
    ],
)
async def test_whoever_asks_for_another_method_is_told_which_there_are(
    stranger: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await stranger.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_the_viewer_needs_no_other_host(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f"/docs/assets/{asset}" in page.text
        assert (await stranger.get(f"/docs/assets/{asset}")).status_code == 200
    assert (await stranger.get("/docs/assets/../../../etc/passwd")).status_code == 404


async def test_events_are_described_to_strangers(stranger: httpx.AsyncClient) -> None:
    described = await stranger.get("/asyncapi.json")
    assert described.headers["Content-Type"] == "application/json"
    types = made(described)["components"]["messages"]
    for name in types:
        schema = await stranger.get(f"/schemas/{name}.json")
        assert schema.headers["Content-Type"] == "application/schema+json"
        assert made(schema)["properties"]["dataschema"]["const"] == str(schema.url.path)
    head = await stranger.head("/asyncapi.json")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "crm.sales.deal.exploded.v1.json",
        "crm.sales.deal.won.v1",
        "%2e%2e/asyncapi.json",
        "",
        "a/b.json",
    ],
)
async def test_there_are_no_other_schemas(stranger: httpx.AsyncClient, path: str) -> None:
    answer = await stranger.get(f"/schemas/{path}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:meridian:problem:not-found"


async def test_probes_and_metrics_answer(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/livez")).text == "ok"
    assert (await stranger.get("/readyz")).text == "ok"
    metrics = (await stranger.get("/metrics")).text
    assert 'service="edge"' in metrics
