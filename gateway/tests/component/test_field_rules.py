"""Rules for fields at work: signed into the identity, told, and given by nobody who lacks them."""

from typing import Any

import httpx
import jwt

from chassis.identity import HEADER
from gateway.testing.offices import Office, made
from gateway.testing.upstreams import Upstream

CLERK: dict[str, Any] = {
    "code": "clerk",
    "name": "Clerk",
    "permissions": {"deals:read": "all", "deals:write": "own", "roles:read": "all",
                    "roles:write": "all", "users:read": "all", "users:write": "all"},
    "fields": {"deals": {"amount": "hidden", "next_step": "read_only"}},
}  # fmt: skip


async def signed(client: httpx.AsyncClient, sales: Upstream) -> Any:
    """The rules in the identity that reaches a service."""
    await client.get("/v1/deals")
    token = sales.asked[-1].headers[HEADER]
    return jwt.decode(token, options={"verify_signature": False}).get("fields")


async def test_the_identity_carries_what_the_roles_keep_together(
    office: Office, sales: Upstream
) -> None:
    role = made(await office.admin.post("/v1/roles", json=CLERK))
    assert role["fields"] == CLERK["fields"]
    _, clerk = await office.employed("clerk")
    _, both = await office.employed("clerk", "agent")
    assert await signed(clerk, sales) == CLERK["fields"]
    assert await signed(both, sales) is None
    assert await signed(office.admin, sales) is None
    opened = {"fields": {"deals": {"amount": None}}}
    made(await office.admin.patch(f"/v1/roles/{role['id']}", json=opened))
    assert await signed(clerk, sales) == {"deals": {"next_step": "read_only"}}


async def test_a_key_sees_no_more_than_its_user(office: Office, sales: Upstream) -> None:
    made(await office.admin.post("/v1/roles", json=CLERK))
    _, clerk = await office.employed("clerk")
    issued = made(await clerk.post("/v1/api-keys", json={"name": "k", "scopes": ["deals:read"]}))
    program = await office.client(issued["key"])
    assert await signed(program, sales) == CLERK["fields"]


async def test_who_does_not_see_a_field_shows_it_to_nobody(office: Office) -> None:
    role = made(await office.admin.post("/v1/roles", json=CLERK))
    _, clerk = await office.employed("clerk")
    for fields in ({}, {"deals": {"next_step": "read_only"}}):
        answer = await clerk.post("/v1/roles", json=CLERK | {"code": "open", "fields": fields})
        assert (answer.status_code, answer.json()["field"]) == (422, "fields")
    own = await clerk.patch(f"/v1/roles/{role['id']}", json={"fields": {"deals": None}})
    assert own.json()["type"].endswith("more-than-one-holds")
    made(await clerk.post("/v1/roles", json=CLERK | {"code": "same"}))
    lister = {"code": "lister", "name": "Lister", "permissions": {"deals:read": "own"}}
    made(await office.admin.post("/v1/roles", json=lister))
    draft = {"name": "A", "login": "a", "department": office.root}
    given = await clerk.post("/v1/users", json=draft | {"roles": ["lister"]})
    assert (given.status_code, given.json()["field"]) == (422, "roles")
    made(await clerk.post("/v1/users", json=draft | {"roles": ["same"]}))


async def test_everybody_learns_what_is_kept_from_them_and_why(office: Office) -> None:
    made(await office.admin.post("/v1/roles", json=CLERK))
    user, clerk = await office.employed("clerk")
    kept = made(await clerk.get("/v1/me/access"))["fields"]
    assert {"resource": "deals", "field": "amount", "rule": "hidden", "roles": ["clerk"]} in kept
    question = {"user": user["id"], "permission": "deals:write", "field": "next_step"}
    told = made(await office.admin.post("/v1/access/explain", json=question))
    assert (told["allowed"], told["field_rule"]) == (False, "read_only")
    assert told["because"][-1] == {"code": "field-read-only", "detail": "clerk: read only"}
    wrong = await office.admin.post("/v1/access/explain", json=question | {"field": "shoes"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "field")
