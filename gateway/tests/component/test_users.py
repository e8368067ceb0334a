"""Users over HTTP: invited, changed, imported; a tenant never sees another's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from chassis.database import Connection
from events.directory import User
from gateway.testing.offices import Office, made


async def versions(database: Connection, office: Office) -> list[str]:
    rows = await database.fetch(
        """select type, version from journal
           where tenant = $1 and topic = 'crm.directory.user' order by position""",
        office.tenant,
    )
    return [f"{row['type'].split('.')[3]} {row['version']}" for row in rows]


async def test_a_user_answers_exactly_the_published_state(office: Office) -> None:
    invited = await office.invited("agent", email="Petr@example.ru")
    user = msgspec.convert(invited["user"], User)
    assert msgspec.json.decode(msgspec.json.encode(user)) == invited["user"]
    assert (user.status, user.version, user.owner) == ("invited", 1, user.id)


async def test_an_invitation_is_no_event_and_kept_as_a_hash_only(
    office: Office, database: Connection
) -> None:
    answer = await office.admin.post(
        "/v1/users",
        json={"name": "A", "login": "a", "roles": ["agent"], "department": office.root},
        headers={"Idempotency-Key": "invite-a"},
    )
    token = made(answer)["invitation"]
    for table in ("journal", "idempotency_key", "invitation", "users"):
        rows = await database.fetch(f"select t::text as row from {table} t")
        assert not any(token in row["row"] for row in rows), table
    assert await versions(database, office) == ["activated 1", "invited 1"]


async def test_a_repeated_invitation_of_one_request_makes_one_user(office: Office) -> None:
    draft = {"name": "A", "login": "a", "roles": ["agent"], "department": office.root}
    headers = {"Idempotency-Key": "once"}
    first = await office.admin.post("/v1/users", json=draft, headers=headers)
    second = await office.admin.post("/v1/users", json=draft, headers=headers)
    assert made(first)["user"] == made(second)["user"]
    # The first answer may be lost: the invitation of the second is the one that holds.
    assert (await office.accept(made(first)["invitation"])).status_code == 422
    assert (await office.accept(made(second)["invitation"])).status_code == 200


async def test_logins_differ_even_when_two_are_invited_at_once(office: Office) -> None:
    draft = {"name": "A", "roles": ["agent"], "department": office.root}
    answers = await asyncio.gather(
        office.admin.post("/v1/users", json=draft | {"login": "Пётр"}),
        office.admin.post("/v1/users", json=draft | {"login": "пётр"}),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert (refused["type"], refused["field"]) == ("urn:meridian:problem:login-taken", "login")


async def test_two_tenants_may_use_the_same_login(
    new_office: Callable[[], Awaitable[Office]],
) -> None:
    for office in (await new_office(), await new_office()):
        await office.invited(login="same", email="same@example.ru")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"department": "0198c0de-0000-7000-8000-000000000000"}, "unknown-department"),
        ({"manager": "0198c0de-0000-7000-8000-000000000000"}, "unknown-manager"),
        ({"roles": []}, "invalid-request"),
        ({"roles": ["king"]}, "unknown-role"),
        ({"login": "two words"}, "invalid-request"),
        ({"email": "nowhere"}, "invalid-request"),
        ({"password": "is not set here"}, "invalid-request"),
        ({"status": "active"}, "invalid-request"),
    ],
)
async def test_a_wrong_draft_is_refused_and_makes_nobody(
    office: Office,
    database: Connection,
    fields: dict[str, Any],
    problem: str,
) -> None:
    draft = {"name": "A", "login": "a", "roles": ["agent"], "department": office.root}
    answer = await office.admin.post("/v1/users", json=draft | fields)
    assert answer.status_code == 422
    assert answer.json()["type"] == f"urn:meridian:problem:{problem}"
    assert await versions(database, office) == ["activated 1"]


async def test_edits_of_different_fields_meet_and_of_the_same_field_do_not(
    office: Office,
) -> None:
    user = (await office.invited())["user"]
    path, seen = f"/v1/users/{user['id']}", {"If-Match": '"1"'}
    assert (await office.admin.patch(path, json={"name": "B"}, headers=seen)).status_code == 200
    other = await office.admin.patch(path, json={"language": "ru"}, headers=seen)
    assert (other.status_code, other.json()["name"]) == (200, "B")
    same = await office.admin.patch(path, json={"name": "C"}, headers=seen)
    assert same.status_code == 412


async def test_the_last_administrator_stays_even_when_two_go_at_once(office: Office) -> None:
    second, other = await office.employed("administrator")
    answers = await asyncio.gather(
        office.admin.patch(f"/v1/users/{second['id']}", json={"status": "disabled"}),
        other.patch(f"/v1/users/{office.administrator['id']}", json={"roles": ["agent"]}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_nobody_becomes_active_by_a_patch(office: Office) -> None:
    user = (await office.invited())["user"]
    answer = await office.admin.patch(f"/v1/users/{user['id']}", json={"status": "active"})
    assert answer.json()["type"] == "urn:meridian:problem:activation-needs-invitation"


async def test_a_bulk_gives_each_item_its_verdict(office: Office, database: Connection) -> None:
    def item(known_as: str, **fields: Any) -> dict[str, Any]:
        return {
            "name": known_as,
            "login": known_as,
            "roles": ["agent"],
            "department": office.root,
            "external_ids": [{"system": "crm", "type": "agent", "id": known_as}],
        } | fields

    items = [
        item("moses"),
        item("darcel", manager=office.administrator["id"]),
        item("other", login="MOSES"),
        item("moses"),
        item("lost", department="0198c0de-0000-7000-8000-000000000000"),
        item("anna"),
    ]
    first = made(await office.admin.post("/v1/users/bulk", json={"items": items}))["items"]
    assert [entry["verdict"] for entry in first] == ["created"] * 2 + ["rejected"] * 4
    slugs = [entry["problem"]["type"].rpartition(":")[2] for entry in first[2:]]
    assert slugs == ["login-taken", "duplicate-in-request", "unknown-department", "login-taken"]
    before = await versions(database, office)
    again = made(await office.admin.post("/v1/users/bulk", json={"items": items[:2]}))["items"]
    assert [entry["verdict"] for entry in again] == ["unchanged"] * 2
    assert await versions(database, office) == before
    altered = [item("moses", name="Moses F."), item("darcel")]
    changed = made(await office.admin.post("/v1/users/bulk", json={"items": altered}))["items"]
    assert [entry["verdict"] for entry in changed] == ["updated", "unchanged"]
    assert await versions(database, office) == [*before, "changed 2"]


async def test_users_are_listed_by_department_status_and_name(office: Office) -> None:
    branch = await office.department("Branch")
    far = (await office.invited(department=branch["id"], name="Ёлкина Юлия"))["user"]
    near, _ = await office.employed("analyst")

    async def found(**query: str) -> set[str]:
        page = made(await office.admin.get("/v1/users", params=query))
        return {item["id"] for item in page["items"]}

    assert await found(department=branch["id"]) == {far["id"]}
    assert await found(status="active") == {near["id"], office.administrator["id"]}
    assert await found(q="елкина") == {far["id"]}
    assert (await office.admin.get("/v1/users", params={"salary": "1"})).status_code == 422


async def test_another_tenants_users_do_not_exist(
    new_office: Callable[[], Awaitable[Office]],
) -> None:
    ours, theirs = await new_office(), await new_office()
    user = (await theirs.invited())["user"]
    assert (await ours.admin.get(f"/v1/users/{user['id']}")).status_code == 404
    for answer in (
        await ours.admin.patch(f"/v1/users/{user['id']}", json={"name": "Ours"}),
        await ours.admin.post(f"/v1/users/{user['id']}/invitation"),
    ):
        assert answer.status_code == 404
    bulk = {"items": [{"id": user["id"], "name": "Ours"}]}
    verdict = made(await ours.admin.post("/v1/users/bulk", json=bulk))["items"][0]
    assert (verdict["verdict"], verdict["problem"]["status"]) == ("rejected", 404)


async def test_agents_know_their_colleagues_and_change_nobody(office: Office) -> None:
    user, agent = await office.employed("agent")
    assert (await agent.get("/v1/users")).status_code == 200
    answer = await agent.patch(f"/v1/users/{user['id']}", json={"roles": ["administrator"]})
    assert answer.status_code == 403
    draft = {"name": "A", "login": "a", "roles": ["agent"], "department": office.root}
    assert (await agent.post("/v1/users", json=draft)).status_code == 403
    assert (await agent.post("/v1/users/bulk", json={"items": [draft]})).status_code == 403


async def test_operators_see_themselves_only(office: Office) -> None:
    user, operator = await office.employed("operator")
    page = made(await operator.get("/v1/users"))
    assert [item["id"] for item in page["items"]] == [user["id"]]


async def test_a_method_that_users_do_not_have_is_refused(office: Office) -> None:
    answer = await office.admin.delete(f"/v1/users/{office.administrator['id']}")
    assert answer.status_code == 405
    assert answer.json()["type"] == "urn:meridian:problem:method-not-allowed"
    assert "PATCH" in answer.headers["Allow"] or "GET" in answer.headers["Allow"]
