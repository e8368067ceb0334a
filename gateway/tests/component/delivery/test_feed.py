"""The feed: everybody gets what they may see of what happens, at once, and never sticks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from cli.local.ports import any_ports
from events.catalogue import PERSON
from gateway.delivery.log import store
from gateway.testing.deliveries import Desk, person, product, products, removed
from gateway.testing.offices import Office, client_of, made
from gateway.testing.processes import Gateway, running

Feed = dict[str, Any]


async def page(client: httpx.AsyncClient, **query: Any) -> Feed:
    return made(await client.get("/v1/feed", params=query))


async def whole(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """Every event after a cursor."""
    items: list[dict[str, Any]] = []
    while True:
        found = await page(client, **query)
        items += found["items"]
        query["cursor"] = found["next_cursor"]
        if not found["has_more"]:
            return items


def subjects(items: list[dict[str, Any]]) -> list[UUID]:
    return [UUID(item["subject"]) for item in items]


async def forgotten(desk: Desk, tenant: UUID) -> None:
    """Let the log forget everything that it has."""
    later = datetime.now(UTC) + timedelta(days=1)
    while await store.forget(desk.database, tenant, later, 100):
        pass


async def test_events_come_whole_and_in_order_page_by_page(
    office: Office, broker_side: Desk
) -> None:
    told = products(office.tenant, 5)
    await broker_side.deliver(*told)
    first = await page(office.admin, limit=3)
    assert (subjects(first["items"]), first["has_more"]) == (
        [UUID(event.subject) for event in told[:3]],
        True,
    )
    second = await page(office.admin, limit=3, cursor=first["next_cursor"])
    assert (subjects(second["items"]), second["has_more"]) == (
        [UUID(event.subject) for event in told[3:]],
        False,
    )
    assert first["items"][0]["data"]["after"]["name"] == "Кухня"
    assert first["items"][0]["specversion"] == "1.0"
    third = await page(office.admin, cursor=second["next_cursor"])
    assert third == {"items": [], "next_cursor": second["next_cursor"], "has_more": False}


async def test_a_long_poll_ends_as_soon_as_something_comes_that_one_may_see(
    office: Office, broker_side: Desk
) -> None:
    _, agent = await office.employed("agent")
    cursor = (await page(agent))["next_cursor"]
    polling = asyncio.create_task(page(agent, cursor=cursor, wait=60))
    # A person of nobody is not for an agent; the poll goes on.
    await broker_side.deliver(person(office.tenant, uuid4(), 1))
    seen = await page(office.admin, cursor=cursor, wait=60)
    assert len(seen["items"]) == 1
    assert not polling.done()
    id = uuid4()
    await broker_side.deliver(product(office.tenant, id, 1))
    assert subjects((await polling)["items"]) == [id]


async def test_a_poll_without_wait_answers_at_once(office: Office) -> None:
    assert (await page(office.admin))["items"] == []


async def test_who_may_no_longer_see_gets_nothing_of_what_comes(
    office: Office, broker_side: Desk
) -> None:
    user, agent = await office.employed("agent")
    cursor = (await page(agent))["next_cursor"]
    polling = asyncio.create_task(agent.get("/v1/feed", params={"cursor": cursor, "wait": 60}))
    # The poll is at the gateway once a second request on its behalf has been answered.
    await page(agent)
    made(await office.admin.patch(f"/v1/users/{user['id']}", json={"status": "disabled"}))
    await broker_side.deliver(*products(office.tenant, 1))
    assert (await polling).status_code == 401


async def test_everybody_sees_as_far_as_they_reach(office: Office, broker_side: Desk) -> None:
    north, south = await office.department("North"), await office.department("South")
    manager, of_manager = await office.employed("manager", department=north["id"])
    agent, of_agent = await office.employed("agent", department=north["id"])
    analyst, of_analyst = await office.employed("analyst")
    places = {
        "mine": (agent["id"], south["id"]),
        "north": (manager["id"], north["id"]),
        "south": (analyst["id"], south["id"]),
        "nobody": (None, None),
    }
    ids = {name: uuid4() for name in places}
    await broker_side.deliver(
        *(
            person(
                office.tenant,
                ids[name],
                1,
                owner=UUID(owner) if owner else None,
                department=UUID(department) if department else None,
            )
            for name, (owner, department) in places.items()
        )
    )

    async def seen(client: httpx.AsyncClient) -> set[str]:
        found = subjects(await whole(client, types="crm.contacts.person"))
        return {name for name, id in ids.items() if id in found}

    assert await seen(of_analyst) == {"mine", "north", "south", "nobody"}
    assert await seen(of_manager) == {"north"}
    assert await seen(of_agent) == {"mine", "north"}
    _, operator = await office.employed("operator")
    assert await seen(operator) == set()


async def test_what_leaves_ones_reach_is_told_and_no_more(
    office: Office, broker_side: Desk
) -> None:
    north, south = await office.department("North"), await office.department("South")
    manager, of_manager = await office.employed("manager", department=north["id"])
    id, owner = uuid4(), UUID(manager["id"])
    await broker_side.deliver(
        person(office.tenant, id, 1, owner=owner, department=UUID(north["id"]))
    )
    await broker_side.deliver(
        person(office.tenant, id, 2, owner=uuid4(), department=UUID(south["id"])),
        person(office.tenant, id, 3, owner=uuid4(), department=UUID(south["id"])),
        removed(PERSON, "deleted", office.tenant, id, 4),
    )
    first, second = await whole(of_manager, types="crm.contacts.person")
    assert first["data"]["after"]["id"] == str(id)
    assert (second["aggregateversion"], second["withdrawn"]) == (2, True)
    assert second["data"] == {"after": None, "changed": {}}
    everything = await whole(office.admin, types="crm.contacts.person")
    assert [item["aggregateversion"] for item in everything] == [1, 2, 3, 4]


async def test_rules_for_fields_hold_in_the_feed_and_in_snapshots(
    office: Office, broker_side: Desk
) -> None:
    role = {
        "code": "telephone",
        "name": "Telephone",
        "permissions": {"people:read": "all"},
        "fields": {"people": {"emails": "masked", "phones": "hidden"}},
    }
    made(await office.admin.post("/v1/roles", json=role))
    _, caller = await office.employed("telephone")
    id = uuid4()
    await broker_side.deliver(
        person(office.tenant, id, 1, emails=("olga@example.ru",), phones=("+74951234567",))
    )
    (item,) = await whole(caller, types="crm.contacts.person")
    assert item["data"]["after"]["emails"] == ["o…@example.ru"]
    assert "phones" not in item["data"]["after"]
    snapshot = (await caller.get("/v1/snapshot/people")).text
    assert "o…@example.ru" in snapshot
    assert "olga@" not in snapshot
    assert "4951234567" not in snapshot


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense"},
        {"cursor": "AAAA"},
        {"limit": "0"},
        {"limit": "501"},
        {"wait": "61"},
        {"wait": "-1"},
        {"types": "crm.sales.deal,crm.sales.secret"},
        {"types": ""},
        {"since": "yesterday"},
        {"consumer": "x", "types": "crm.sales.deal"},
    ],
)
async def test_what_makes_no_sense_is_refused(office: Office, query: dict[str, str]) -> None:
    answer = await office.admin.get("/v1/feed", params=query)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] in query


async def test_a_cursor_of_another_tenant_or_from_the_future_is_refused(
    new_office: Callable[[], Awaitable[Office]], broker_side: Desk
) -> None:
    office, other = await new_office(), await new_office()
    await broker_side.deliver(*products(other.tenant, 3))
    theirs = (await page(other.admin))["next_cursor"]
    answer = await office.admin.get("/v1/feed", params={"cursor": theirs})
    assert (answer.status_code, answer.json()["field"]) == (422, "cursor")
    await broker_side.database.pool.execute(
        "update delivery_tenant set last = 1 where tenant = $1", other.tenant
    )
    answer = await other.admin.get("/v1/feed", params={"cursor": theirs})
    assert (answer.status_code, answer.json()["field"]) == (422, "cursor")


async def test_a_cursor_that_is_older_than_the_log_is_gone_and_the_snapshot_is_named(
    office: Office, broker_side: Desk
) -> None:
    cursor = (await page(office.admin))["next_cursor"]
    await broker_side.deliver(*products(office.tenant, 3))
    await forgotten(broker_side, office.tenant)
    answer = await office.admin.get("/v1/feed", params={"cursor": cursor})
    assert answer.status_code == 410
    assert answer.json()["snapshot"] == "/v1/snapshot/{aggregate}"
    assert answer.json()["type"] == "urn:meridian:problem:cursor-expired"
    # Without a cursor one begins where the log does.
    (late,) = products(office.tenant, 1)
    await broker_side.deliver(late)
    assert subjects(await whole(office.admin)) == [UUID(late.subject)]


async def test_types_and_topics_narrow_the_feed(office: Office, broker_side: Desk) -> None:
    id = uuid4()
    await broker_side.deliver(
        product(office.tenant, id, 1), product(office.tenant, id, 2), person(office.tenant, id, 1)
    )
    changed = await whole(office.admin, types="crm.sales.product.changed.v1")
    assert [item["aggregateversion"] for item in changed] == [2]
    both = await whole(office.admin, types="crm.sales.product.changed.v1,crm.contacts.person")
    assert len(both) == 2


async def test_a_waiting_client_is_answered_as_the_gateway_ends(
    gateway: Gateway, office: Office, tmp_path: Path
) -> None:
    ports = dict(any_ports(["gateway"]))
    own = running(
        port=ports["gateway"],
        upstream_ports=gateway.upstream_ports,
        database_url=gateway.database_url,
        log=tmp_path / "gateway.log",
        settings={},
    )
    token = office.admin.headers["Authorization"].removeprefix("Bearer ")
    with own as ending:
        async with client_of(ending, token) as client:
            polling = asyncio.create_task(client.get("/v1/feed", params={"wait": 60}))
            await page(client)
            await asyncio.to_thread(own.gen.close)
            answer = await polling
    assert (answer.status_code, answer.json()["items"]) == (200, [])
