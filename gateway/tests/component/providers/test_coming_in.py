"""Signing in through a real provider: there, back, and what its groups give."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis.database import Connection
from cli.local.ports import any_ports
from gateway.testing.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProcess,
    providing_identities,
)
from gateway.testing.offices import Office, made
from gateway.testing.providers import Traveller, travelling

NOT_VALID = (401, "sign-in-not-valid")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProcess]:
    folder = tmp_path_factory.mktemp("provider")
    with providing_identities(any_ports(["provider"])["provider"], folder) as provider:
        yield provider


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def draft(office: Office, provider: IdentityProcess, **fields: Any) -> dict[str, Any]:
    """A provider that lets in whom it knows; sales are agents, and all others nobody."""
    return {
        "code": "company", "name": "Ромашка", "issuer": provider.issuer,
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        "groups_claim": "groups", "groups": [{"group": "Sales", "roles": ["agent"]}],
        "default_department": office.root, "admits_unknown": True,
    } | fields  # fmt: skip


async def trusted(office: Office, provider: IdentityProcess, **fields: Any) -> dict[str, Any]:
    body = draft(office, provider, **fields)
    return made(await office.admin.post("/v1/identity-providers", json=body))


def somebody() -> str:
    """A user name at the provider, which knows people of all tests."""
    return f"u{uuid4().hex[:12]}"


def seller(provider: IdentityProcess) -> str:
    """A new user at the provider, in the group that `draft` has a rule for."""
    name = somebody()
    provider.knows(name, "Sales", email=f"{name}@example.org")
    return name


async def came(office: Office, provider: IdentityProcess, name: str) -> httpx.Response:
    """The answer to whoever signs in as `name`, all the way."""
    traveller = await travelling(office, "company")
    return await traveller.completed(await provider.sign_in(traveller.address, name))


async def versions(office: Office, user: str) -> list[int]:
    told = made(await office.admin.get(f"/v1/users/{user}/history"))["items"]
    return [version["version"] for version in told]


async def test_who_is_unknown_comes_in_by_a_group_and_has_a_session_as_any(
    office: Office, company: IdentityProcess
) -> None:
    await trusted(office, company)
    name = seller(company)
    answer = await came(office, company, name)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    session = answer.json()
    client = await office.client(session["access_token"])
    me = made(await client.get("/v1/me"))
    assert (me["user"]["login"], me["user"]["email"]) == (f"{name}@example.org",) * 2
    assert (me["user"]["roles"], me["user"]["status"]) == (["agent"], "active")
    assert me["department"]["id"] == office.root
    refreshed = await office.stranger.post(
        "/v1/sessions/refresh", json={"refresh_token": session["refresh_token"]}
    )
    assert made(refreshed)["session"] == session["session"]
    # Who has no password cannot sign in with one, as anybody who has another.
    refused = await office.sign_in(f"{name}@example.org")
    assert problem(refused) == (401, "wrong-credentials")
    again = made(await came(office, company, name))
    assert again["user"] == session["user"]
    assert await versions(office, session["user"]["id"]) == [1]


async def test_who_is_known_by_a_verified_address_is_the_same_user_and_stays_it(
    office: Office, company: IdentityProcess
) -> None:
    await trusted(office, company, admits_unknown=False)
    name = somebody()
    user, _ = await office.employed("analyst", email=f"{name}@Example.org")
    invited = (await office.invited("analyst", email=f"{name}2@example.org"))["user"]
    for number, known in (("", user), ("2", invited)):
        company.knows(name + number, "Sales", email=f"{name}{number}@example.org")
        session = made(await came(office, company, name + number))
        assert session["user"]["id"] == known["id"]
        # What was given by hand stays.
        assert session["user"]["roles"] == ["analyst", "agent"]
        assert session["user"]["status"] == "active"
    moved = {"email": "elsewhere@example.org"}
    made(await office.admin.patch(f"/v1/users/{user['id']}", json=moved))
    assert made(await came(office, company, name))["user"]["id"] == user["id"]
    # The address is somebody else's at the provider now: that is another person.
    made(await office.admin.patch(f"/v1/users/{user['id']}", json={"email": f"{name}@example.org"}))
    other = somebody()
    company.knows(other, "Sales", email=f"{name}@example.org")
    assert problem(await came(office, company, other)) == (401, "nobody-by-provider")


async def test_who_is_unknown_or_disabled_stays_outside(
    office: Office, company: IdentityProcess
) -> None:
    await trusted(office, company, admits_unknown=False)
    stranger, leaver = somebody(), somebody()
    company.knows(stranger, "Sales", email=f"{stranger}@example.org")
    assert problem(await came(office, company, stranger)) == (401, "nobody-by-provider")
    user, _ = await office.employed(email=f"{leaver}@example.org")
    company.knows(leaver, "Sales", email=f"{leaver}@example.org")
    made(await came(office, company, leaver))
    made(await office.admin.patch(f"/v1/users/{user['id']}", json={"status": "disabled"}))
    assert problem(await came(office, company, leaver)) == (401, "nobody-by-provider")


async def test_groups_set_the_roles_that_they_name_with_one_event_and_without_a_change_none(
    office: Office, company: IdentityProcess, database: Connection
) -> None:
    south = await office.department("South")
    rules = [
        {"group": "Sales", "roles": ["agent"], "department": south["id"]},
        {"group": "Heads", "roles": ["manager"]},
    ]
    await trusted(office, company, groups=rules)
    name = seller(company)
    user = made(await came(office, company, name))["user"]
    assert (user["roles"], user["department"]) == (["agent"], south["id"])
    by_hand = {"roles": ["agent", "analyst"]}
    made(await office.admin.patch(f"/v1/users/{user['id']}", json=by_hand))
    company.knows(name, "Heads", "Chess", email=f"{name}@example.org")
    for _ in range(2):
        user = made(await came(office, company, name))["user"]
        assert user["roles"] == ["analyst", "manager"]
    assert await versions(office, user["id"]) == [3, 2, 1]
    told = made(await office.admin.get(f"/v1/users/{user['id']}/history"))["items"][0]
    assert told["reason"] == "signed in through company"
    secrets = await database.fetch(
        "select 1 from journal where tenant = $1 and body::text like '%' || $2 || '%'",
        office.tenant,
        CLIENT_SECRET,
    )
    assert secrets == []


async def test_who_is_left_without_a_role_is_refused(
    office: Office, company: IdentityProcess
) -> None:
    await trusted(office, company)
    name = somebody()
    company.knows(name, "Chess", email=f"{name}@example.org")
    assert problem(await came(office, company, name)) == (403, "no-role-by-groups")
    company.knows(name, "Sales", email=f"{name}@example.org")
    made(await came(office, company, name))
    company.knows(name, email=f"{name}@example.org")
    assert problem(await came(office, company, name)) == (403, "no-role-by-groups")


async def test_the_last_administrator_stays_one_whatever_the_groups_say(
    office: Office, company: IdentityProcess
) -> None:
    rules = [{"group": "Admins", "roles": ["administrator"]}, {"group": "All", "roles": ["agent"]}]
    await trusted(office, company, groups=rules)
    name = somebody()
    path = f"/v1/users/{office.administrator['id']}"
    made(await office.admin.patch(path, json={"email": f"{name}@example.org"}))
    company.knows(name, "All", email=f"{name}@example.org")
    answer = await came(office, company, name)
    assert problem(answer) == (422, "tenant-needs-administrator")


async def test_a_state_is_good_once_and_in_its_browser_only(
    office: Office, company: IdentityProcess
) -> None:
    await trusted(office, company)
    name = seller(company)
    mine, others = await travelling(office, "company"), await travelling(office, "company")
    answer = await company.sign_in(mine.address, name)
    assert problem(await mine.completed(answer | {"state": "guessed"})) == NOT_VALID
    for browser in (None, others.cookie, "__Host-meridian-sign-in="):
        stolen = Traveller(mine.address, browser, office)
        assert problem(await stolen.completed(answer)) == NOT_VALID
    made(await mine.completed(answer))
    assert problem(await mine.completed(answer)) == NOT_VALID
    # A code with somebody else's state: the provider knows that neither began the other.
    another = answer | {"state": others.state()}
    assert problem(await others.completed(another)) == NOT_VALID


async def test_a_code_of_one_sign_in_does_not_complete_another(
    office: Office, company: IdentityProcess
) -> None:
    await trusted(office, company)
    name = seller(company)
    victim, attacker = await travelling(office, "company"), await travelling(office, "company")
    stolen = await company.sign_in(victim.address, name)
    answer = await attacker.completed({"state": attacker.state(), "code": stolen["code"]})
    assert problem(answer) == NOT_VALID


async def test_a_sign_in_that_took_too_long_is_over(
    office: Office, company: IdentityProcess, database: Connection
) -> None:
    provider = await trusted(office, company)
    traveller = await travelling(office, "company")
    name = seller(company)
    answer = await company.sign_in(traveller.address, name)
    await database.execute(
        "update sign_in set expires = now() where provider = $1::uuid", provider["id"]
    )
    assert problem(await traveller.completed(answer)) == NOT_VALID


async def test_twenty_sign_ins_after_a_rotation_fetch_the_keys_once(
    office: Office, company: IdentityProcess
) -> None:
    await trusted(office, company)
    name = seller(company)
    made(await came(office, company, name))
    before = company.fetched_keys()
    company.rotate_keys()
    travellers = await asyncio.gather(*(travelling(office, "company") for _ in range(20)))
    back = [await company.sign_in(traveller.address, name) for traveller in travellers]
    sessions = await asyncio.gather(
        *(one.completed(answer) for one, answer in zip(travellers, back, strict=True))
    )
    assert [session.text for session in sessions if session.status_code != 201] == []
    assert company.fetched_keys() == before + 1


async def test_a_provider_that_was_changed_or_refuses_the_client_says_so(
    office: Office, company: IdentityProcess
) -> None:
    provider = await trusted(office, company, client_secret="no longer")
    name = seller(company)
    assert problem(await came(office, company, name)) == (503, "provider-refuses")
    path = f"/v1/identity-providers/{provider['id']}"
    traveller = await travelling(office, "company")
    made(await office.admin.patch(path, json={"client_secret": CLIENT_SECRET}))
    answer = await company.sign_in(traveller.address, name)
    assert problem(await traveller.completed(answer)) == NOT_VALID
    assert (await came(office, company, name)).status_code == 201
    made(await office.admin.patch(path, json={"is_active": False}))
    asked = {"tenant": office.slug, "provider": "company"}
    assert problem(await office.stranger.post("/v1/sign-ins", json=asked)) == (404, "not-found")


async def test_a_provider_is_of_one_tenant(
    new_office: Callable[[], Awaitable[Office]], company: IdentityProcess
) -> None:
    here, there = await new_office(), await new_office()
    provider = await trusted(here, company)
    for slug, code in ((there.slug, "company"), ("nobodys", "company"), (here.slug, "other")):
        answer = await here.stranger.post("/v1/sign-ins", json={"tenant": slug, "provider": code})
        assert problem(answer) == (404, "not-found")
    path = f"/v1/identity-providers/{provider['id']}"
    for asked in (
        there.admin.get(path), there.admin.patch(path, json={"name": "mine"}),
        there.admin.delete(path),
    ):  # fmt: skip
        assert problem(await asked) == (404, "not-found")
    assert made(await there.admin.get("/v1/identity-providers"))["items"] == []
    # The same person at the same issuer is another user in each.
    await trusted(there, company)
    name = seller(company)
    users = {made(await came(office, company, name))["user"]["id"] for office in (here, there)}
    assert len(users) == 2
