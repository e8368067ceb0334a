"""Signing in, accepting invitations, and what becomes of those who may no longer come in."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import httpx
import jwt
import pytest

from chassis.database import Connection
from chassis.identity import Identity, claims_of
from gateway.directory.keys.signing_key import SigningKey
from gateway.directory.sessions import session as sessions
from gateway.directory.sessions.session import Session
from gateway.testing.offices import PASSWORD, Office, made


@pytest.fixture
async def key(database: Connection) -> SigningKey:
    """The gateway's own signing key."""
    row = await database.fetchrow(
        "select id, private_key from signing_key where signs_from <= now() order by serial desc"
    )
    assert row is not None
    return SigningKey(row["id"], row["private_key"])


async def session_of(office: Office, *, expires_in: int = 600) -> Session:
    id, user = made(await office.sign_in("anna"))["session"], office.administrator["id"]
    return Session(UUID(id), office.tenant, UUID(user), int(time.time()) + expires_in)


async def test_an_invited_user_chooses_a_password_and_signs_in(
    office: Office, database: Connection
) -> None:
    invited = await office.invited("agent", login="Пётр")
    accepted = await office.accept(invited["invitation"])
    assert (accepted.status_code, accepted.json()["status"]) == (200, "active")
    answer = await office.sign_in("пЁтр")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert body["user"]["id"] == invited["user"]["id"]
    actors = await database.fetch(
        "select body ->> 'actor' as actor from journal where subject = $1 and version = 2",
        UUID(invited["user"]["id"]),
    )
    assert [row["actor"] for row in actors] == [invited["user"]["id"]]


async def test_an_invitation_holds_once(office: Office) -> None:
    token = (await office.invited())["invitation"]
    answers = await asyncio.gather(*(office.accept(token) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422]


async def test_an_invitation_expires(office: Office, database: Connection) -> None:
    token = (await office.invited())["invitation"]
    left = await database.fetchval(
        "select expires - now() from invitation where tenant = $1", office.tenant
    )
    assert 13.9 < left.total_seconds() / 86_400 < 14
    await database.execute("update invitation set expires = now() where tenant = $1", office.tenant)
    refused = await office.accept(token)
    assert refused.json()["type"] == "urn:meridian:problem:invitation-not-valid"


async def test_a_short_password_does_not_use_the_invitation_up(office: Office) -> None:
    token = (await office.invited())["invitation"]
    short = await office.accept(token, "123456789")
    assert (short.status_code, short.json()["field"]) == (422, "password")
    assert (await office.accept(token)).status_code == 200


async def test_an_easy_password_does_not_use_the_invitation_up(office: Office) -> None:
    token = (await office.invited())["invitation"]
    easy = await office.accept(token, "password12345")
    assert (easy.status_code, easy.json()["field"]) == (422, "password")
    assert easy.json()["type"] == "urn:meridian:problem:password-too-easy"
    assert (await office.accept(token)).status_code == 200


async def test_a_new_invitation_replaces_the_password(office: Office) -> None:
    user, _ = await office.employed()
    issued = made(await office.admin.post(f"/v1/users/{user['id']}/invitation"))
    assert (await office.sign_in(user["login"])).status_code == 201
    await office.accept(issued["invitation"], "quite another one")
    assert (await office.sign_in(user["login"])).status_code == 401
    assert (await office.sign_in(user["login"], "quite another one")).status_code == 201


async def test_whatever_is_wrong_the_answer_is_the_same(office: Office) -> None:
    invited = await office.invited(login="invited")
    answers = [
        await office.sign_in("anna", "wrong password"),
        await office.sign_in("nobody"),
        await office.sign_in(invited["user"]["login"]),
        await office.stranger.post(
            "/v1/sessions", json={"tenant": "nowhere", "login": "anna", "password": PASSWORD}
        ),
    ]
    bodies = [{**answer.json(), "traceId": None} for answer in answers]
    assert {answer.status_code for answer in answers} == {401}
    assert all(body == bodies[0] for body in bodies)


async def test_guessing_is_slowed_down_and_others_are_not(
    new_office: Callable[[], Awaitable[Office]],
) -> None:
    office, other = await new_office(), await new_office()
    guesses = [(await office.sign_in("Anna", f"guess {n}")).status_code for n in range(5)]
    assert guesses == [401] * 4 + [429]
    refused = await office.sign_in("anna")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert (await other.sign_in("anna")).status_code == 201


async def test_a_login_of_nobody_is_slowed_down_alike(office: Office) -> None:
    guesses = [(await office.sign_in("nobody", f"guess {n}")).status_code for n in range(5)]
    assert guesses == [401] * 4 + [429]


async def test_a_request_without_a_token_is_told_how(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/v1/me")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_an_expired_token_says_so(office: Office, key: SigningKey) -> None:
    expired = key.sign(sessions.claims_of(await session_of(office, expires_in=-1)))
    answer = await (await office.client(expired)).get("/v1/me")
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:meridian:problem:token-expired"


async def test_a_token_that_was_good_expires_too(office: Office, key: SigningKey) -> None:
    session = await session_of(office, expires_in=5)
    client = await office.client(key.sign(sessions.claims_of(session)))
    assert (await client.get("/v1/me")).status_code == 200
    await asyncio.sleep(5.1)
    answer = await client.get("/v1/me")
    assert answer.json()["type"] == "urn:meridian:problem:token-expired"


async def test_forged_tokens_do_not_hold(office: Office, key: SigningKey) -> None:
    claims = sessions.claims_of(await session_of(office))
    other = SigningKey(key.id, b"x" * 32)
    tokens = [
        "nonsense",
        "a.b.c",
        other.sign(claims),
        SigningKey("unknown", b"x" * 32).sign(claims),
        jwt.encode(claims, "", algorithm="none", headers={"kid": key.id}),
        jwt.encode(claims, "k" * 32, algorithm="HS256", headers={"kid": key.id}),
        key.sign({name: value for name, value in claims.items() if name != "exp"}),
        key.sign({name: value for name, value in claims.items() if name != "tid"}),
        key.sign(claims | {"uid": str(uuid4())}),
        key.sign(claims | {"tid": str(uuid4())}),
        key.sign(claims | {"sid": str(uuid4())}),
    ]
    for token in tokens:
        answer = await (await office.client(token)).get("/v1/me")
        assert answer.status_code == 401, token
        assert answer.json()["type"] == "urn:meridian:problem:unauthenticated"


async def test_an_identity_is_no_access_token(office: Office, key: SigningKey) -> None:
    user = UUID(office.administrator["id"])
    identity = Identity(office.tenant, user, str(user), None, (), {"users:read": "all"})
    token = key.sign(claims_of(identity, 60))
    assert (await (await office.client(token)).get("/v1/users")).status_code == 401


async def test_an_access_token_is_no_identity(office: Office, stranger: httpx.AsyncClient) -> None:
    token = made(await office.sign_in("anna"))["access_token"]
    answer = await stranger.get("/v1/users", headers={"Meridian-Identity": token})
    assert answer.status_code == 401


async def test_a_disabled_user_is_out_within_seconds_and_may_come_back(office: Office) -> None:
    user, agent = await office.employed()
    path = f"/v1/users/{user['id']}"
    assert (await agent.get("/v1/me")).status_code == 200
    assert (await office.admin.patch(path, json={"status": "disabled"})).status_code == 200
    assert (await agent.get("/v1/me")).status_code == 401
    assert (await office.sign_in(user["login"])).status_code == 401
    assert (await office.admin.post(f"{path}/invitation")).status_code == 422
    assert (await office.admin.patch(path, json={"status": "active"})).status_code == 200
    assert (await agent.get("/v1/me")).status_code == 200


async def test_a_change_of_roles_is_seen_at_once(office: Office) -> None:
    user, agent = await office.employed("agent")
    assert "reports:read" in made(await agent.get("/v1/me"))["permissions"]
    await office.admin.patch(f"/v1/users/{user['id']}", json={"roles": ["operator"]})
    assert "reports:read" not in made(await agent.get("/v1/me"))["permissions"]


async def test_the_published_keys_verify_and_reveal_nothing(
    stranger: httpx.AsyncClient, key: SigningKey
) -> None:
    published = made(await stranger.get("/.well-known/jwks.json"))["keys"]
    assert published == [key.public()]
    assert "d" not in published[0]
    claims = jwt.decode(
        key.sign({"aud": "x"}), jwt.PyJWK(published[0]), algorithms=["EdDSA"], audience="x"
    )
    assert claims == {"aud": "x"}
