"""Operators see and mend what waits, in their own tenant."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from chassis.parking import Parking
from chassis.testing import Running, event
from events.catalogue import TENANT
from events.directory import Tenant
from events.values import Reach

OPERATOR: dict[str, Reach] = {"operations:read": "all", "operations:write": "all"}
TOPIC = TENANT.topic.name
PARKED = "/v1/operations/sales/parked"


@pytest.fixture
async def waiting(sales: Running) -> UUID:
    """A new tenant whose creation waits in the reactions of sales."""
    id = uuid4()
    state = Tenant(id=id, version=1, name="Ромашка", slug=f"t-{id.hex[:8]}", currency="RUB")
    body = msgspec.json.encode(event(TENANT, "created", state, tenant=id))
    async with sales.database.pool.acquire() as connection, connection.transaction():
        parking = Parking(connection, "sales.reactions")
        await parking.put(TOPIC, (id, id), 1, body, "it was too early", gap=False)
    return id


def place(tenant: UUID) -> str:
    return f"{PARKED}/sales.reactions/{TOPIC}/{tenant}"


async def test_a_waiting_key_is_seen_shown_and_redriven(sales: Running, waiting: UUID) -> None:
    operator = sales.client(waiting, permissions=OPERATOR)
    [key] = (await operator.get(PARKED)).json()["items"]
    assert (key["key"], key["error"], key["events"]) == (str(waiting), "it was too early", 1)
    [shown] = (await operator.get(place(waiting))).json()["items"]
    assert shown["data"]["after"]["name"] == "Ромашка"
    answer = await operator.post(place(waiting) + "/redrive")
    assert answer.json() == {"applied": 1, "still_parked": False}
    assert (await operator.get(PARKED)).json() == {"items": []}
    agent = sales.client(waiting, permissions={"pipelines:read": "all"})
    assert len((await agent.get("/v1/pipelines")).json()["items"]) == 1


async def test_a_discarded_event_needs_a_reason_and_never_has_an_effect(
    sales: Running, waiting: UUID
) -> None:
    operator = sales.client(waiting, permissions=OPERATOR)
    discard = place(waiting) + "/discard"
    assert (await operator.post(discard, json={"version": 1})).status_code == 422
    another = await operator.post(discard, json={"version": 2, "reason": "a test"})
    assert another.status_code == 409
    assert another.json()["type"] == "urn:meridian:problem:another-event-waits"
    answer = await operator.post(discard, json={"version": 1, "reason": "a test"})
    assert answer.json() == {"version": 1, "still_parked": False}
    repeated = await operator.post(discard, json={"version": 1, "reason": "a test"})
    assert repeated.status_code == 404
    agent = sales.client(waiting, permissions={"pipelines:read": "all"})
    assert (await agent.get("/v1/pipelines")).json()["items"] == []


async def test_nobody_sees_what_waits_of_another_tenant(sales: Running, waiting: UUID) -> None:
    stranger = sales.client(uuid4(), permissions=OPERATOR)
    assert (await stranger.get(PARKED)).json() == {"items": []}
    for answer in (
        await stranger.get(place(waiting)),
        await stranger.post(place(waiting) + "/redrive"),
        await stranger.post(place(waiting) + "/discard", json={"version": 1, "reason": "malice"}),
    ):
        assert answer.status_code == 404


async def test_only_operators_may(sales: Running, waiting: UUID) -> None:
    def refused(answer: httpx.Response) -> bool:
        return answer.status_code == 403

    reader = sales.client(waiting, permissions={"operations:read": "all"})
    assert refused(await reader.post(place(waiting) + "/redrive"))
    assert refused(
        await reader.post(place(waiting) + "/discard", json={"version": 1, "reason": "x"})
    )
    agent = sales.client(waiting, permissions={"deals:read": "all"})
    assert refused(await agent.get(PARKED))
    assert refused(await agent.get(place(waiting)))
