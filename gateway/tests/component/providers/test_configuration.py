"""Identity providers as administrators keep them: who may, what is refused, what is never told."""

from typing import Any

import httpx

from chassis.database import Connection
from gateway.testing.offices import Office, made

SECRET = "only the two of us know"
PATH = "/v1/identity-providers"
DRAFT = {
    "code": "company",
    "name": "Ромашка",
    "issuer": "https://login.example.org/realms/romashka",
    "client_id": "meridian",
    "client_secret": SECRET,
}


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def test_a_provider_is_created_changed_and_removed_and_its_secret_never_shown(
    office: Office, database: Connection
) -> None:
    answer = await office.admin.post(PATH, json=DRAFT, headers={"Idempotency-Key": "once"})
    made_ = made(answer)
    path = f"{PATH}/{made_['id']}"
    assert (made_["has_client_secret"], made_["scopes"]) == (True, ["openid", "profile", "email"])
    assert made_["changed_by"] == office.administrator["id"]
    rules = [{"group": "Sales", "roles": ["agent"], "department": office.root}]
    change = {"groups_claim": "groups", "groups": rules, "name": "Р"}
    changed = await office.admin.patch(path, json=change)
    assert made(changed)["groups"] == rules
    assert made(changed)["has_client_secret"]
    read, listed = await office.admin.get(path), await office.admin.get(PATH)
    assert made(listed)["items"] == [made(read)] == [made(changed)]
    public = await office.admin.patch(path, json={"client_secret": None})
    assert not made(public)["has_client_secret"]
    for told in (answer, changed, read, listed):
        assert SECRET not in told.text
    stored = await database.fetch(
        "select body from idempotency_key where tenant = $1", office.tenant
    )
    assert stored
    assert not [row for row in stored if SECRET.encode() in row["body"]]
    assert made(await office.admin.delete(path))["id"] == made_["id"]
    assert problem(await office.admin.get(path)) == (404, "not-found")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"issuer": "http://login.example.org"}, "issuer-not-possible"),
    ({"issuer": "https://"}, "issuer-not-possible"),
    ({"issuer": "https://login.example.org/?a=b"}, "issuer-not-possible"),
    ({"issuer": "https://login.example.org/#a"}, "issuer-not-possible"),
    ({"issuer": "https://me:secret@login.example.org"}, "issuer-not-possible"),
    ({"issuer": "https://login.example.org:x"}, "issuer-not-possible"),
    ({"issuer": "file:///etc/passwd"}, "issuer-not-possible"),
    ({"scopes": ["email"]}, "scope-needed"),
    ({"scopes": ["openid email"]}, "invalid-request"),
    ({"groups": [{"group": "a", "roles": ["agent"]}]}, "groups-need-claim"),
    ({"groups_claim": "g", "groups": [{"group": "a", "roles": ["x"]}]}, "unknown-role"),
    ({"groups_claim": "g", "groups": [{"grp": "a"}]}, "invalid-request"),
    ({"default_department": "00000000-0000-4000-8000-000000000000"}, "unknown-department"),
    ({"admits_unknown": True}, "newcomers-need-place"),
    ({"client_secret": ""}, "invalid-request"),
    ({"code": "Company"}, "invalid-request"),
    ({"id": "00000000-0000-4000-8000-000000000000"}, "invalid-request"),
]


async def test_what_is_no_provider_is_refused(office: Office) -> None:
    for fields, expected in REFUSED:
        answer = await office.admin.post(PATH, json=DRAFT | fields)
        assert problem(answer) == (422, expected), fields
    assert made(await office.admin.get(PATH))["items"] == []


async def test_what_can_be_no_id_is_not_found_whatever_is_asked_of_it(office: Office) -> None:
    path = f"{PATH}/keycloak"
    for asked in (
        office.admin.get(path), office.admin.patch(path, json={"name": "K"}),
        office.admin.delete(path),
    ):  # fmt: skip
        assert problem(await asked) == (404, "not-found")


async def test_a_code_is_of_one_provider(office: Office) -> None:
    made(await office.admin.post(PATH, json=DRAFT))
    again = await office.admin.post(PATH, json=DRAFT)
    assert problem(again) == (409, "provider-code-taken")
    other = made(await office.admin.post(PATH, json=DRAFT | {"code": "other"}))
    taken = await office.admin.patch(f"{PATH}/{other['id']}", json={"code": "company"})
    assert problem(taken) == (409, "provider-code-taken")


async def test_who_holds_less_than_everything_trusts_no_provider(office: Office) -> None:
    """Whoever controls a provider can sign in there as anybody, and so as an administrator."""
    rights = {"identity-providers:read": "all", "identity-providers:write": "all"}
    role = {"code": "doorkeeper", "name": "D", "permissions": rights}
    made(await office.admin.post("/v1/roles", json=role))
    _, keeper = await office.employed("doorkeeper")
    assert problem(await keeper.post(PATH, json=DRAFT)) == (422, "more-than-one-holds")
    provider = made(await office.admin.post(PATH, json=DRAFT))
    path = f"{PATH}/{provider['id']}"
    elsewhere = {"issuer": "https://login.example.com"}
    assert problem(await keeper.patch(path, json=elsewhere)) == (422, "more-than-one-holds")
    assert made(await keeper.get(path)) == provider
    _, manager = await office.employed("manager")
    for refused in (
        manager.get(PATH), manager.get(path), manager.post(PATH, json=DRAFT),
        manager.patch(path, json={}), manager.delete(path),
    ):  # fmt: skip
        assert problem(await refused) == (403, "forbidden")


async def test_a_provider_that_names_a_retired_role_can_still_be_changed(office: Office) -> None:
    role = {"code": "dispatcher", "name": "D", "permissions": {"deals:read": "own"}}
    role = made(await office.admin.post("/v1/roles", json=role))
    rules = [{"group": "Dispatch", "roles": ["dispatcher"]}]
    mapped = DRAFT | {"groups_claim": "groups", "groups": rules}
    path = f"{PATH}/{made(await office.admin.post(PATH, json=mapped))['id']}"
    made(await office.admin.patch(f"/v1/roles/{role['id']}", json={"is_active": False}))
    assert not made(await office.admin.patch(path, json={"is_active": False}))["is_active"]
    again = await office.admin.post(PATH, json=mapped | {"code": "other"})
    assert problem(again) == (422, "unknown-role")
