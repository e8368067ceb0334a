"""A thousand deals at once: with the past they had elsewhere, or as agents change them."""

import asyncio
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest

from chassis.testing import Running
from events.catalogue import DEAL
from events.envelope import Event
from services.sales.tests.component.selling import (
    Json,
    administrator,
    created,
    done,
    external,
    imported,
    pipeline,
    verdicts,
)


@pytest.fixture
def client(sales: Running, tenant: UUID) -> httpx.AsyncClient:
    return administrator(sales, tenant)


async def deal_events(sales: Running, tenant: UUID) -> list[Event[Any]]:
    events = await sales.journal(tenant)
    return [event for event in events if event.type.startswith(DEAL.topic.name)]


def words(found: list[Json]) -> list[str]:
    return [verdict["verdict"] for verdict in found]


def names(found: list[Json]) -> list[str | None]:
    """The names of the problems, None where there is none."""
    return [
        verdict["problem"]["type"].rpartition(":")[2] if verdict["problem"] else None
        for verdict in found
    ]


async def test_a_deal_comes_with_the_past_it_had_elsewhere(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    way = await pipeline(client, "Prospecting", "Engaging")
    first, second = (stage["id"] for stage in way["stages"])
    item = imported(
        "1",
        pipeline=way["id"],
        stage=second,
        history=[
            {"stage": first},
            {"stage": second, "entered_at": "2017-01-10T12:00:00Z", "entered_on": "2017-01-10"},
        ],
    )
    [verdict] = await verdicts(client, "deals", item)
    assert (verdict["verdict"], verdict["version"]) == ("created", 1)
    deal = (await client.get(f"/v1/deals/{verdict['id']}")).json()
    assert (deal["status"], deal["stage"], deal["amount"]["amount"]) == ("won", second, "4821.50")
    assert deal["history"][0] == {
        "stage": first,
        "entered_at": None,
        "entered_on": None,
        "by": None,
    }
    assert deal["reason"] == str(uuid5(tenant, "reason:won:not_recorded"))
    [event] = await deal_events(sales, tenant)
    assert event.type == DEAL.type_of("imported")
    assert event.time.isoformat() == "2017-03-01T12:00:00+00:00"


async def test_a_second_import_changes_nothing_and_one_altered_row_makes_one_event(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    way = await pipeline(client)
    items = [imported(str(n), pipeline=way["id"]) for n in range(20)]
    items += [
        {"name": f"open {n}", "status": "open", "external_ids": external(f"open {n}")}
        for n in range(20)
    ]
    assert set(words(await verdicts(client, "deals", *items))) == {"created"}
    before = len(await sales.journal(tenant))
    assert set(words(await verdicts(client, "deals", *items))) == {"unchanged"}
    assert len(await sales.journal(tenant)) == before
    items[7]["closed_on"] = "2017-03-02"
    items[7]["closed_at"] = "2017-03-02T12:00:00Z"
    found = words(await verdicts(client, "deals", *items))
    assert [index for index, word in enumerate(found) if word == "updated"] == [7]
    [event] = (await sales.journal(tenant))[before:]
    assert event.data.changed.keys() == {"closed_on", "closed_at"}


async def test_a_second_import_changes_nothing_even_when_the_calendar_came_later(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    office = uuid4()
    item = imported("1", department=str(office), started_at="2017-01-10T22:00:00Z")
    del item["started_on"]
    [verdict] = await verdicts(client, "deals", item)
    await sales.place(tenant, (office,), "Asia/Vladivostok")
    assert words(await verdicts(client, "deals", item)) == ["unchanged"]
    deal = (await client.get(f"/v1/deals/{verdict['id']}")).json()
    assert deal["started_on"] == "2017-01-10"


async def test_every_wrong_item_is_rejected_with_its_own_problem(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    way, other = await pipeline(client), await pipeline(client)
    stage, late, foreign = way["stages"][0]["id"], "2017-02-01", other["stages"][0]["id"]
    history = [{"stage": stage, "entered_on": late}, {"stage": stage, "entered_on": "2017-01-01"}]
    faults: list[tuple[str | None, Json]] = [
        ("unknown-pipeline", {"pipeline": str(uuid4())}),
        ("stage-not-of-pipeline", {"pipeline": way["id"], "stage": foreign}),
        ("stage-not-of-pipeline", {"pipeline": way["id"], "history": [{"stage": foreign}]}),
        ("history-out-of-order", {"pipeline": way["id"], "history": history}),
        ("closed-needs-date", {"closed_at": None, "closed_on": None}),
        ("closed-before-started", {"closed_on": "2016-01-01"}),
        ("open-deal-has-not-ended", {"status": "open"}),
        ("unknown-reason", {"reason": str(uuid4())}),
        ("reason-of-other-outcome", {"reason": str(uuid5(tenant, "reason:lost:price"))}),
        ("invalid-request", {"name": ""}),
        ("invalid-request", {"closed_on": "3/1/2017"}),
        ("invalid-request", {"history": [{"stage": stage, "entred_on": late}]}),
        ("not-found", {"id": str(uuid4())}),
        ("not-found", {"id": "seven"}),
        (None, {}),
    ]
    items = [imported(str(n), **fault) for n, (_, fault) in enumerate(faults)]
    found = await verdicts(client, "deals", *items, imported("14"))
    assert names(found) == [name for name, _ in faults] + ["duplicate-in-request"]
    assert len(await deal_events(sales, tenant)) == 1


async def test_a_deal_may_take_a_built_in_reason_that_is_yet_to_come(
    client: httpx.AsyncClient, tenant: UUID
) -> None:
    price = str(uuid5(tenant, "reason:lost:price"))
    [verdict] = await verdicts(client, "deals", imported("1", status="lost", reason=price))
    deal = (await client.get(f"/v1/deals/{verdict['id']}")).json()
    assert (deal["status"], deal["reason"]) == ("lost", price)


async def test_a_retired_pipeline_and_reason_still_belong_to_the_past(
    client: httpx.AsyncClient,
) -> None:
    way = await pipeline(client, is_active=False)
    reason = await created(
        client, "reasons", outcome="won", code="luck", name="Повезло", is_active=False
    )
    item = imported("1", pipeline=way["id"], reason=reason["id"])
    assert words(await verdicts(client, "deals", item)) == ["created"]


async def test_items_without_a_past_open_change_and_move_deals(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    way = await pipeline(client)
    second = way["stages"][1]["id"]
    item: Json = {"name": "Станки", "pipeline": way["id"], "external_ids": external("1")}
    for step in ({}, {"name": "Пресс"}, {"stage": second}, {"stage": second}):
        item |= step
        await verdicts(client, "deals", item)
    events = await deal_events(sales, tenant)
    assert [event.type.split(".")[-2] for event in events] == ["created", "changed", "moved"]
    moved = (await client.get(f"/v1/deals/{events[-1].subject}")).json()
    assert [entry["stage"] for entry in moved["history"]] == [way["stages"][0]["id"], second]
    other = await pipeline(client)
    assert names(await verdicts(client, "deals", item | {"pipeline": other["id"]})) == [
        "pipeline-is-fixed"
    ]


async def test_items_without_a_past_leave_closed_deals_alone(client: httpx.AsyncClient) -> None:
    deal = await created(client, "deals", name="Станки")
    await done(client, f"deals/{deal['id']}/win")
    found = await verdicts(client, "deals", {"id": deal["id"], "name": "Пресс"})
    assert names(found) == ["deal-is-closed"]
    again = await verdicts(client, "deals", {"id": deal["id"], "name": "Пресс", "status": "open"})
    assert words(again) == ["updated"]


async def test_an_import_takes_no_owner_from_a_deal(client: httpx.AsyncClient) -> None:
    owner = str(uuid4())
    item = imported("1", owner=owner)
    [verdict] = await verdicts(client, "deals", item)
    del item["owner"]
    assert words(await verdicts(client, "deals", item)) == ["unchanged"]
    assert (await client.get(f"/v1/deals/{verdict['id']}")).json()["owner"] == owner


async def test_of_two_imports_of_the_same_rows_at_once_one_creates_them(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    items = [imported(str(n)) for n in range(50)]
    answers = await asyncio.gather(*(verdicts(client, "deals", *items) for _ in range(3)))
    assert sorted(tuple(set(words(found))) for found in answers) == [
        ("created",),
        ("unchanged",),
        ("unchanged",),
    ]
    assert len(await deal_events(sales, tenant)) == 50


async def test_a_bulk_request_has_between_one_and_a_thousand_items(
    client: httpx.AsyncClient,
) -> None:
    for count in (0, 1_001):
        answer = await client.post("/v1/deals/bulk", json={"items": [{"name": "x"}] * count})
        assert (answer.status_code, answer.json()["field"]) == (422, "items")
