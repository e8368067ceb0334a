"""Snapshots: the state at a cursor, exactly, while others write."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import httpx

from events.catalogue import PERSON
from gateway.testing.deliveries import Desk, person, product, products, removed
from gateway.testing.offices import Office, made

State = dict[str, dict[str, Any]]


def read(text: str) -> tuple[str, State]:
    """(cursor, events by their subjects) of a snapshot that is whole."""
    head, *lines, end = map(json.loads, text.splitlines())
    assert end == {"records": len(lines)}
    return head["cursor"], {line["subject"]: line for line in lines}


async def followed(client: httpx.AsyncClient, cursor: str, state: State, topic: str) -> State:
    """`state`, a snapshot's, with all that the feed has after its cursor."""
    state, has_more = dict(state), True
    while has_more:
        page = made(
            await client.get("/v1/feed", params={"cursor": cursor, "types": topic, "limit": 500})
        )
        for event in page["items"]:
            known = state.get(event["subject"])
            # Nothing of the snapshot comes again, and nothing is left out.
            assert event["aggregateversion"] == (known["aggregateversion"] if known else 0) + 1
            if event["data"]["after"] is None:
                del state[event["subject"]]
            else:
                state[event["subject"]] = event
        cursor, has_more = page["next_cursor"], page["has_more"]
    return state


async def test_a_snapshot_and_what_comes_after_it_is_the_state_later_while_others_write(
    office: Office, broker_side: Desk
) -> None:
    topic, ids = "crm.sales.product", [uuid4() for _ in range(30)]
    await broker_side.deliver(*(product(office.tenant, id, 1) for id in ids))
    written = asyncio.Event()

    async def write() -> None:
        for version in range(2, 22):
            fresh = [product(office.tenant, uuid4(), 1) for _ in range(3)]
            await broker_side.deliver(*(product(office.tenant, id, version) for id in ids), *fresh)
        written.set()

    async def look() -> list[tuple[str, State]]:
        taken = []
        while not written.is_set():
            taken.append(read((await office.admin.get("/v1/snapshot/products")).text))
        return taken

    _, taken = await asyncio.gather(write(), look())
    _, last = read((await office.admin.get("/v1/snapshot/products")).text)
    assert len(last) == 90
    for cursor, state in (taken[0], taken[len(taken) // 2]):
        assert await followed(office.admin, cursor, state, topic) == last


async def test_a_snapshot_has_what_there_is_whatever_the_log_has_forgotten(
    office: Office, broker_side: Desk
) -> None:
    stays, goes = uuid4(), uuid4()
    await broker_side.deliver(
        person(office.tenant, stays, 1),
        person(office.tenant, goes, 1),
        removed(PERSON, "deleted", office.tenant, goes, 2),
    )
    await broker_side.database.pool.execute(
        "delete from delivery_log where tenant = $1", office.tenant
    )
    answer = await office.admin.get("/v1/snapshot/people")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    cursor, state = read(answer.text)
    assert list(state) == [str(stays)]
    assert state[str(stays)]["data"]["after"]["given_name"] == "Ольга"
    assert answer.headers["Meridian-Cursor"] == cursor
    head = json.loads(answer.text.splitlines()[0])
    assert head == {"aggregate": "people", "topic": "crm.contacts.person", "cursor": cursor}


async def test_a_snapshot_is_squeezed_for_who_takes_that(office: Office, broker_side: Desk) -> None:
    await broker_side.deliver(*products(office.tenant, 300))
    plain = await office.admin.get("/v1/snapshot/products", headers={"Accept-Encoding": "identity"})
    squeezed = await office.admin.get("/v1/snapshot/products", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert squeezed.text == plain.text
    assert squeezed.num_bytes_downloaded * 2 < plain.num_bytes_downloaded
    refused = {"Accept-Encoding": "gzip;q=0, identity"}
    answer = await office.admin.get("/v1/snapshot/products", headers=refused)
    assert "Content-Encoding" not in answer.headers


async def test_a_snapshot_has_what_one_may_see(office: Office, broker_side: Desk) -> None:
    agent, of_agent = await office.employed("agent")
    mine, theirs = uuid4(), uuid4()
    await broker_side.deliver(
        person(office.tenant, mine, 1, owner=UUID(agent["id"])),
        person(office.tenant, theirs, 1, owner=uuid4()),
    )
    _, state = read((await of_agent.get("/v1/snapshot/people")).text)
    assert list(state) == [str(mine)]
    _, state = read((await office.admin.get("/v1/snapshot/people")).text)
    assert state.keys() == {str(mine), str(theirs)}


async def test_nobody_gets_a_snapshot_of_what_is_not_theirs_to_read_or_is_nothing(
    office: Office,
) -> None:
    _, operator = await office.employed("operator")
    answer = await operator.get("/v1/snapshot/deals")
    assert (answer.status_code, answer.json()["permission"]) == (403, "deals:read")
    assert (await office.admin.get("/v1/snapshot/secrets")).status_code == 404
    assert (await office.stranger.get("/v1/snapshot/deals")).status_code == 401
