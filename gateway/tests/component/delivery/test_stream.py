"""The stream over HTTP: whoever looks at something is told as it changes, as far as they see."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from cli.local.home import checkout
from cli.local.ports import any_ports
from events.catalogue import PERSON
from gateway.testing.deliveries import Desk, person, product, products, removed
from gateway.testing.offices import PASSWORD, Office, client_of, made
from gateway.testing.processes import Gateway, running
from gateway.testing.raw_requests import raw, statuses
from gateway.testing.streams import Follower, following

SHOWN = checkout() / "docs" / "integration" / "watch.py"


async def last_of(follower: Follower, desk: Desk, tenant: UUID) -> list[dict[str, object]]:
    """What somebody is told, until a product that everybody sees."""
    end = uuid4()
    await desk.deliver(product(tenant, end, 1))
    found = []
    while (message := await follower.next()).data.get("id") != str(end):
        found.append({"event": message.event, **message.data})
    return found


async def test_a_stream_begins_now_and_tells_what_comes(office: Office, broker_side: Desk) -> None:
    await broker_side.deliver(*products(office.tenant, 2))
    id = uuid4()
    async with following(office.admin) as follower:
        headers = follower.answer.headers
        assert headers["content-type"] == "text/event-stream"
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert follower.said.retry > 0
        await broker_side.deliver(product(office.tenant, id, 1), product(office.tenant, id, 2))
        first, second = await follower.next(), await follower.next()
    assert (first.event, first.data["id"], first.data["version"]) == ("changed", str(id), 1)
    assert second.data["type"] == "crm.sales.product.changed.v1"
    assert second.id != first.id


async def test_one_comes_again_where_one_left_by_header_or_address(
    office: Office, broker_side: Desk
) -> None:
    ids = [uuid4() for _ in range(3)]
    async with following(office.admin) as follower:
        begun = follower.said.id
        await broker_side.deliver(*(product(office.tenant, id, 1) for id in ids))
        first = await follower.next()
    async with following(office.admin, first.id, last_event_id=begun) as again:
        assert [(await again.next()).data["id"] for _ in ids[1:]] == [str(id) for id in ids[1:]]
    async with following(office.admin, last_event_id=begun) as again:
        assert [(await again.next()).data["id"] for _ in ids] == [str(id) for id in ids]


async def test_the_feed_goes_on_where_a_stream_was(office: Office, broker_side: Desk) -> None:
    async with following(office.admin) as follower:
        await broker_side.deliver(*products(office.tenant, 2))
        first = await follower.next()
        second = await follower.next()
    page = made(await office.admin.get("/v1/feed", params={"cursor": first.id}))
    assert [item["subject"] for item in page["items"]] == [second.data["id"]]
    assert page["next_cursor"] == second.id


async def test_silence_is_broken_by_heartbeats_that_move_the_id(
    office: Office, broker_side: Desk
) -> None:
    async with following(office.admin, types="crm.sales.deal") as follower:
        begun = follower.said.id
        await broker_side.deliver(*products(office.tenant, 1))
        while follower.said.id == begun:
            follower.said.take(await anext(follower._lines))
        assert follower.said.comments


async def test_everybody_is_told_as_far_as_they_reach(office: Office, broker_side: Desk) -> None:
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
    told = [
        person(
            office.tenant,
            ids[name],
            1,
            owner=UUID(owner) if owner else None,
            department=UUID(department) if department else None,
        )
        for name, (owner, department) in places.items()
    ]

    async with AsyncExitStack() as stack:
        followers = {
            name: await stack.enter_async_context(following(client))
            for name, client in {
                "analyst": of_analyst,
                "manager": of_manager,
                "agent": of_agent,
            }.items()
        }
        await broker_side.deliver(*told)
        seen = {
            name: {
                of
                for message in await last_of(follower, broker_side, office.tenant)
                for of, id in ids.items()
                if message["id"] == str(id)
            }
            for name, follower in followers.items()
        }
    assert seen == {
        "analyst": {"mine", "north", "south", "nobody"},
        "manager": {"north"},
        "agent": {"mine", "north"},
    }


async def test_what_leaves_ones_reach_or_is_deleted_is_removed(
    office: Office, broker_side: Desk
) -> None:
    north, south = await office.department("North"), await office.department("South")
    manager, of_manager = await office.employed("manager", department=north["id"])
    moved, deleted = uuid4(), uuid4()
    there = {"owner": UUID(manager["id"]), "department": UUID(north["id"])}
    elsewhere = {"owner": uuid4(), "department": UUID(south["id"])}
    async with following(of_manager, types="crm.contacts.person,crm.sales.product") as follower:
        await broker_side.deliver(
            person(office.tenant, moved, 1, **there), person(office.tenant, deleted, 1, **there)
        )
        await broker_side.deliver(
            person(office.tenant, moved, 2, **elsewhere),
            person(office.tenant, moved, 3, **elsewhere),
            removed(PERSON, "deleted", office.tenant, deleted, 2),
        )
        found = await last_of(follower, broker_side, office.tenant)
    assert [(told["event"], told["id"], told.get("reason")) for told in found] == [
        ("changed", str(moved), None),
        ("changed", str(deleted), None),
        ("removed", str(moved), "withdrawn"),
        ("removed", str(deleted), "deleted"),
    ]


async def test_a_change_of_rights_is_a_reset_and_holds_from_then_on(
    office: Office, broker_side: Desk
) -> None:
    user, client = await office.employed("analyst")
    async with following(client) as follower:
        await broker_side.deliver(person(office.tenant, uuid4(), 1))
        assert (await follower.next()).data["resource"] == "people"
        made(await office.admin.patch(f"/v1/users/{user['id']}", json={"roles": ["agent"]}))
        reset = await follower.next()
        assert (reset.event, reset.data) == (
            "reset",
            {"reason": "access", "snapshot": "/v1/snapshot/{aggregate}"},
        )
        # A person of nobody is not for an agent.
        await broker_side.deliver(person(office.tenant, uuid4(), 1))
        assert await last_of(follower, broker_side, office.tenant) == []


async def test_another_role_or_department_of_the_tenant_is_noticed_too(
    office: Office, broker_side: Desk
) -> None:
    rules = {"family_name": "hidden"}
    role = {"code": "calls", "name": "Calls", "permissions": {"people:read": "all"}}
    kept = made(await office.admin.post("/v1/roles", json=role))
    _, client = await office.employed("calls")
    id = uuid4()
    async with following(client) as follower:
        fields = {"fields": {"people": rules}}
        made(await office.admin.patch(f"/v1/roles/{kept['id']}", json=fields))
        assert (await follower.next()).data["reason"] == "access"
        told = person(office.tenant, id, 2, given_name="Ия", family_name="Ли")
        changed = {"given_name": "Ю", "family_name": "Цой"}
        data = msgspec.structs.replace(told.data, changed=changed)
        await broker_side.deliver(msgspec.structs.replace(told, data=data))
        message = await follower.next()
    assert message.data["changed"] == ["given_name"]
    # What is kept from somebody is not asked by either.
    refused = await client.get("/v1/stream", params={"filter": "people?family_name=Ли"})
    assert (refused.status_code, refused.json()["field"]) == (403, "filter")


@pytest.mark.parametrize("how", ["session", "status", "key"])
async def test_a_stream_ends_with_what_let_it_in(office: Office, how: str) -> None:
    user, client = await office.employed("agent")
    if how == "key":
        draft = {"name": "screen", "scopes": ["products:read"]}
        key = made(await client.post("/v1/api-keys", json=draft))
        client = await office.client(key["key"])
    async with following(client) as follower:
        match how:
            case "session":
                made(await office.admin.delete(f"/v1/users/{user['id']}/sessions"))
            case "status":
                draft = {"status": "disabled"}
                made(await office.admin.patch(f"/v1/users/{user['id']}", json=draft))
            case "key":
                made(await office.admin.delete(f"/v1/api-keys/{key['api_key']['id']}"))
        (last,) = await follower.rest()
    assert (last.event, last.data) == ("end", {"reason": "access_ended"})


async def test_nobody_is_told_of_another_tenant(
    new_office: Callable[[], Awaitable[Office]], broker_side: Desk
) -> None:
    office, other = await new_office(), await new_office()
    async with following(office.admin) as follower:
        id = uuid4()
        await broker_side.deliver(product(other.tenant, id, 1), product(office.tenant, id, 1))
        message = await follower.next()
        assert message.data["id"] == str(id)
        assert await last_of(follower, broker_side, office.tenant) == []
    theirs = message.id
    refused = await other.admin.get("/v1/stream", headers={"Last-Event-ID": theirs})
    assert (refused.status_code, refused.json()["field"]) == (422, "last_event_id")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"last_event_id": "nonsense"}, "last_event_id"),
        ({"types": "crm.sales.secret"}, "types"),
        ({"records": "deals/1"}, "records"),
        ({"filter": "deals?secret=1"}, "filter"),
        ({"since": "yesterday"}, "since"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    office: Office, query: dict[str, str], field: str
) -> None:
    answer = await office.admin.get("/v1/stream", params=query)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_strangers_hear_nothing_and_who_asks_for_the_head_gets_it_at_once(
    office: Office, stranger: httpx.AsyncClient
) -> None:
    assert (await stranger.get("/v1/stream")).status_code == 401
    head = await office.admin.head("/v1/stream")
    assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream")
    assert (await office.admin.post("/v1/stream")).status_code == 405


async def test_what_the_documentation_shows_tells_what_changes(
    gateway: Gateway, office: Office, broker_side: Desk
) -> None:
    watch = await asyncio.create_subprocess_exec(
        *(sys.executable, str(SHOWN), gateway.url, "types=crm.sales.product"),
        env={"MERIDIAN_USER": f"{office.slug}/anna", "MERIDIAN_PASSWORD": PASSWORD},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert watch.stdout is not None
        printed = asyncio.create_task(watch.stdout.readline())
        while not printed.done():
            # It is told what comes once it has come.
            await broker_side.deliver(*products(office.tenant, 1))
            await asyncio.wait([printed], timeout=0.2)
        line = json.loads(printed.result())
    finally:
        watch.kill()
        await watch.wait()
    assert (line["event"], line["resource"]) == ("changed", "products")


async def test_open_streams_do_not_hold_up_the_end_of_a_gateway(
    gateway: Gateway, office: Office, tmp_path: Path
) -> None:
    ports = dict(any_ports(["gateway"]))
    own = running(
        port=ports["gateway"],
        upstream_ports=gateway.upstream_ports,
        database_url=gateway.database_url,
        log=tmp_path / "gateway.log",
        settings={"GATEWAY_STREAMS": "50"},
    )
    authorization = office.admin.headers["Authorization"]
    with own as ending:
        token = authorization.removeprefix("Bearer ")
        lines = [f"Authorization: {authorization}"]
        streams = [
            asyncio.create_task(raw(ending, "GET /v1/stream HTTP/1.1", *lines)) for _ in range(50)
        ]
        async with client_of(ending, token) as client:
            # The next one is refused once all of them are open.
            while (await client.head("/v1/stream")).status_code != 200 or (
                await _opened(client) == 200
            ):
                await asyncio.sleep(0.05)
        await asyncio.to_thread(own.gen.close)
        said = await asyncio.gather(*streams)
    assert [statuses(one) for one in said] == [[200]] * 50
    assert all(b'data: {"reason":"shutdown"}' in one for one in said)
    retries = {re.findall(rb"retry: (\d+)", one)[-1] for one in said}
    assert len(retries) > 25


async def _opened(client: httpx.AsyncClient) -> int:
    async with client.stream("GET", "/v1/stream") as answer:
        return answer.status_code
