"""What is asked of identity providers over HTTP: bounded in time and size, nothing twice at once.

What providers publish (where they are asked what, and their keys) is remembered for
each issuer. A signature by a key that is not known yet has the keys fetched anew, by
one for all who wait, and not again within a pause: nobody makes us hammer a provider.
"""

from __future__ import annotations

import asyncio
import logging
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote_plus

import aiohttp
import jwt
import msgspec

from chassis.problems import Unavailable
from gateway.directory.oidc.provider import Provider, is_address
from gateway.directory.oidc.sign_in import Begun
from gateway.directory.oidc.token import SignInNotValid, key_for
from gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

Value = TypeVar("Value")
Asked = Callable[[], Awaitable[Value]]

_MOST_BYTES = 256 * 1024
"""Of one answer; the discovery documents and keys of the large providers have a tenth of it."""

_REMEMBERED = 1_000
"""Issuers."""

_BASIC = "client_secret_basic"


class ProviderAway(Unavailable):
    title = "The identity provider does not answer as it should"


class ProviderRefuses(Unavailable):
    title = "The identity provider refuses this installation"


class Metadata(msgspec.Struct, kw_only=True):
    """What of a discovery document is needed here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = (_BASIC,)
    authorization_response_iss_parameter_supported: bool = False

    def addresses(self) -> list[str]:
        found = [self.authorization_endpoint, self.token_endpoint, self.jwks_uri]
        return found if self.userinfo_endpoint is None else [*found, self.userinfo_endpoint]


class Tokens(msgspec.Struct):
    """What a code is exchanged for."""

    id_token: str
    access_token: str


class _Keys(msgspec.Struct):
    keys: list[dict[str, Any]]


class _Refusal(msgspec.Struct):
    error: str = ""


class Remembered(Generic[Value]):
    """What `ask` answers, for `seconds`; it is asked once for all who wait."""

    def __init__(self, ask: Asked[Value], seconds: float, pause_seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._pause_seconds = pause_seconds
        self._value: Value | None = None
        self._asked_at = 0.0
        self._asking: asyncio.Task[Value] | None = None

    async def get(self) -> Value:
        """What is known, if it is fresh enough; raises what `ask` raises."""
        if self._value is not None and self._age() < self._seconds:
            return self._value
        return await self._together()

    async def anew(self) -> Value:
        """What is asked now, unless it was within the pause; raises what `ask` raises."""
        if self._value is not None and self._asking is None and self._age() < self._pause_seconds:
            return self._value
        return await self._together()

    def _age(self) -> float:
        return time.monotonic() - self._asked_at

    async def _together(self) -> Value:
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_now())
        return await asyncio.shield(self._asking)

    async def _ask_now(self) -> Value:
        try:
            self._value = await self._ask()
            self._asked_at = time.monotonic()
            return self._value
        finally:
            self._asking = None


@dataclass(frozen=True, slots=True)
class _Issuer:
    metadata: Remembered[Metadata]
    keys: Remembered[list[dict[str, Any]]]


class Remote:
    """Asks providers, each time for `oidc_seconds` at the most."""

    def __init__(self, session: aiohttp.ClientSession, settings: GatewaySettings) -> None:
        self._session = session
        self._settings = settings
        self._issuers: dict[str, _Issuer] = {}

    async def metadata(self, issuer: str) -> Metadata:
        """Where the issuer is asked what; raises `ProviderAway`."""
        return await self._issuer(issuer).metadata.get()

    async def key(self, issuer: str, id: str | None, algorithm: str) -> jwt.PyJWK:
        """A key of the issuer; `SignInNotValid` where it publishes none such, `ProviderAway`."""
        keys = self._issuer(issuer).keys
        found = key_for(await keys.get(), id, algorithm)
        if found is None:
            found = key_for(await keys.anew(), id, algorithm)
        if found is None:
            raise SignInNotValid("the ID token is signed by an unknown key")
        return found

    async def redeem(self, begun: Begun, code: str, page: str) -> Tokens:
        """The tokens for a code, which is good once.

        Raises `SignInNotValid` for a code that does not hold, `ProviderRefuses` where
        the provider does not take the client, and `ProviderAway`.
        """
        provider = begun.provider
        metadata = await self.metadata(provider.draft.issuer)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": page,
            "code_verifier": begun.verifier,
        }
        headers = _authenticated(provider, metadata, form)
        status, body = await self._ask(
            "POST", metadata.token_endpoint, provider.draft.issuer, headers=headers, data=form
        )
        if status in (400, 401):
            raise _refusal(provider, body)
        return _read(provider.draft.issuer, status, body, Tokens)

    async def userinfo(self, issuer: str, token: str) -> Mapping[str, Any]:
        """What the issuer tells of the holder of an access token; nothing where it tells nobody."""
        metadata = await self.metadata(issuer)
        if metadata.userinfo_endpoint is None:
            return {}
        headers = {"Authorization": f"Bearer {token}"}
        status, body = await self._ask("GET", metadata.userinfo_endpoint, issuer, headers=headers)
        return _read(issuer, status, body, dict[str, Any])

    def _issuer(self, issuer: str) -> _Issuer:
        known = self._issuers.get(issuer)
        if known is None:
            if len(self._issuers) >= _REMEMBERED:
                del self._issuers[next(iter(self._issuers))]
            seconds, pause = self._settings.oidc_keys_seconds, self._settings.oidc_pause_seconds
            known = self._issuers[issuer] = _Issuer(
                Remembered(lambda: self._discover(issuer), seconds, pause),
                Remembered(lambda: self._fetch_keys(issuer), seconds, pause),
            )
        return known

    async def _discover(self, issuer: str) -> Metadata:
        address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        status, body = await self._ask("GET", address, issuer)
        metadata = _read(issuer, status, body, Metadata)
        if metadata.issuer != issuer:
            raise _away(issuer, "it calls itself another issuer")
        loopback = self._settings.oidc_loopback
        if not all(is_address(one, loopback=loopback) for one in metadata.addresses()):
            raise _away(issuer, "it is asked at an address that is not https")
        return metadata

    async def _fetch_keys(self, issuer: str) -> list[dict[str, Any]]:
        metadata = await self.metadata(issuer)
        status, body = await self._ask("GET", metadata.jwks_uri, issuer)
        return _read(issuer, status, body, _Keys).keys

    async def _ask(
        self, method: str, address: str, issuer: str, **more: Any
    ) -> tuple[int, bytearray]:
        body = bytearray()
        try:
            async with self._session.request(
                method, address, allow_redirects=False, **more
            ) as answer:
                async for piece in answer.content.iter_any():
                    body += piece
                    if len(body) > _MOST_BYTES:
                        raise _away(issuer, "it answers too much")
                return answer.status, body
        except (aiohttp.ClientError, OSError, ValueError) as error:
            log.warning("an identity provider cannot be asked: %r", error)
            raise _away(issuer, "it cannot be reached, or not in time") from error


@asynccontextmanager
async def asking_providers(settings: GatewaySettings) -> AsyncIterator[Remote]:
    """What asks providers, for the length of the block."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=settings.oidc_seconds),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        # What is packed could unpack to more than it may be.
        auto_decompress=False,
    ) as session:
        yield Remote(session, settings)


def _authenticated(provider: Provider, metadata: Metadata, form: dict[str, str]) -> dict[str, str]:
    """The headers that prove who asks for tokens; what proves it in the form is put there."""
    client, secret = provider.draft.client_id, provider.draft.client_secret
    # What a client is registered for, unless somebody asked for something else.
    if secret is not None and _BASIC in metadata.token_endpoint_auth_methods_supported:
        pair = f"{quote_plus(client)}:{quote_plus(secret)}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    form["client_id"] = client
    if secret is not None:
        form["client_secret"] = secret
    return {}


def _read(issuer: str, status: int, body: bytearray, type_: type[Value]) -> Value:
    if status != 200:
        raise _away(issuer, f"it answers {status}")
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _away(issuer, "its answer is not what is to be expected") from error


def _refusal(provider: Provider, body: bytearray) -> SignInNotValid | ProviderRefuses:
    try:
        error = msgspec.json.decode(body, type=_Refusal).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        error = ""
    if error == "invalid_grant":
        return SignInNotValid("the provider does not take this code: begin anew")
    about = {"provider": provider.id, "error": error[:100]}
    log.warning("an identity provider refuses the client", extra=about)
    return ProviderRefuses("an administrator looks at the client's id and secret", retry_after=60)


def _away(issuer: str, why: str) -> ProviderAway:
    log.warning("%s: %s", issuer, why)
    return ProviderAway(why, retry_after=5)
