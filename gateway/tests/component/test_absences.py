"""Absences over HTTP: who may record them, and who of a department is there."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx

from chassis.database import Connection
from gateway.testing.offices import Office, made

JULY = {"kind": "vacation", "starts_on": "2026-07-01", "ends_on": "2026-07-14"}
DURING, AFTER = "2026-07-07T09:00:00Z", "2026-07-15T09:00:00Z"
ALL_DAY = [{"opens": "00:00", "closes": "24:00"}]


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def recorded(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    return made(await client.post("/v1/absences", json=JULY | fields))


async def members(client: httpx.AsyncClient, id: str, **query: str) -> dict[str, dict[str, Any]]:
    found = made(await client.get(f"/v1/departments/{id}/members", params=query))
    return {item["user"]["id"]: item for item in found["items"]}


async def test_everybody_records_changes_and_deletes_their_own(
    office: Office, database: Connection
) -> None:
    user, client = await office.employed("agent")
    absence = await recorded(client, deputy=office.administrator["id"])
    assert (absence["owner"], absence["department"]) == (user["id"], office.root)
    path = f"/v1/absences/{absence['id']}"
    assert made(await client.get(path)) == absence
    made(await client.patch(path, json={"ends_on": "2026-07-20", "deputy": None}))
    assert made(await client.delete(path)) == {"id": absence["id"], "version": 3}
    assert (await client.get(path)).status_code == 404
    rows = await database.fetch(
        "select type from journal where subject = $1 order by version", UUID(absence["id"])
    )
    assert [row["type"].split(".")[3] for row in rows] == ["recorded", "changed", "deleted"]


async def test_managers_record_those_of_their_department_and_agents_nobody_elses(
    office: Office,
) -> None:
    north, south = await office.department("North"), await office.department("South")
    agent, client = await office.employed("agent", department=north["id"])
    _, manager = await office.employed("manager", department=north["id"])
    stranger, _ = await office.employed("agent", department=south["id"])
    theirs = await recorded(manager, owner=agent["id"])
    assert made(await client.get(f"/v1/absences/{theirs['id']}")) == theirs
    for one in (client, manager):
        answer = await one.post("/v1/absences", json=JULY | {"owner": stranger["id"]})
        assert problem(answer) == (422, "unknown-absentee")
    hidden = await recorded(office.admin, owner=stranger["id"], kind="sick")
    for one in (client, manager):
        for answer in (
            await one.get(f"/v1/absences/{hidden['id']}"),
            await one.patch(f"/v1/absences/{hidden['id']}", json={"kind": "trip"}),
            await one.delete(f"/v1/absences/{hidden['id']}"),
        ):
            assert answer.status_code == 404
    again = await client.post("/v1/absences", json=JULY | {"owner": stranger["id"]})
    assert "2026-07-01" not in again.text


async def test_members_are_there_or_not_and_why_not_is_told_to_nobody(office: Office) -> None:
    branch = await office.department(
        "Восток", time_zone="Asia/Vladivostok", working_hours={"tuesday": ALL_DAY}
    )
    anna, _ = await office.employed("agent", department=branch["id"], skills=["Опт"])
    boris, client = await office.employed("agent", department=branch["id"], languages=["pt"])
    await recorded(office.admin, owner=anna["id"], deputy=boris["id"], kind="sick")
    found = await members(client, branch["id"], at=DURING)
    assert found[anna["id"]] == {
        "user": anna, "is_absent": True, "absent_until": "2026-07-14",
        "stand_in": boris["id"], "is_at_work": False,
    }  # fmt: skip
    assert (found[boris["id"]]["is_absent"], found[boris["id"]]["is_at_work"]) == (False, True)
    answer = await client.get(f"/v1/departments/{branch['id']}/members", params={"at": DURING})
    assert "sick" not in answer.text
    after = await members(client, branch["id"], at=AFTER)
    assert (after[anna["id"]]["is_absent"], after[anna["id"]]["is_at_work"]) == (False, False)
    assert list(await members(client, branch["id"], skill="опт")) == [anna["id"]]
    assert list(await members(client, branch["id"], language="pt")) == [boris["id"]]
    assert await members(client, branch["id"], language="pt", skill="опт") == {}


async def test_members_below_come_when_asked_for_in_pages_and_without_those_who_left(
    office: Office,
) -> None:
    branch = await office.department("Branch")
    agent, client = await office.employed("agent", department=branch["id"])
    left, _ = await office.employed("agent", department=branch["id"])
    made(await office.admin.patch(f"/v1/users/{left['id']}", json={"status": "disabled"}))
    admin = office.administrator["id"]
    assert list(await members(client, office.root)) == [admin]
    assert list(await members(client, office.root, below="true")) == [agent["id"], admin]
    path = f"/v1/departments/{office.root}/members"
    first = made(await client.get(path, params={"below": "true", "limit": "1"}))
    rest = {"below": "true", "limit": "1", "cursor": first["next_cursor"]}
    [last] = made(await client.get(path, params=rest))["items"]
    assert last["user"]["id"] == admin
    for wrong in ({"below": "yes"}, {"at": "now"}, {"q": "x"}, {"skill": "x" * 50}):
        assert (await client.get(path, params=wrong)).status_code == 422
    _, operator = await office.employed("operator", department=branch["id"])
    alone = await members(operator, office.root, below="true")
    assert [item["user"]["roles"] for item in alone.values()] == [["operator"]]


async def test_nobody_is_absent_twice_and_a_bulk_sees_what_earlier_items_made(
    office: Office,
) -> None:
    agent, client = await office.employed("agent")
    await recorded(client)
    twice = await client.post("/v1/absences", json=JULY | {"starts_on": "2026-07-14"})
    assert problem(twice) == (409, "absences-overlap")

    def item(number: int, starts_on: str, ends_on: str, **fields: Any) -> dict[str, Any]:
        external = [{"system": "1c", "type": "absence", "id": str(number)}]
        draft = {"kind": "trip", "starts_on": starts_on, "ends_on": ends_on, "owner": agent["id"]}
        return draft | {"external_ids": external} | fields

    items = [
        item(1, "2026-08-01", "2026-08-05"),
        item(2, "2026-08-05", "2026-08-06"),
        item(3, "2026-08-06", "2026-08-07", deputy=agent["id"]),
        item(4, "2026-08-06", "2026-08-07", deputy=office.administrator["id"]),
    ]
    answer = made(await office.admin.post("/v1/absences/bulk", json={"items": items}))
    assert [entry["verdict"] for entry in answer["items"]] == [
        "created", "rejected", "rejected", "created",
    ]  # fmt: skip
    again = made(await client.post("/v1/absences/bulk", json={"items": [items[0], items[3]]}))
    assert [entry["verdict"] for entry in again["items"]] == ["unchanged", "unchanged"]
    _, other = await office.employed("agent")
    refused = made(await other.post("/v1/absences/bulk", json={"items": [items[1], items[0]]}))
    assert [entry["verdict"] for entry in refused["items"]] == ["rejected", "rejected"]
    assert "2026-08" not in str(refused)


async def test_who_moves_takes_the_absences_ahead_along(office: Office) -> None:
    north = await office.department("North")
    agent, client = await office.employed("agent")
    ahead = await recorded(client, starts_on="2099-07-01", ends_on="2099-07-02")
    over = await recorded(client, starts_on="2020-07-01", ends_on="2020-07-02")
    made(await office.admin.patch(f"/v1/users/{agent['id']}", json={"department": north["id"]}))
    _, manager = await office.employed("manager", department=north["id"])
    listed = made(await manager.get("/v1/absences"))["items"]
    assert [(item["id"], item["version"]) for item in listed] == [(ahead["id"], 2)]
    kept = made(await client.get(f"/v1/absences/{over['id']}"))
    assert kept["department"] == office.root
    moving = {"items": [{"id": agent["id"], "department": office.root}]}
    made(await office.admin.post("/v1/users/bulk", json=moving))
    assert made(await client.get(f"/v1/absences/{ahead['id']}"))["department"] == office.root


async def test_absences_are_of_one_tenant(new_office: Callable[[], Awaitable[Office]]) -> None:
    ours, theirs = await new_office(), await new_office()
    absence = await recorded(theirs.admin)
    assert (await ours.admin.get(f"/v1/absences/{absence['id']}")).status_code == 404
    for whose in ("owner", "deputy"):
        draft = JULY | {whose: theirs.administrator["id"]}
        assert (await ours.admin.post("/v1/absences", json=draft)).status_code == 422
    assert made(await ours.admin.get("/v1/absences"))["items"] == []
