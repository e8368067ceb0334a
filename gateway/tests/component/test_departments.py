"""Departments over HTTP: a tree of one tenant, and an event for every department that moves."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import msgspec

from chassis.database import Connection
from events.directory import Department
from gateway.testing.offices import Office, made


async def events_of(database: Connection, office: Office) -> list[tuple[str, int]]:
    rows = await database.fetch(
        """select subject::text, version from journal
           where tenant = $1 and topic = 'crm.directory.department' order by position""",
        office.tenant,
    )
    return [(row["subject"], row["version"]) for row in rows]


async def test_a_department_answers_exactly_its_published_state(office: Office) -> None:
    made = await office.department("Дальний Восток", time_zone="Asia/Vladivostok", city="Находка")
    state = msgspec.convert(made, Department)
    assert msgspec.json.decode(msgspec.json.encode(state)) == made
    answer = await office.admin.get(f"/v1/departments/{made['id']}")
    assert answer.json() == made
    assert answer.headers["ETag"] == '"1"'


async def test_moving_a_department_writes_an_event_for_each_that_moves(
    office: Office, database: Connection
) -> None:
    north = await office.department("North")
    south = await office.department("South")
    branch = await office.department("Branch", parent=north["id"])
    desk = await office.department("Desk", parent=branch["id"])
    before = await events_of(database, office)
    answer = await office.admin.patch(
        f"/v1/departments/{branch['id']}", json={"parent": south["id"]}
    )
    assert answer.json()["path"] == [office.root, south["id"], branch["id"]]
    moved = made(await office.admin.get(f"/v1/departments/{desk['id']}"))
    assert moved["path"] == [office.root, south["id"], branch["id"], desk["id"]]
    assert (await events_of(database, office))[len(before) :] == [
        (branch["id"], 2),
        (desk["id"], 2),
    ]
    places = await database.fetchval(
        "select path from department where tenant = $1 and id = $2", office.tenant, desk["id"]
    )
    assert places == f"/{office.root}/{south['id']}/{branch['id']}/{desk['id']}/"


async def test_a_cycle_is_refused_even_when_two_move_at_once(office: Office) -> None:
    a, b = await office.department("A"), await office.department("B")
    answers = await asyncio.gather(
        office.admin.patch(f"/v1/departments/{a['id']}", json={"parent": b["id"]}),
        office.admin.patch(f"/v1/departments/{b['id']}", json={"parent": a["id"]}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert refused.json()["type"] == "urn:meridian:problem:department-below-itself"


async def test_a_patch_without_effect_writes_nothing(office: Office, database: Connection) -> None:
    department = await office.department("Quiet")
    before = await events_of(database, office)
    answer = await office.admin.patch(f"/v1/departments/{department['id']}", json={"name": "Quiet"})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert await events_of(database, office) == before


async def test_a_bulk_may_build_rebuild_and_repeat_a_tree(
    office: Office, database: Connection
) -> None:
    def item(name: str, **fields: object) -> dict[str, object]:
        external = [{"system": "1c", "type": "department", "id": name}]
        return {"name": name, "time_zone": "Europe/Samara", "external_ids": external} | fields

    first = made(
        await office.admin.post(
            "/v1/departments/bulk",
            json={"items": [item("a"), item("b"), item("bad", time_zone="Samara")]},
        )
    )
    assert [entry["verdict"] for entry in first["items"]] == ["created", "created", "rejected"]
    assert first["items"][2]["problem"]["field"] == "time_zone"
    a, b = (entry["id"] for entry in first["items"][:2])
    child = await office.department("child", parent=a)
    before = await events_of(database, office)
    moving = {"items": [item("b", city="Самара"), item("a", parent=b)]}
    second = made(await office.admin.post("/v1/departments/bulk", json=moving))
    assert [entry["verdict"] for entry in second["items"]] == ["updated", "updated"]
    assert made(await office.admin.get(f"/v1/departments/{child['id']}"))["path"] == [
        office.root, b, a, child["id"],
    ]  # fmt: skip
    assert len(await events_of(database, office)) == len(before) + 3
    third = made(await office.admin.post("/v1/departments/bulk", json=moving))
    assert [entry["verdict"] for entry in third["items"]] == ["unchanged", "unchanged"]
    assert len(await events_of(database, office)) == len(before) + 3


async def test_departments_are_listed_searched_and_found_by_external_id(office: Office) -> None:
    external = {"system": "1c", "type": "department", "id": "77"}
    sought = await office.department("Йошкар-Ола", external_ids=[external])
    for query in ({"q": "йошкар"}, {"external_id": "1c:department:77"}):
        found = made(await office.admin.get("/v1/departments", params=query))
        assert [item["id"] for item in found["items"]] == [sought["id"]]
    below = made(await office.admin.get("/v1/departments", params={"parent": office.root}))
    assert [item["id"] for item in below["items"]] == [sought["id"]]


async def test_another_tenants_departments_do_not_exist(
    new_office: Callable[[], Awaitable[Office]],
) -> None:
    ours, theirs = await new_office(), await new_office()
    department = await theirs.department("Theirs")
    path = f"/v1/departments/{department['id']}"
    assert (await ours.admin.get(path)).status_code == 404
    assert (await ours.admin.patch(path, json={"name": "Ours"})).status_code == 404
    answer = await ours.admin.post(
        "/v1/departments",
        json={"name": "X", "time_zone": "UTC", "parent": department["id"]},
    )
    assert answer.json()["type"] == "urn:meridian:problem:unknown-parent"
    listed = made(await ours.admin.get("/v1/departments"))
    assert [item["id"] for item in listed["items"]] == [ours.root]


async def test_everybody_reads_departments_and_only_administrators_write_them(
    office: Office,
) -> None:
    _, manager = await office.employed("manager")
    assert (await manager.get("/v1/departments")).status_code == 200
    answer = await manager.post("/v1/departments", json={"name": "Mine", "time_zone": "UTC"})
    assert answer.status_code == 403


async def test_a_department_that_is_not_there_is_not_found(office: Office) -> None:
    assert (await office.admin.get(f"/v1/departments/{uuid4()}")).status_code == 404
