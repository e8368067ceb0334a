"""Deals as their agents see them, request by request."""

import asyncio
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from chassis.testing import Running
from events.catalogue import DEAL
from services.sales.tests.component.selling import (
    Json,
    administrator,
    created,
    done,
    external,
    pipeline,
    refused,
)


@pytest.fixture
def client(sales: Running, tenant: UUID) -> httpx.AsyncClient:
    return administrator(sales, tenant)


async def lost_reason(client: httpx.AsyncClient, code: str = "expensive") -> str:
    reason = await created(client, "reasons", outcome="lost", code=code, name="Дорого")
    return str(reason["id"])


async def verbs(sales: Running, tenant: UUID) -> list[str]:
    """What happened with the tenant's deals, in order."""
    return [
        event.type.split(".")[-2]
        for event in await sales.journal(tenant)
        if event.type.startswith(DEAL.topic.name)
    ]


async def test_a_deal_goes_from_its_opening_to_its_end(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    way = await pipeline(client, "New", "Offer")
    first, second = (stage["id"] for stage in way["stages"])
    deal = await created(client, "deals", name="Станки", pipeline=way["id"])
    assert (deal["stage"], deal["status"], deal["version"]) == (first, "open", 1)
    path = f"deals/{deal['id']}"
    moved = await done(client, f"{path}/move", stage=second)
    assert [entry["stage"] for entry in moved["history"]] == [first, second]
    reason = await lost_reason(client)
    ended = await done(client, f"{path}/lose", reason=reason, comment="нет бюджета")
    assert (ended["status"], ended["reason"]) == ("lost", reason)
    again = await done(client, f"{path}/reopen")
    assert (again["status"], again["stage"], again["reason"]) == ("open", second, None)
    won = await done(client, f"{path}/win", closed_at="2026-02-01T10:00:00+03:00")
    assert (won["closed_at"], won["closed_on"]) == ("2026-02-01T07:00:00Z", "2026-02-01")
    read = await client.get(f"/v1/{path}")
    assert read.json() == won
    assert read.headers["etag"] == '"5"'
    assert await verbs(sales, tenant) == ["created", "moved", "lost", "reopened", "won"]


async def test_the_event_of_a_win_happened_when_the_deal_ended(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    deal = await created(client, "deals", name="Станки")
    await done(client, f"deals/{deal['id']}/win", closed_at="2026-02-01T10:00:00+03:00")
    last = (await sales.journal(tenant))[-1]
    assert last.time.isoformat() == "2026-02-01T07:00:00+00:00"
    assert last.data.changed["status"] == "open"


async def test_a_deal_belongs_to_whoever_opens_it_and_starts_on_the_local_day(
    sales: Running, tenant: UUID
) -> None:
    department, user = uuid4(), uuid4()
    await sales.place(tenant, (department,), "Pacific/Kiritimati")
    someone = sales.client(
        tenant, permissions={"deals:write": "own"}, user=user, department_path=(department,)
    )
    deal = await created(someone, "deals", name="Станки")
    assert (deal["owner"], deal["department"]) == (str(user), str(department))
    started = datetime.fromisoformat(deal["started_at"])
    there = started.astimezone(ZoneInfo("Pacific/Kiritimati"))
    assert deal["started_on"] == deal["history"][0]["entered_on"] == str(there.date())


async def test_a_deal_is_opened_where_its_pipeline_says(client: httpx.AsyncClient) -> None:
    way, other = await pipeline(client), await pipeline(client)
    deal = {"name": "Станки", "pipeline": way["id"]}
    found = await client.post("/v1/deals", json=deal | {"stage": other["stages"][0]["id"]})
    assert refused(found, 422, "stage-not-of-pipeline")["field"] == "stage"
    found = await client.post("/v1/deals", json=deal | {"pipeline": str(uuid4())})
    refused(found, 422, "unknown-pipeline")


async def test_a_deal_may_come_before_the_first_pipeline_of_its_tenant(
    client: httpx.AsyncClient,
) -> None:
    deal = await created(client, "deals", name="Станки")
    moved = await client.post(f"/v1/deals/{deal['id']}/move", json={"stage": str(uuid4())})
    refused(moved, 422, "stage-not-of-pipeline")
    assert deal["pipeline"]


async def test_a_loss_says_why(client: httpx.AsyncClient) -> None:
    deal = await created(client, "deals", name="Станки")
    lose = f"/v1/deals/{deal['id']}/lose"
    assert refused(await client.post(lose, json={}), 422, "loss-needs-reason")["field"] == "reason"
    refused(await client.post(lose, json={"reason": str(uuid4())}), 422, "unknown-reason")
    won = await created(client, "reasons", outcome="won", code="luck", name="Повезло")
    refused(await client.post(lose, json={"reason": won["id"]}), 422, "reason-of-other-outcome")
    reason = await lost_reason(client)
    retired = await client.patch(f"/v1/reasons/{reason}", json={"is_active": False})
    assert retired.status_code == 200
    refused(await client.post(lose, json={"reason": reason}), 422, "reason-retired")


async def test_a_closed_deal_stays_as_it_is(client: httpx.AsyncClient) -> None:
    way = await pipeline(client)
    deal = await created(client, "deals", name="Станки", pipeline=way["id"])
    path = f"/v1/deals/{deal['id']}"
    await done(client, f"deals/{deal['id']}/win")
    stage = way["stages"][1]["id"]
    refused(await client.post(f"{path}/move", json={"stage": stage}), 409, "deal-is-closed")
    refused(await client.patch(path, json={"name": "Другие"}), 409, "deal-is-closed")
    refused(await client.post(f"{path}/win", json={}), 409, "deal-is-closed")
    successor = str(uuid4())
    handed = await client.patch(path, json={"owner": successor, "reason_comment": "сосед"})
    assert (handed.json()["owner"], handed.json()["reason_comment"]) == (successor, "сосед")


async def test_edits_of_different_fields_meet_and_of_the_same_conflict(
    client: httpx.AsyncClient,
) -> None:
    deal = await created(client, "deals", name="Станки")
    path, seen = f"/v1/deals/{deal['id']}", {"if-match": '"1"'}
    step = {"next_step": {"text": "Позвонить"}}
    assert (await client.patch(path, json=step, headers=seen)).status_code == 200
    name = {"expected_close_on": "2026-12-01"}
    both = await client.patch(path, json=name, headers=seen)
    assert both.status_code == 200
    assert (both.json()["next_step"]["text"], both.json()["version"]) == ("Позвонить", 3)
    late = await client.patch(path, json={"next_step": None}, headers=seen)
    problem = refused(late, 412, "edit-conflict")
    assert (problem["field"], problem["yours"]) == ("next_step", None)
    assert problem["theirs"]["text"] == "Позвонить"


async def test_the_same_request_again_gives_the_same_answer_and_no_second_deal(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    key = {"idempotency-key": "once"}
    body = {"name": "Станки"}
    first = await client.post("/v1/deals", json=body, headers=key)
    second = await client.post("/v1/deals", json=body, headers=key)
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["etag"] == first.headers["etag"]
    other = await client.post("/v1/deals", json=body | {"name": "Другое"}, headers=key)
    refused(other, 409, "idempotency-key-reused")
    assert await verbs(sales, tenant) == ["created"]


async def test_of_two_who_win_a_deal_at_once_one_wins_it(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    deal = await created(client, "deals", name="Станки")
    path = f"/v1/deals/{deal['id']}/win"
    answers = await asyncio.gather(*(client.post(path, json={}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, 409, "deal-is-closed")
    assert await verbs(sales, tenant) == ["created", "won"]


async def test_lists_filter_search_and_find_by_external_id(client: httpx.AsyncClient) -> None:
    way = await pipeline(client, "New", "Offer")
    customer, owner, department = str(uuid4()), str(uuid4()), str(uuid4())
    sought = await created(
        client,
        "deals",
        name="Станки для Завода «Ёлка»",
        pipeline=way["id"],
        stage=way["stages"][1]["id"],
        customer={"type": "company", "id": customer},
        owner=owner,
        department=department,
        external_ids=external("A:1"),
    )
    other = await created(client, "deals", name="Другое", pipeline=(await pipeline(client))["id"])
    await done(client, f"deals/{other['id']}/win")
    for query in (
        f"pipeline={way['id']}",
        f"stage={sought['stage']}",
        "status=open",
        "status=open,lost",
        f"owner={owner}",
        f"department={department}",
        f"customer={customer}",
        "external_id=csv:opportunity:A:1",
        "q=елка завод",
    ):
        found = await client.get(f"/v1/deals?{query}")
        assert [deal["id"] for deal in found.json()["items"]] == [sought["id"]], query
    refused(await client.get("/v1/deals?colour=red"), 422, "invalid-request")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "x", "colour": "red"}, "colour"),
        ({"name": "x", "lines": [{"product": str(uuid4()), "quantity": "1"}]}, "lines[0].price"),
        (
            {"name": "x", "next_step": {"text": "x", "due_at": "2026-01-01T00:00:00"}},
            "next_step.due_at",
        ),
        ({"name": "x", "amount": {"amount": "NaN", "currency": "USD"}}, "amount"),
        ({"name": "x", "status": "won"}, "status"),
    ],
)
async def test_a_wrong_field_is_named(client: httpx.AsyncClient, body: Json, field: str) -> None:
    problem = refused(await client.post("/v1/deals", json=body), 422, "invalid-request")
    assert problem["field"] == field
