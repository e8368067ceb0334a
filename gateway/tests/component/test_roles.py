"""Roles that a tenant defines: given, changed and retired, with effect at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from gateway.testing.offices import Office, made

DISPATCHER = {
    "code": "dispatcher",
    "name": "Диспетчер",
    "permissions": {"deals:read": "department", "departments:read": "all"},
}


async def defined(office: Office, **fields: Any) -> dict[str, Any]:
    return made(await office.admin.post("/v1/roles", json=DISPATCHER | fields))


async def permitted(client: httpx.AsyncClient) -> dict[str, str]:
    found: dict[str, str] = made(await client.get("/v1/me"))["permissions"]
    return found


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def test_a_role_of_ones_own_gives_what_it_says_and_takes_it_back_at_once(
    office: Office,
) -> None:
    role = await defined(office)
    _, client = await office.employed("dispatcher")
    assert await permitted(client) == DISPATCHER["permissions"]
    path = f"/v1/roles/{role['id']}"
    # A merge patch: what is null goes, the rest stays.
    less = {"permissions": {"deals:read": None}}
    assert made(await office.admin.patch(path, json=less))["version"] == 2
    assert await permitted(client) == {"departments:read": "all"}
    made(await office.admin.patch(path, json={"is_active": False}))
    assert await permitted(client) == {}
    told = made(await office.admin.get(f"{path}/history"))["items"]
    assert [version["version"] for version in told] == [3, 2, 1]


async def test_a_retired_role_is_given_to_nobody_and_stays_with_those_who_have_it(
    office: Office,
) -> None:
    role = await defined(office)
    user, _ = await office.employed("dispatcher", "agent")
    made(await office.admin.patch(f"/v1/roles/{role['id']}", json={"is_active": False}))
    renamed = await office.admin.patch(f"/v1/users/{user['id']}", json={"name": "Пётр"})
    assert made(renamed)["roles"] == ["dispatcher", "agent"]
    draft = {"name": "A", "login": "a", "roles": ["dispatcher"], "department": office.root}
    assert problem(await office.admin.post("/v1/users", json=draft)) == (422, "unknown-role")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"code": "manager"}, (409, "role-code-taken")),
        ({"code": "Диспетчер"}, (422, "invalid-request")),
        ({"code": ["dispatcher"]}, (422, "invalid-request")),
        ({"permissions": {"deals:read": "galaxy"}}, (422, "invalid-request")),
        ({"permissions": {"deals:fly": "all"}}, (422, "unknown-permission")),
        ({"permissions": {"deals:write": "own"}}, (422, "write-needs-read")),
        ({"permissions": {f"x{n}:read": "own" for n in range(101)}}, (422, "invalid-request")),
    ],
)
async def test_what_is_no_role_is_refused(
    office: Office, fields: dict[str, Any], expected: tuple[int, str]
) -> None:
    answer = await office.admin.post("/v1/roles", json=DISPATCHER | fields)
    assert problem(answer) == expected


async def test_one_code_makes_one_role_however_many_ask(office: Office) -> None:
    asked = [office.admin.post("/v1/roles", json=DISPATCHER) for _ in range(4)]
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    for item, expected in (
        (DISPATCHER, "unchanged"),
        (DISPATCHER | {"name": "Старший"}, "updated"),
        (DISPATCHER | {"code": "other"}, "created"),
        ({"code": {}}, "rejected"),
    ):
        answer = await office.admin.post("/v1/roles/bulk", json={"items": [item]})
        assert [verdict["verdict"] for verdict in made(answer)["items"]] == [expected]


async def test_who_manages_people_gives_nothing_that_they_do_not_have(office: Office) -> None:
    rights = {"users:read": "all", "users:write": "all", "roles:read": "all", "roles:write": "all"}
    await defined(office, code="personnel", permissions=rights)
    await defined(office, code="reader", permissions={"users:read": "all"})
    _, personnel = await office.employed("personnel")
    draft = {"name": "A", "login": "a", "department": office.root}
    for roles in (["administrator"], ["agent"], ["reader", "agent"]):
        answer = await personnel.post("/v1/users", json=draft | {"roles": roles})
        assert problem(answer) == (422, "more-than-one-holds"), roles
    made(await personnel.post("/v1/users", json=draft | {"roles": ["reader"]}))
    more = await personnel.post("/v1/roles", json=DISPATCHER)
    assert problem(more) == (422, "more-than-one-holds")


async def test_only_who_may_write_roles_does_and_other_tenants_have_none_of_them(
    new_office: Callable[[], Awaitable[Office]],
) -> None:
    here, there = await new_office(), await new_office()
    role = await defined(here)
    _, agent = await here.employed("agent")
    assert problem(await agent.post("/v1/roles", json=DISPATCHER)) == (403, "forbidden")
    assert made(await agent.get("/v1/roles"))["items"] == [role]
    assert (await there.admin.get(f"/v1/roles/{role['id']}")).status_code == 404
    draft = {"name": "A", "login": "a", "roles": ["dispatcher"], "department": there.root}
    assert problem(await there.admin.post("/v1/users", json=draft)) == (422, "unknown-role")
