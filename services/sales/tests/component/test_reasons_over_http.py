"""The managed list of reasons."""

import asyncio
from uuid import UUID, uuid5

import httpx
import pytest

from chassis.testing import Running
from services.sales.tests.component.selling import administrator, created, refused, verdicts

PRICE = {"outcome": "lost", "code": "price", "name": "Цена"}


@pytest.fixture
def client(sales: Running, tenant: UUID) -> httpx.AsyncClient:
    return administrator(sales, tenant)


async def test_the_list_has_each_code_of_an_outcome_once(
    client: httpx.AsyncClient, tenant: UUID
) -> None:
    reason = await created(client, "reasons", **PRICE)
    assert reason["id"] == str(uuid5(tenant, "reason:lost:price"))
    refused(await client.post("/v1/reasons", json=PRICE), 409, "reason-code-taken")
    await created(client, "reasons", **(PRICE | {"outcome": "won"}))


async def test_of_two_who_create_a_code_at_once_one_does(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.post("/v1/reasons", json=PRICE) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_reason_is_renamed_and_retired_but_keeps_its_code(
    client: httpx.AsyncClient,
) -> None:
    reason = await created(client, "reasons", **PRICE)
    path = f"/v1/reasons/{reason['id']}"
    answer = await client.patch(path, json={"name": "Дорого", "is_active": False})
    assert (answer.json()["name"], answer.json()["is_active"]) == ("Дорого", False)
    refused(await client.patch(path, json={"code": "cost"}), 422, "reason-code-fixed")


async def test_lists_filter_by_outcome_and_code(client: httpx.AsyncClient) -> None:
    for outcome, code in (("lost", "price"), ("won", "price"), ("lost", "timing")):
        await created(client, "reasons", outcome=outcome, code=code, name=code)
    found = (await client.get("/v1/reasons?outcome=lost")).json()["items"]
    assert {reason["code"] for reason in found} == {"price", "timing"}
    found = (await client.get("/v1/reasons?outcome=won&code=price")).json()["items"]
    assert [(reason["outcome"], reason["code"]) for reason in found] == [("won", "price")]


async def test_a_bulk_request_knows_reasons_by_their_codes(client: httpx.AsyncClient) -> None:
    timing = {"outcome": "lost", "code": "timing", "name": "Не сезон"}
    found = await verdicts(client, "reasons", PRICE, timing, timing)
    assert [verdict["verdict"] for verdict in found] == ["created", "created", "rejected"]
    found = await verdicts(client, "reasons", PRICE, timing | {"name": "Рано"})
    assert [verdict["verdict"] for verdict in found] == ["unchanged", "updated"]
