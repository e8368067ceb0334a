"""Facts over HTTP: a verdict for each, and an event for each that is news."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.testing import Running, migrate_now, reaching, running
from cli.local.postgres import PostgresServer
from gateway.app import SERVICE

RUBLES = {"amount": "1000.50", "currency": "RUB"}
Json = dict[str, Any]


@pytest.fixture(scope="module")
def facts_database(postgres_server: PostgresServer) -> str:
    postgres_server.create_database("facts")
    return migrate_now(SERVICE, postgres_server.database_url("facts"))


@pytest.fixture
async def service(facts_database: str) -> AsyncIterator[Running]:
    async with running(SERVICE, facts_database) as service:
        yield service


@pytest.fixture
def tenant() -> UUID:
    return uuid4()


@pytest.fixture
def erp(service: Running, tenant: UUID) -> httpx.AsyncClient:
    return service.client(tenant, permissions=reaching("all", "facts"))


def payment(id: str = "ПП-1", version: int = 1, **fields: Any) -> Json:
    return {
        "kind": "payment_received",
        "document": {"system": "1c", "type": "payment", "id": id},
        "document_version": version,
        "happened_at": "2026-03-01T10:00:00+03:00",
        "amount": RUBLES,
    } | fields


def stock(amount: str, **fields: Any) -> Json:
    return payment(
        kind="stock_counted",
        amount=None,
        product={"external_id": {"system": "1c", "type": "item", "id": "7"}},
        quantity={"amount": amount, "unit": "шт"},
    ) | {"document": {"system": "1c", "type": "stock", "id": "главный:7"}, **fields}


async def reported(client: httpx.AsyncClient, *items: Any, **headers: str) -> list[Json]:
    answer = await client.post("/v1/facts", json={"items": list(items)}, headers=headers)
    assert answer.status_code == 200, answer.text
    verdicts: list[Json] = answer.json()["items"]
    assert [verdict["index"] for verdict in verdicts] == list(range(len(items)))
    return verdicts


def words(verdicts: list[Json]) -> list[str]:
    return [verdict["verdict"] for verdict in verdicts]


def refusal(verdict: Json) -> tuple[str, str | None]:
    problem = verdict["problem"]
    return problem["type"].rpartition(":")[2], problem.get("field")


async def test_what_is_accepted_is_one_event_of_its_kind_and_origin(
    service: Running, tenant: UUID, erp: httpx.AsyncClient
) -> None:
    other = payment() | {"document": {"system": "sap", "type": "payment", "id": "ПП-1"}}
    verdicts = await reported(erp, payment(), other, stock("5"), payment(version=9, number="N"))
    assert words(verdicts) == ["accepted"] * 4
    assert [verdict["version"] for verdict in verdicts] == [1, 1, 1, 2]
    assert verdicts[0]["id"] == verdicts[3]["id"] != verdicts[1]["id"]
    journal = await service.journal(tenant)
    told = Counter((e.type.split(".")[3], e.origin, e.aggregateversion) for e in journal)
    assert told == {
        ("payment_received", "1c", 1): 1,
        ("payment_received", "1c", 2): 1,
        ("payment_received", "sap", 1): 1,
        ("stock_counted", "1c", 1): 1,
    }
    newest = next(event for event in journal if event.aggregateversion == 2)
    assert newest.time.isoformat() == "2026-03-01T07:00:00+00:00"
    assert newest.data.after is not None
    assert newest.data.after["document_version"] == 9
    assert newest.data.changed == {"document_version": 1, "number": None}


async def test_the_order_of_items_counts(erp: httpx.AsyncClient) -> None:
    verdicts = await reported(
        erp,
        payment(version=2),
        payment(version=1),
        payment(version=2),
        payment(version=2, number="другой"),
        payment(version=3),
    )
    assert words(verdicts) == ["accepted", "stale", "duplicate", "rejected", "accepted"]
    assert refusal(verdicts[3]) == ("version-conflict", "number")
    again = await reported(erp, *[payment(version=n) for n in (1, 2, 3, 4)])
    assert words(again) == ["stale", "stale", "duplicate", "accepted"]
    assert again[3]["version"] == 3


async def test_a_bad_item_has_a_code_and_a_field_and_holds_back_no_other(
    erp: httpx.AsyncClient,
) -> None:
    verdicts = await reported(
        erp,
        payment("1"),
        payment("2", amount={"amount": 5, "currency": "RUB"}),
        payment("3", colour="red"),
        payment("4", kind="price_set"),
        payment("5", customer={"tax_id": "1"}),
        payment("6", amount=None),
        payment("7", document_version=2**64),
        {},
        payment("8"),
    )
    assert words(verdicts) == ["accepted", *["rejected"] * 7, "accepted"]
    assert [refusal(verdict) for verdict in verdicts[1:8]] == [
        ("invalid-request", "amount.amount"),
        ("invalid-request", "colour"),
        ("fact-incomplete", "product"),
        ("invalid-request", "customer.tax_id"),
        ("fact-incomplete", "amount"),
        ("invalid-request", "document_version"),
        ("invalid-request", "kind"),
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"items": []}, "items"),
        ({"items": [payment()] * 501}, "items"),
        ({"items": [payment()], "more": 1}, "more"),
        ({"items": [7]}, "items[0]"),
        ({}, "items"),
    ],
)
async def test_a_call_that_is_none_is_refused_whole(
    erp: httpx.AsyncClient, body: Json, field: str
) -> None:
    answer = await erp.post("/v1/facts", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_what_is_too_large_for_an_event_is_rejected_alone(erp: httpx.AsyncClient) -> None:
    product = {"external_id": {"system": "с" * 100, "type": "т" * 100, "id": "и" * 200}}
    line = {"product": product, "quantity": {"amount": "1", "unit": "ш" * 50}}
    large = payment(kind="shipment_reported", amount=None, lines=[line] * 500)
    verdicts = await reported(erp, large, payment("other"))
    assert words(verdicts) == ["rejected", "accepted"]
    assert refusal(verdicts[0])[0] == "event-too-large"


async def test_a_call_that_is_repeated_is_answered_as_before(
    service: Running, tenant: UUID, erp: httpx.AsyncClient
) -> None:
    key = {"Idempotency-Key": "call-1"}
    first = await reported(erp, payment(), **key)
    assert await reported(erp, payment(), **key) == first
    assert words(await reported(erp, payment())) == ["duplicate"]
    answer = await erp.post("/v1/facts", json={"items": [payment("2")]}, headers=key)
    assert answer.status_code == 409
    assert len(await service.journal(tenant)) == 1


async def test_of_calls_at_the_same_time_one_wins_each_version(
    service: Running, tenant: UUID, erp: httpx.AsyncClient
) -> None:
    documents = [f"ПП-{n}" for n in range(5)]
    calls = [
        reported(erp, *[payment(id, version=1, number=f"call {n}") for id in documents])
        for n in range(6)
    ]
    for calling in (calls, [reported(erp, payment(version=2, number=f"{n}")) for n in range(6)]):
        answers = await asyncio.gather(*calling)
        for of_item in zip(*answers, strict=True):
            assert Counter(words(list(of_item))) == {"accepted": 1, "rejected": 5}
            rejected = [v for v in of_item if v["verdict"] == "rejected"]
            assert {refusal(verdict) for verdict in rejected} == {("version-conflict", "number")}
    versions = Counter(event.aggregateversion for event in await service.journal(tenant))
    assert versions == {1: 5, 2: 1}


async def test_tenants_have_their_own_documents(service: Running, erp: httpx.AsyncClient) -> None:
    other = service.client(uuid4(), permissions=reaching("all", "facts"))
    (mine,), (theirs,) = await reported(erp, payment()), await reported(other, payment(number="N"))
    assert (mine["verdict"], theirs["verdict"]) == ("accepted", "accepted")
    assert (await other.get(f"/v1/facts/{mine['id']}")).status_code == 404
    assert [f["id"] for f in (await other.get("/v1/facts")).json()["items"]] == [theirs["id"]]


async def test_who_may_report_and_who_may_read(
    service: Running, tenant: UUID, erp: httpx.AsyncClient
) -> None:
    await reported(erp, payment())
    reader = service.client(tenant, permissions={"facts:read": "all"})
    agent = service.client(tenant, permissions={"facts:read": "own", "facts:write": "own"})
    nobody = service.client(tenant, permissions={})
    for client, reads, found in ((reader, 200, 1), (agent, 200, 0), (nobody, 403, None)):
        assert (await client.post("/v1/facts", json={"items": [payment()]})).status_code == 403
        answer = await client.get("/v1/facts")
        assert answer.status_code == reads
        if found is not None:
            assert len(answer.json()["items"]) == found


async def test_an_integrator_sees_what_arrived(erp: httpx.AsyncClient) -> None:
    customer = str(uuid4())
    verdicts = await reported(
        erp,
        payment("a", customer={"id": customer}),
        stock("5"),
        payment("b") | {"document": {"system": "sap", "type": "payment", "id": "b"}},
    )
    a, counted, b = [verdict["id"] for verdict in verdicts]

    async def listed(**query: Any) -> list[str]:
        answer = await erp.get("/v1/facts", params=query)
        assert answer.status_code == 200, answer.text
        return [fact["id"] for fact in answer.json()["items"]]

    assert await listed() == sorted([a, counted, b], reverse=True)
    assert await listed(system="sap") == [b]
    assert await listed(system="1c", document="a,главный:7", document_type="stock") == [counted]
    assert await listed(kind="stock_counted,price_set") == [counted]
    assert await listed(customer=customer) == [a]
    assert await listed(external_id="1c:payment:a") == [a]
    fact = (await erp.get(f"/v1/facts/{a}")).json()
    assert await listed(since=fact["received_at"]) == await listed()
    assert await listed(since="2999-01-01T00:00:00Z") == []
    refused = await erp.get("/v1/facts", params={"since": "2026-01-01T00:00:00"})
    assert (refused.status_code, refused.json()["field"]) == (422, "since")
    page = (await erp.get("/v1/facts", params={"limit": 2})).json()
    rest = await listed(limit=2, cursor=page["next_cursor"])
    assert [fact["id"] for fact in page["items"]] + rest == await listed()


async def test_a_document_has_its_history(erp: httpx.AsyncClient) -> None:
    (first,) = await reported(erp, payment(number="1"))
    await reported(erp, payment(version=5, number="2"))
    path = f"/v1/facts/{first['id']}"
    fact = (await erp.get(path)).json()
    assert (fact["version"], fact["document_version"], fact["number"]) == (2, 5, "2")
    history = (await erp.get(f"{path}/history")).json()["items"]
    assert [version["version"] for version in history] == [2, 1]
    assert history[0]["changed"]["number"] == {"before": "1", "after": "2"}
