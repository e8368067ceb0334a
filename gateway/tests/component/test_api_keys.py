"""API keys: what programs come in with, how far it reaches, and how it ends."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.database import Connection
from chassis.identity import IdentityVerifier
from gateway.testing.offices import Office, made
from gateway.testing.processes import Gateway
from gateway.testing.upstreams import Upstream

_PATIENCE_SECONDS = 60


async def issued(client: httpx.AsyncClient, *scopes: str, **fields: Any) -> dict[str, Any]:
    draft = {"name": "1С:Предприятие", "scopes": scopes or ("people:read", "tenant:read")}
    return made(await client.post("/v1/api-keys", json=draft | fields))


async def refused(client: httpx.AsyncClient) -> None:
    """Wait until the client's key does not hold any more."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while (await client.get("/v1/me")).status_code != 401:
        assert time.monotonic() < until, "the key still holds"
        await asyncio.sleep(0.05)


async def test_a_program_comes_in_with_its_key_as_bearer_or_basic(
    office: Office, contacts: Upstream, gateway: Gateway
) -> None:
    answer = await office.admin.post(
        "/v1/api-keys", json={"name": "1С", "scopes": ["people:write", "people:read"]}
    )
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    key = answer.json()
    assert key["key"] == f"{key['api_key']['prefix']}_{key['secret']}"
    program = await office.client(key["key"])
    assert (await program.get("/v1/people")).status_code == 200
    basic = httpx.BasicAuth(key["api_key"]["id"], key["secret"])
    assert (await office.stranger.get("/v1/people", auth=basic)).status_code == 200
    verifier = IdentityVerifier(f"{gateway.url}/.well-known/jwks.json")
    for asked in contacts.asked:
        assert "authorization" not in asked.headers
        identity = await verifier.verify(asked.headers["meridian-identity"])
        assert identity.tenant == office.tenant
        assert identity.user == UUID(office.administrator["id"])
        assert identity.actor == f"key:{key['api_key']['id']}"
        assert identity.permissions == {"people:read": "all", "people:write": "all"}


@pytest.mark.parametrize("scope", ["users:write", "people:erase", "nothing:read"])
async def test_no_key_does_more_than_an_integrator(office: Office, scope: str) -> None:
    draft = {"name": "too much", "scopes": ["people:read", scope]}
    answer = await office.admin.post("/v1/api-keys", json=draft)
    assert (answer.status_code, answer.json()["field"]) == (422, "scopes")
    assert answer.json()["type"] == "urn:meridian:problem:scope-not-held"
    assert made(await office.admin.get("/v1/api-keys"))["items"] == []


async def test_a_key_does_what_its_user_may_do_at_that_time(office: Office) -> None:
    user, agent = await office.employed("agent")
    draft = {"name": "too much", "scopes": ["spend:write"]}
    assert (await agent.post("/v1/api-keys", json=draft)).status_code == 422
    key = await issued(agent, "deals:write", "people:read", "reports:read", "tenant:read")
    program = await office.client(key["key"])
    assert made(await program.get("/v1/me"))["permissions"] == {
        "deals:write": "own",
        "people:read": "department",
        "reports:read": "own",
        "tenant:read": "all",
    }
    path = f"/v1/users/{user['id']}"
    made(await office.admin.patch(path, json={"roles": ["analyst"]}))
    assert made(await program.get("/v1/me"))["permissions"] == {
        "people:read": "all",
        "reports:read": "all",
        "tenant:read": "all",
    }
    made(await office.admin.patch(path, json={"status": "disabled"}))
    assert (await program.get("/v1/me")).status_code == 401


async def test_a_program_makes_no_keys_and_ends_no_sessions(office: Office) -> None:
    key = await issued(office.admin, "users:read")
    program = await office.client(key["key"])
    draft = {"name": "more", "scopes": ["users:read"]}
    answers = [
        await program.post("/v1/api-keys", json=draft),
        await program.get("/v1/api-keys"),
        await program.delete(f"/v1/api-keys/{key['api_key']['id']}"),
        await program.get("/v1/sessions"),
        await program.delete(f"/v1/sessions/{uuid4()}"),
        await program.delete(f"/v1/users/{office.administrator['id']}/sessions"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 6


async def test_a_revoked_key_holds_no_longer_and_stays_in_the_list(office: Office) -> None:
    key = await issued(office.admin)
    program = await office.client(key["key"])
    assert (await program.get("/v1/me")).status_code == 200
    path = f"/v1/api-keys/{key['api_key']['id']}"
    assert made(await office.admin.delete(path))["revoked"] is not None
    assert (await program.get("/v1/me")).status_code == 401
    (listed,) = made(await office.admin.get("/v1/api-keys"))["items"]
    assert listed["revoked"] is not None
    assert key["secret"] not in str(listed)


async def test_what_another_gateway_revokes_is_felt_within_seconds(
    office: Office, database: Connection
) -> None:
    program = await office.client((await issued(office.admin))["key"])
    assert (await program.get("/v1/me")).status_code == 200
    await database.execute("update api_key set revoked = now() where tenant = $1", office.tenant)
    await refused(program)


async def test_people_see_and_revoke_their_own_keys_and_administrators_all(
    new_office: Callable[[], Awaitable[Office]],
) -> None:
    office, other = await new_office(), await new_office()
    _, agent = await office.employed("agent")
    own, foreign = await issued(agent), await issued(office.admin)
    listed = made(await agent.get("/v1/api-keys"))["items"]
    assert [key["id"] for key in listed] == [own["api_key"]["id"]]
    assert len(made(await office.admin.get("/v1/api-keys"))["items"]) == 2
    path = f"/v1/api-keys/{foreign['api_key']['id']}"
    assert (await agent.delete(path)).status_code == 404
    assert (await other.admin.delete(path)).status_code == 404
    assert (await office.admin.delete(f"/v1/api-keys/{own['api_key']['id']}")).status_code == 200


async def test_a_key_expires_after_a_year_or_when_told(
    office: Office, database: Connection
) -> None:
    now = datetime.now(UTC)
    key = await issued(office.admin)
    lasts = datetime.fromisoformat(key["api_key"]["expires"]) - now
    assert timedelta(days=364) < lasts < timedelta(days=366)
    for expires in (now, now + timedelta(days=3_000)):
        draft = {"name": "odd", "scopes": ["people:read"], "expires": expires.isoformat()}
        answer = await office.admin.post("/v1/api-keys", json=draft)
        assert (answer.status_code, answer.json()["field"]) == (422, "expires")
    program = await office.client(key["key"])
    await database.execute("update api_key set expires = now() where tenant = $1", office.tenant)
    assert (await program.get("/v1/me")).status_code == 401


async def test_secrets_are_kept_as_fingerprints_and_in_no_stored_answer(
    office: Office, database: Connection
) -> None:
    draft = {"name": "1С", "scopes": ["tenant:read"]}
    once = {"Idempotency-Key": "make-me-a-key"}
    first = made(await office.admin.post("/v1/api-keys", json=draft, headers=once))
    used = await office.client(first["key"])
    assert (await used.get("/v1/tenant")).status_code == 200
    again = made(await office.admin.post("/v1/api-keys", json=draft, headers=once))
    assert first["api_key"] == again["api_key"]
    assert first["secret"] != again["secret"]
    await refused(used)
    assert (await (await office.client(again["key"])).get("/v1/tenant")).status_code == 200
    rows = await database.fetch(
        """select row_to_json(api_key)::text as row from api_key where tenant = $1
           union all
           select convert_from(body, 'UTF8') from idempotency_key where tenant = $1""",
        office.tenant,
    )
    assert len(rows) == 2
    assert all(first["secret"] not in row["row"] for row in rows)
    assert all(again["secret"] not in row["row"] for row in rows)


async def test_the_last_use_is_written_now_and_then(office: Office, database: Connection) -> None:
    key = await issued(office.admin)
    assert key["api_key"]["last_used"] is None
    program = await office.client(key["key"])
    used = []
    for _ in range(2):
        assert (await program.get("/v1/me")).status_code == 200
        (listed,) = made(await office.admin.get("/v1/api-keys"))["items"]
        used.append(listed["last_used"])
        # Any commit makes the gateway ask again.
        await office.invited()
    assert used[0] is not None
    assert used[0] == used[1]
    await database.execute(
        "update api_key set last_used = last_used - interval '11 minutes' where tenant = $1",
        office.tenant,
    )
    assert (await program.get("/v1/me")).status_code == 200
    (listed,) = made(await office.admin.get("/v1/api-keys"))["items"]
    assert listed["last_used"] > used[0]


async def test_forged_keys_do_not_hold(office: Office) -> None:
    key = await issued(office.admin)
    other = await issued(office.admin)
    id, secret = key["api_key"]["id"], key["secret"]
    for token in ("mk_", "mk_x_y", f"mk_{uuid4().hex}_{secret}", key["api_key"]["prefix"]):
        answer = await (await office.client(token)).get("/v1/me")
        assert (answer.status_code, token) == (401, token)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for pair in ((id, other["secret"]), (id, ""), ("anna", secret), (id, "й")):
        auth = httpx.BasicAuth(*pair)
        assert (await office.stranger.get("/v1/me", auth=auth)).status_code == 401
    garbled = {"Authorization": "Basic ???"}
    assert (await office.stranger.get("/v1/me", headers=garbled)).status_code == 401
