"""Named consumers: the place of a program, kept for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from chassis.decoding import AnyEvent
from gateway.delivery.log import store
from gateway.testing.deliveries import Desk, product, products
from gateway.testing.offices import Office, made

BASE = "/v1/feed/consumers"


async def created(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    return made(await client.post(BASE, json={"name": "erp"} | fields))


async def polled(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    return made(await client.get("/v1/feed", params={"consumer": "erp"} | query))


async def told(desk: Desk, tenant: UUID, count: int = 3) -> Sequence[AnyEvent]:
    events = products(tenant, count)
    await desk.deliver(*events)
    return events


async def verb(client: httpx.AsyncClient, name: str, **body: Any) -> dict[str, Any]:
    return made(await client.post(f"{BASE}/erp/{name}", json=body))


async def test_a_consumer_gets_what_it_has_not_acknowledged_again_and_again(
    office: Office, broker_side: Desk
) -> None:
    events = await told(broker_side, office.tenant)
    consumer = await created(office.admin)
    assert (consumer["lag_events"], consumer["is_paused"], consumer["acknowledged"]) == (
        3,
        False,
        None,
    )
    assert consumer["lag_seconds"] > 0
    first = await polled(office.admin, limit=2)
    assert await polled(office.admin, limit=2) == first
    after = await verb(office.admin, "acknowledge", cursor=first["next_cursor"])
    assert (after["lag_events"], after["cursor"]) == (1, first["next_cursor"])
    (item,) = (await polled(office.admin))["items"]
    assert item["subject"] == events[2].subject
    # A late acknowledgement takes nothing back.
    await verb(office.admin, "acknowledge", cursor=consumer["cursor"])
    assert (await polled(office.admin))["items"] == [item]
    last = (await polled(office.admin))["next_cursor"]
    caught_up = await verb(office.admin, "acknowledge", cursor=last)
    assert (caught_up["lag_events"], caught_up["lag_seconds"]) == (0, 0)


async def test_a_consumer_has_its_types(office: Office, broker_side: Desk) -> None:
    await created(office.admin, types=["crm.sales.product.changed.v1"])
    id = uuid4()
    await broker_side.deliver(product(office.tenant, id, 1), product(office.tenant, id, 2))
    (item,) = (await polled(office.admin))["items"]
    assert item["type"] == "crm.sales.product.changed.v1"
    draft = {"name": "other", "types": ["crm.sales.secret"]}
    answer = await office.admin.post(BASE, json=draft)
    assert (answer.status_code, answer.json()["field"]) == (422, "types")


async def test_a_paused_consumer_gets_nothing_until_it_goes_on(
    office: Office, broker_side: Desk
) -> None:
    await created(office.admin)
    await told(broker_side, office.tenant)
    assert (await verb(office.admin, "pause"))["is_paused"]
    resting = await polled(office.admin)
    assert (resting["items"], resting["has_more"]) == ([], False)
    assert (await verb(office.admin, "resume"))["lag_events"] == 3
    assert len((await polled(office.admin))["items"]) == 3


async def test_a_consumer_begins_again_at_a_cursor_a_time_or_the_beginning(
    office: Office, broker_side: Desk
) -> None:
    await told(broker_side, office.tenant, 2)
    await created(office.admin)
    middle = (await polled(office.admin))["next_cursor"]
    between = datetime.now(UTC)
    await told(broker_side, office.tenant, 2)
    end = (await polled(office.admin))["next_cursor"]
    await verb(office.admin, "acknowledge", cursor=end)

    assert (await verb(office.admin, "rewind", cursor=middle))["lag_events"] == 2
    assert (await verb(office.admin, "rewind"))["lag_events"] == 4
    assert (await verb(office.admin, "rewind", time=between.isoformat()))["lag_events"] == 2
    later = between + timedelta(days=1)
    assert (await verb(office.admin, "rewind", time=later.isoformat()))["lag_events"] == 0
    both = {"cursor": middle, "time": later.isoformat()}
    assert (await office.admin.post(f"{BASE}/erp/rewind", json=both)).status_code == 422


async def test_a_consumer_that_the_log_has_left_behind_is_told_so(
    office: Office, broker_side: Desk
) -> None:
    early = await created(office.admin)
    await told(broker_side, office.tenant)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await store.forget(broker_side.database, office.tenant, tomorrow, 100)
    assert made(await office.admin.get(f"{BASE}/erp"))["is_expired"]
    assert (await office.admin.get("/v1/feed?consumer=erp")).status_code == 410
    rewinding = {"cursor": early["cursor"]}
    assert (await office.admin.post(f"{BASE}/erp/rewind", json=rewinding)).status_code == 410
    assert not (await verb(office.admin, "rewind"))["is_expired"]
    assert (await polled(office.admin))["items"] == []


async def test_a_consumer_belongs_to_whoever_made_it(office: Office) -> None:
    _, agent = await office.employed("agent")
    await created(office.admin)
    await created(office.admin, name="crm-2")
    assert made(await agent.get(BASE))["items"] == []
    named = [item["name"] for item in made(await office.admin.get(BASE))["items"]]
    assert named == ["crm-2", "erp"]
    refused = [
        await agent.get(f"{BASE}/erp"),
        await agent.delete(f"{BASE}/erp"),
        await agent.post(f"{BASE}/erp/pause", json={}),
        await agent.get("/v1/feed", params={"consumer": "erp"}),
    ]
    assert [answer.status_code for answer in refused] == [404] * 4
    # Another's name is nobody else's business.
    await created(agent)
    again = await office.admin.post(BASE, json={"name": "erp"})
    assert again.json()["type"] == "urn:meridian:problem:consumer-exists"
    made(await office.admin.delete(f"{BASE}/erp"))
    assert (await office.admin.get(f"{BASE}/erp")).status_code == 404
    made(await agent.get(f"{BASE}/erp"))
