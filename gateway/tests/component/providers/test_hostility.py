"""What a provider says is believed only where it holds; it keeps nobody waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.utils import base64url_encode

from chassis.problems import Problem
from cli.local.ports import any_ports
from gateway.directory.oidc.remote import Remembered, Remote, asking_providers
from gateway.settings import GatewaySettings
from gateway.testing.hostile_provider import DISCOVERY, HostileProvider, serving_hostility
from gateway.testing.identity_provider import CLIENT_ID
from gateway.testing.offices import Office, made
from gateway.testing.providers import travelling

NOT_VALID = (401, "sign-in-not-valid")
AWAY = (503, "provider-away")


@pytest.fixture
async def provider() -> AsyncIterator[HostileProvider]:
    async with serving_hostility(any_ports(["hostile"])["hostile"]) as provider:
        yield provider


@pytest.fixture
async def office(office: Office, provider: HostileProvider) -> Office:
    """An office that trusts the hostile provider, and lets in everybody as an agent."""
    draft = {
        "code": "hostile", "name": "H", "issuer": provider.issuer, "client_id": CLIENT_ID,
        "groups_claim": "groups", "groups": [{"group": "all", "roles": ["agent"]}],
        "default_department": office.root, "admits_unknown": True,
    }  # fmt: skip
    made(await office.admin.post("/v1/identity-providers", json=draft))
    provider.claims["groups"] = ["all"]
    return office


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    async with asking_providers(_settings(oidc_seconds=60)) as remote:
        yield remote


def _settings(**fields: Any) -> GatewaySettings:
    return GatewaySettings(database_url="postgresql://nowhere", oidc_loopback=True, **fields)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def came(office: Office, provider: HostileProvider, **more: str) -> httpx.Response:
    traveller = await travelling(office, "hostile")
    return await traveller.completed(provider.returned(traveller.address) | more)


async def test_what_is_true_is_believed(office: Office, provider: HostileProvider) -> None:
    assert made(await came(office, provider, iss=provider.issuer))["user"]["roles"] == ["agent"]


LIES: list[dict[str, Any]] = [
    {"aud": "another client"},
    {"aud": [CLIENT_ID, "another client"]},
    {"aud": [CLIENT_ID, "another client"], "azp": "another client"},
    {"azp": "another client"},
    {"aud": None},
    {"iss": "https://login.example.org"},
    {"iss": None},
    {"nonce": None},
    {"nonce": "of another sign-in"},
    {"nonce": 1},
    {"sub": None},
    {"sub": ""},
    {"sub": "x" * 256},
    {"sub": "a\x00b"},
    {"exp": 1_700_000_000},
    {"exp": None},
    {"exp": float("inf")},
    {"iat": None},
    {"iat": 1_700_000_000},
    {"iat": 4_000_000_000},
    {"iat": "soon"},
    {"nbf": 4_000_000_000},
]


async def test_a_token_that_does_not_answer_this_sign_in_is_refused(
    office: Office, provider: HostileProvider
) -> None:
    true, believed = dict(provider.claims), []
    for lie in LIES:
        provider.claims = true | lie
        answer = await came(office, provider)
        if answer.is_success or problem(answer) != NOT_VALID:
            believed.append((lie, answer.text))
    assert believed == []


def _unsigned(provider: HostileProvider) -> Callable[[dict[str, Any]], str]:
    return lambda claims: jwt.encode(claims, "", "none", {"kid": provider.kid})


def _with_the_public_key(provider: HostileProvider) -> Callable[[dict[str, Any]], str]:
    """Signed with what everybody knows, as if it were a secret: the library would refuse to."""
    secret = provider.public_pem()
    hmac = jwt.get_algorithm_by_name("HS256")

    def sign(claims: dict[str, Any]) -> str:
        _, body, _ = provider.signed(claims).split(".")
        header = base64url_encode(b'{"alg":"HS256","kid":"first","typ":"JWT"}').decode()
        signature = hmac.sign(f"{header}.{body}".encode(), secret)
        return f"{header}.{body}.{base64url_encode(signature).decode()}"

    return sign


def _with_another_key(provider: HostileProvider) -> Callable[[dict[str, Any]], str]:
    other = rsa.generate_private_key(65537, 2048)
    return lambda claims: jwt.encode(claims, other, "RS256", {"kid": provider.kid})


def _garbage(_: HostileProvider) -> Callable[[dict[str, Any]], str]:
    return lambda _: "a.b.c"


async def test_a_token_that_the_provider_has_not_signed_is_refused(
    office: Office, provider: HostileProvider
) -> None:
    for signing in (_unsigned, _with_the_public_key, _with_another_key, _garbage):
        provider.sign = signing(provider)
        assert problem(await came(office, provider)) == NOT_VALID, signing.__name__


@pytest.mark.parametrize(
    ("secret", "methods", "header", "in_form"),
    [
        ("a b:ü", None, "Basic bWVyaWRpYW46YStiJTNBJUMzJUJD", None),
        ("a b:ü", ["client_secret_post", "private_key_jwt"], None, "a b:ü"),
        (None, ["none"], None, None),
    ],
)
async def test_a_client_proves_who_it_is_as_the_provider_asks(
    office: Office,
    provider: HostileProvider,
    secret: str | None,
    methods: list[str] | None,
    header: str | None,
    in_form: str | None,
) -> None:
    if methods is not None:
        provider.metadata["token_endpoint_auth_methods_supported"] = methods
    listed = made(await office.admin.get("/v1/identity-providers"))["items"]
    path = f"/v1/identity-providers/{listed[0]['id']}"
    made(await office.admin.patch(path, json={"client_secret": secret}))
    made(await came(office, provider))
    authorization, form = provider.proofs[-1]
    assert (authorization, form.get("client_secret")) == (header, in_form)
    assert form.get("client_id") == (CLIENT_ID if header is None else None)
    assert len(form["code_verifier"]) >= 43


async def test_the_answer_of_another_provider_is_refused(
    office: Office, provider: HostileProvider
) -> None:
    assert problem(await came(office, provider, iss="https://other.example.org")) == NOT_VALID


async def test_an_address_that_is_not_verified_opens_nobodys_account(
    office: Office, provider: HostileProvider
) -> None:
    user, _ = await office.employed(email="eve@example.org")
    for said in (False, None, "true", 1):
        provider.claims |= {"email_verified": said, "sub": f"eve-{said}"}
        session = made(await came(office, provider))
        assert session["user"]["id"] != user["id"]
        assert session["user"]["email"] is None


async def test_a_person_is_taken_as_far_as_can_be_stored(
    office: Office, provider: HostileProvider
) -> None:
    provider.claims |= {
        "name": "a\x00b", "given_name": "\ud800", "family_name": "Петрова " * 100,
        "preferred_username": "two words", "email": "no address", "sub": "plain",
        "groups": ["all", None, 7, "a\x00b"],
    }  # fmt: skip
    user = made(await came(office, provider))["user"]
    assert (user["login"], user["email"]) == ("plain", None)
    assert user["name"].startswith("Петрова Петрова")


NO_ANSWERS = {
    "nested": web.Response(body=b'{"keys":' + b"[" * 200_000),
    "large": web.Response(body=b'{"keys":"' + b"x" * 1_000_000 + b'"}'),
    "no JSON": web.Response(body=b"<html>"),
    "failing": web.Response(status=500),
    "redirecting": web.Response(status=302, headers={"Location": "/elsewhere"}),
}


async def test_what_is_no_answer_is_the_providers_fault(
    office: Office, provider: HostileProvider
) -> None:
    asked = {"tenant": office.slug, "provider": "hostile"}
    for path in (DISCOVERY, "/keys", "/token"):
        for answer in NO_ANSWERS.values():
            provider.answers = {path: answer}
            if path == DISCOVERY:
                refused = await office.stranger.post("/v1/sign-ins", json=asked)
            else:
                refused = await came(office, provider)
            assert problem(refused) == AWAY
            assert int(refused.headers["Retry-After"]) > 0
    assert "/elsewhere" not in provider.asked
    provider.answers = {}
    made(await came(office, provider))


async def refused_by(remote: Remote, issuer: str) -> str:
    with pytest.raises(Problem) as refusal:
        await remote.metadata(issuer)
    return refusal.value.name


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://login.example.org"},
        {"issuer": "http://127.0.0.1:1/"},
        {"token_endpoint": "http://example.org/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "http://127.0.0.1.example.org/"},
        {"token_endpoint": None},
    ],
    ids=str,
)
async def test_a_document_of_another_issuer_or_of_open_addresses_is_refused(
    remote: Remote, provider: HostileProvider, said: dict[str, Any]
) -> None:
    provider.metadata |= said
    assert await refused_by(remote, provider.issuer) == "provider-away"


async def test_whoever_does_not_answer_keeps_nobody_waiting(provider: HostileProvider) -> None:
    provider.holds_back.add(DISCOVERY)
    async with asking_providers(_settings(oidc_seconds=0.2)) as remote:
        asked = [refused_by(remote, provider.issuer) for _ in range(10)]
        assert set(await asyncio.gather(*asked)) == {"provider-away"}
        # They all waited for one question, and the next one is asked anew.
        assert provider.asked[DISCOVERY] == 1
        provider.holds_back.clear()
        assert (await remote.metadata(provider.issuer)).issuer == provider.issuer


async def test_nobody_is_at_home(remote: Remote) -> None:
    port = any_ports(["nobody"])["nobody"]
    assert await refused_by(remote, f"http://127.0.0.1:{port}") == "provider-away"


async def test_tokens_of_unknown_keys_do_not_make_us_ask_again_and_again(
    provider: HostileProvider,
) -> None:
    async with asking_providers(_settings(oidc_pause_seconds=3_600)) as remote:
        assert (await remote.key(provider.issuer, "first", "RS256")).key_id == "first"
        for number in range(5):
            with pytest.raises(Problem):
                await remote.key(provider.issuer, f"unknown {number}", "RS256")
        assert provider.asked["/keys"] == 1


async def test_what_is_remembered_is_asked_again_when_it_is_old() -> None:
    answers = iter(range(10))

    async def ask() -> int:
        return next(answers)

    fresh, old = Remembered(ask, 3_600, 0), Remembered(ask, 0, 3_600)
    assert [await fresh.get(), await fresh.get(), await fresh.anew()] == [0, 0, 1]
    assert [await old.get(), await old.get(), await old.anew()] == [2, 3, 3]
