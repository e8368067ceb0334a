"""The person of a lead was erased: the deal stays, and nothing in it tells who they were."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from chassis.parking import Parking
from chassis.testing import Running, event
from events.catalogue import TOUCH
from events.contacts import Touch
from events.envelope import Event
from events.values import CustomerRef
from services.sales.tests.component.selling import administrator, created, done, pipeline

CONSUMER = "sales.reactions"
# Of nobody else in the database that all tests of a run share.
MARKS = ("единственнова", "о любви")


@pytest.fixture
def client(sales: Running, tenant: UUID) -> httpx.AsyncClient:
    return administrator(sales, tenant)


def form(tenant: UUID) -> Event[Touch]:
    """The touch that a lead begins with."""
    touch = Touch(
        id=uuid4(), version=1, channel="web_form", direction="inbound", status="done",
        customer=CustomerRef("person", uuid4()), subject="Form: Анна Единственнова",
        notes="поговорим о любви", lead=uuid4(),
    )  # fmt: skip
    return event(TOUCH, "recorded", touch, tenant=tenant)


def redacted(given: Event[Touch], tenant: UUID) -> Event[Touch]:
    """What contacts tells of the touch when its customer is erased."""
    touch = given.data.after
    assert touch is not None
    blanks = {"subject": "[erased]", "notes": "", "outcome": None}
    after = replace(touch, version=2, **blanks)
    told = event(TOUCH, "redacted", after, tenant=tenant)
    told.data.changed.update(blanks)
    return told


async def deals(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/v1/deals")).json()["items"]
    return found


async def test_the_deal_of_a_lead_loses_its_name_and_nothing_else(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    await pipeline(client, is_default=True)
    told = form(tenant)
    await sales.deliver(CONSUMER, told)
    [opened] = await deals(client)
    headers = {"Idempotency-Key": uuid4().hex}
    renamed = await client.post(
        f"/v1/deals/{opened['id']}/win", json={"comment": "да"}, headers=headers
    )
    assert renamed.status_code == 200, renamed.text
    await created(client, "deals", name="Станки")
    was, before = renamed.json(), await sales.journal(tenant)
    assert await sales.remembered(*MARKS)

    await sales.deliver(CONSUMER, redacted(told, tenant))
    assert await sales.remembered(*MARKS) == []
    kept = (await client.get(f"/v1/deals/{opened['id']}")).json()
    assert kept == was | {"name": "[erased]", "version": 3}
    assert "Станки" in {deal["name"] for deal in await deals(client)}
    after = await sales.journal(tenant)
    assert [(e.id, e.type, e.time) for e in after[:-1]] == [(e.id, e.type, e.time) for e in before]
    assert after[-1].type == "crm.sales.deal.redacted.v1"
    assert after[-1].data.changed == {"name": "[erased]"}
    won = next(e for e in after if e.type == "crm.sales.deal.won.v1")
    assert won.data.changed["status"] == "open"
    again = await client.post(
        f"/v1/deals/{opened['id']}/win", json={"comment": "да"}, headers=headers
    )
    assert again.status_code == 410


async def test_a_touch_that_waits_for_an_operator_loses_what_was_said_and_still_opens_a_deal(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    told = form(tenant)
    key = (tenant, UUID(told.subject))
    topic = TOUCH.topic.name
    async with sales.database.pool.acquire() as connection, connection.transaction():
        await Parking(connection, CONSUMER).put(
            topic, key, 1, msgspec.json.encode(told), "Refused: Единственнова", gap=False
        )
        await connection.execute(
            """insert into discarded (consumer, topic, tenant, key, version, body, by, reason)
               select consumer, topic, tenant, key, version, body, 'somebody', '' from parked
               where tenant = $1""",
            tenant,
        )
        await connection.execute(
            """insert into undecodable
               (consumer, generation, topic, partition, kafka_offset, value, error)
               values ($1, $2, $3, 0, 1, $4, 'ValidationError: Единственнова')""",
            CONSUMER,
            str(tenant),
            topic,
            msgspec.json.encode(told)[:-1],
        )
    assert await sales.remembered(*MARKS) == [
        "discarded", "parked", "parked_key", "undecodable",
    ]  # fmt: skip
    await sales.deliver(CONSUMER, redacted(told, tenant))
    assert await sales.remembered(*MARKS) == []
    assert await sales.parked(tenant) == ["Refused"]

    operator = sales.client(
        tenant, permissions={"operations:read": "all", "operations:write": "all"}
    )
    await pipeline(client, is_default=True)
    place = f"operations/sales/parked/{CONSUMER}/{topic}/{told.subject}/redrive"
    assert (await done(operator, place)) == {"applied": 2, "still_parked": False}
    [deal] = await deals(client)
    assert (deal["name"], deal["version"]) == ("[erased]", 1)


async def test_what_fails_together_with_its_erasure_waits_without_what_was_said(
    sales: Running, tenant: UUID
) -> None:
    told = form(tenant)
    late = msgspec.structs.replace(told, id=uuid4(), aggregateversion=2)
    third = msgspec.structs.replace(redacted(told, tenant), aggregateversion=3)
    await sales.deliver(CONSUMER, late, third)
    assert await sales.parked(tenant) == ["waits for version 1"]
    assert await sales.remembered(*MARKS) == []
