"""Somebody leaves their details, becomes a customer with a deal, and is erased everywhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx

from chassis.storage import database_at
from chassis.testing_records import records_of
from events.topics import owned_by
from tests.end_to_end.conftest import Platform

OWNERS = ("contacts", "sales", "marketing", "analytics", "gateway")
MARK = f"x{uuid4().hex[:12]}"
PHONE = str(uuid4().int)[:10]
DETAILS = {
    "name": f"Анна {MARK}",
    "email": f"{MARK}@example.ru",
    "phone": f"+7{PHONE}",
    "message": f"Перезвоните, {MARK}",
}

Json = dict[str, Any]


async def administrator(platform: Platform, client: httpx.AsyncClient) -> None:
    """Sign in as the administrator of a new tenant."""
    slug, password = f"t-{uuid4().hex[:10]}", uuid4().hex
    somebody = {
        "name": "Администратор",
        "login": "admin",
        "email": "admin@example.ru",
        "password": password,
    }
    made = await client.post(
        "/v1/tenants",
        json={
            "name": "ООО Ромашка", "slug": slug, "currency": "RUB", "city": "Москва",
            "time_zone": "Europe/Moscow", "administrator": somebody,
        },
        headers={"Authorization": f"Bearer {platform.bootstrap_token}"},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    session = await client.post(
        "/v1/sessions", json={"tenant": slug, "login": "admin", "password": password}
    )
    client.headers["Authorization"] = f"Bearer {session.json()['access_token']}"


async def read(client: httpx.AsyncClient, path: str) -> Json:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def wait_for(look: Callable[[], Awaitable[Any]], what: str, seconds: float = 120) -> Any:
    """What `look` finds, once it finds something."""
    until = time.monotonic() + seconds
    while not (found := await look()):
        assert time.monotonic() < until, what
        await asyncio.sleep(0.1)
    return found


async def left(platform: Platform) -> dict[str, list[str]]:
    """In which tables of which databases something of the person still stands."""
    found = {}
    for owner in OWNERS:
        database = database_at(platform.database_url(owner), 2, owned_by(owner))
        await database.open()
        tables = await records_of(database).where_it_stands(MARK, PHONE)
        if tables:
            found[owner] = tables
        await database.close()
    return found


async def test_who_is_erased_is_left_in_no_database_and_their_deal_counts(
    platform_on_either: Platform,
) -> None:
    platform = platform_on_either
    async with httpx.AsyncClient(base_url=platform.gateway_url, timeout=30) as client:
        await administrator(platform, client)
        await wait_for(lambda: first(client, "/v1/pipelines"), "no pipeline")
        form = (await client.post("/v1/forms", json={"name": "Заявка"})).json()["id"]
        submitted = await client.post(f"/v1/forms/{form}/submissions", json=DETAILS)
        assert submitted.status_code == 202, submitted.text
        lead = submitted.json()["lead"]

        async def converted() -> Json | None:
            state = await read(client, f"/v1/leads/{lead}")
            return state if state["status"] == "converted" else None

        state = await wait_for(converted, "the lead became nothing")
        person, deal = state["customer"]["id"], state["deal"]
        won = await client.post(
            f"/v1/deals/{deal}/win", json={}, headers={"Idempotency-Key": uuid4().hex}
        )
        assert won.status_code == 200, won.text
        report = "/v1/reports/win-rate"

        async def counted() -> Json | None:
            # The deal may be there before the tenant, who is somebody else's to tell of.
            read_after = {"Meridian-Read-After": won.headers["Meridian-Written"]}
            answer = await client.get(report, headers=read_after)
            return answer.json() if answer.status_code == 200 else None

        assert (await wait_for(counted, "nothing is reported"))["won"] == 1
        assert set(await left(platform)) >= {"contacts", "sales", "marketing", "analytics"}

        erased = await client.delete(
            f"/v1/people/{person}",
            headers={"Meridian-Reason": "erasure", "Idempotency-Key": uuid4().hex},
        )
        assert erased.status_code == 200, erased.text
        assert erased.json()["erased"]["touches"] == 1
        assert erased.json()["topics_forget_by"] > "2026"

        async def forgotten() -> bool:
            return not await left(platform)

        await wait_for(forgotten, f"it is left in {await left(platform)}")
        assert (await client.get(f"/v1/people/{person}")).status_code == 404
        assert (await client.get(f"/v1/customers/{person}/360")).status_code == 404
        assert (await read(client, f"/v1/deals/{deal}"))["name"] == "[erased]"
        reported = await read(client, report)
        assert (reported["won"], reported["lost"]) == (1, 0)
        for service in ("contacts", "sales", "marketing", "analytics"):
            waiting = await read(client, f"/v1/operations/{service}/parked")
            assert waiting["items"] == []


async def test_the_description_of_the_api_says_how_to_erase(platform: Platform) -> None:
    async with httpx.AsyncClient(base_url=platform.gateway_url, timeout=30) as client:
        paths = (await read(client, "/openapi.json"))["paths"]
    described = paths["/v1/people/{id}"]["delete"]
    assert "erasure" in described["summary"]
    named = {parameter["name"] for parameter in described["parameters"]}
    assert {"id", "Idempotency-Key", "Meridian-Reason"} <= named
    assert "delete" in paths["/v1/companies/{id}"]


async def first(client: httpx.AsyncClient, path: str) -> Json | None:
    items = (await read(client, path))["items"]
    return items[0] if items else None
