"""Pipelines, their stages and the one that is the default."""

import asyncio
from uuid import UUID

import httpx
import pytest

from chassis.testing import Running
from events.catalogue import PIPELINE
from services.sales.tests.component.selling import (
    administrator,
    created,
    done,
    external,
    pipeline,
    refused,
    verdicts,
)


@pytest.fixture
def client(sales: Running, tenant: UUID) -> httpx.AsyncClient:
    return administrator(sales, tenant)


async def defaults(client: httpx.AsyncClient) -> list[str]:
    found = await client.get("/v1/pipelines?is_default=true")
    return [way["id"] for way in found.json()["items"]]


async def test_another_default_takes_the_place_of_the_former_in_an_event_of_its_own(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    first = await pipeline(client, is_default=True)
    second = await pipeline(client, is_default=True)
    assert await defaults(client) == [second["id"]]
    events = await sales.journal(tenant)
    assert [(event.type, event.subject, event.aggregateversion) for event in events] == [
        (PIPELINE.type_of("created"), first["id"], 1),
        (PIPELINE.type_of("created"), second["id"], 1),
        (PIPELINE.type_of("changed"), first["id"], 2),
    ]
    await client.patch(f"/v1/pipelines/{first['id']}", json={"is_default": True})
    assert await defaults(client) == [first["id"]]
    deal = await created(client, "deals", name="Станки")
    assert deal["pipeline"] == first["id"]


async def test_there_is_one_default_however_many_want_to_be(client: httpx.AsyncClient) -> None:
    ways = [await pipeline(client) for _ in range(4)]
    paths = [f"/v1/pipelines/{way['id']}" for way in ways]
    answers = await asyncio.gather(
        *(client.patch(path, json={"is_default": True}) for path in paths * 2),
        pipeline(client, is_default=True),
    )
    assert {a.status_code for a in answers if isinstance(a, httpx.Response)} == {200}
    assert len(await defaults(client)) == 1


async def test_the_default_is_replaced_not_given_up(client: httpx.AsyncClient) -> None:
    way = await pipeline(client, is_default=True)
    for patch in ({"is_default": False}, {"is_active": False}):
        answer = await client.patch(f"/v1/pipelines/{way['id']}", json=patch)
        refused(answer, 409, "default-pipeline-needed")


async def test_a_stage_with_open_deals_cannot_be_removed(client: httpx.AsyncClient) -> None:
    way = await pipeline(client, "New", "Offer")
    kept = way["stages"][:1]
    deal = await created(
        client, "deals", name="x", pipeline=way["id"], stage=way["stages"][1]["id"]
    )
    answer = await client.patch(f"/v1/pipelines/{way['id']}", json={"stages": kept})
    assert refused(answer, 409, "stage-in-use")["stage"] == deal["stage"]
    [verdict] = await verdicts(client, "pipelines", {"id": way["id"], "stages": kept})
    assert verdict["problem"]["type"] == "urn:meridian:problem:stage-in-use"
    await done(client, f"deals/{deal['id']}/win")
    answer = await client.patch(f"/v1/pipelines/{way['id']}", json={"stages": kept})
    assert answer.json()["stages"] == kept


async def test_no_deal_slips_into_a_stage_while_it_is_removed(client: httpx.AsyncClient) -> None:
    for _ in range(5):
        way = await pipeline(client, "New", "Offer")
        kept, removed = way["stages"]
        deal = await created(client, "deals", name="x", pipeline=way["id"])
        moved, changed = await asyncio.gather(
            client.post(f"/v1/deals/{deal['id']}/move", json={"stage": removed["id"]}),
            client.patch(f"/v1/pipelines/{way['id']}", json={"stages": [kept]}),
        )
        assert sorted([moved.status_code, changed.status_code]) in ([200, 409], [200, 422])


async def test_stages_keep_their_ids_over_edits_by_name_and_by_id(
    client: httpx.AsyncClient,
) -> None:
    way = await pipeline(client, "New", "Offer")
    new, offer = (stage["id"] for stage in way["stages"])
    stages = [
        {"name": "Offer", "probability": 60},
        {"id": new, "name": "Lead", "probability": 5},
        {"name": "Contract", "probability": 90},
    ]
    answer = await client.patch(f"/v1/pipelines/{way['id']}", json={"stages": stages})
    assert [stage["id"] for stage in answer.json()["stages"]][:2] == [offer, new]


async def test_a_bulk_request_upserts_pipelines_and_makes_one_of_them_the_default(
    client: httpx.AsyncClient,
) -> None:
    former = await pipeline(client, is_default=True)
    items = [
        {
            "name": name,
            "stages": [{"name": "New", "probability": 10}],
            "is_default": name == "two",
            "external_ids": external(name),
        }
        for name in ("one", "two", "three")
    ]
    found = await verdicts(client, "pipelines", *items)
    assert [verdict["verdict"] for verdict in found] == ["created"] * 3
    assert await defaults(client) == [found[1]["id"]] != [former["id"]]
    again = await verdicts(client, "pipelines", *items)
    assert [verdict["verdict"] for verdict in again] == ["unchanged"] * 3
    both = [
        item | {"is_default": True, "external_ids": external(str(n))}
        for n, item in enumerate(items)
    ]
    found = await verdicts(client, "pipelines", *both[:2])
    assert found[1]["problem"]["type"] == "urn:meridian:problem:default-given-twice"
    assert await defaults(client) == [found[0]["id"]]


async def test_a_rejected_item_leaves_the_default_where_it_is(client: httpx.AsyncClient) -> None:
    former = await pipeline(client, is_default=True)
    [verdict] = await verdicts(client, "pipelines", {"name": "x", "stages": [], "is_default": True})
    assert verdict["problem"]["type"] == "urn:meridian:problem:pipeline-needs-stage"
    assert await defaults(client) == [former["id"]]
