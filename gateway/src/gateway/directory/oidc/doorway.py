"""Signing in through a provider: out to it, and back with what it says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from chassis.identity import system_identity
from chassis.problems import NotFound
from chassis.telemetry import traceparent
from chassis.transactions import Cause, Transactions, now
from gateway.directory.oidc import sign_in as rules
from gateway.directory.oidc import store
from gateway.directory.oidc.remote import Remote, Tokens
from gateway.directory.oidc.sign_in import (
    LIFETIME,
    BeginSignIn,
    Begun,
    CompleteSignIn,
    SignInBegun,
)
from gateway.directory.oidc.token import (
    Expected,
    SignInNotValid,
    claims_in,
    person_in,
    signed_with,
)
from gateway.directory.oidc.use_cases import recognise
from gateway.directory.sessions.session import SignedIn, Visitor
from gateway.directory.sessions.use_cases import Reception
from gateway.edge.routing import GATEWAY

log = logging.getLogger(__name__)


class Doorway:
    """Sends people to their provider; `page` is where it sends them back to."""

    def __init__(
        self, transactions: Transactions, remote: Remote, reception: Reception, page: str
    ) -> None:
        self._transactions = transactions
        self._remote = remote
        self._reception = reception
        self._page = page

    async def begin(self, asked: BeginSignIn) -> tuple[SignInBegun, str]:
        """(where to go, the secret that this browser keeps); raises `ProviderAway`."""
        database = self._transactions.database
        provider = await store.named(database, asked.tenant, asked.provider)
        if provider is None:
            raise NotFound("there is no such tenant, or no such provider in use")
        metadata = await self._remote.metadata(provider.draft.issuer)
        made, at = rules.new_secrets(), now()
        await store.begin(database, provider.id, made, at, at + LIFETIME)
        begun = SignInBegun(
            authorization_url=rules.authorization_url(
                metadata.authorization_endpoint, provider, made, self._page
            ),
            expires_in=int(LIFETIME.total_seconds()),
        )
        return begun, made.browser

    async def complete(
        self, answer: CompleteSignIn, browser: str | None, visitor: Visitor
    ) -> SignedIn:
        """A new session, as a password opens it.

        Raises `SignInNotValid` for a sign-in that this browser has not begun, or that
        has been completed or taken too long, and for what the provider does not vouch
        for; `ProviderAway` and `ProviderRefuses`; `NobodyByProvider` and `NoRoleByGroups`.
        """
        begun = await store.take(self._transactions.database, answer.state, browser or "")
        if begun is None:
            raise SignInNotValid("it was not begun in this browser, or is over: begin anew")
        provider = begun.provider
        try:
            claims = await self._claims(begun, answer)
            person = person_in(claims, provider.draft.groups_claim)
        except SignInNotValid as problem:
            about = {"tenant": provider.tenant, "provider": provider.id}
            log.warning("a sign-in does not hold: %s", problem, extra=about)
            raise
        identity = system_identity(provider.tenant, GATEWAY)
        cause = Cause(reason=f"signed in through {provider.draft.code}", traceparent=traceparent())
        async with self._transactions.begin(identity, cause) as transaction:
            user = await recognise(transaction, provider, person)
        return await self._reception.admit(provider.tenant, user, visitor)

    async def _claims(self, begun: Begun, answer: CompleteSignIn) -> Mapping[str, Any]:
        """What the provider says of who has come back; what it has signed counts more."""
        draft = begun.provider.draft
        metadata = await self._remote.metadata(draft.issuer)
        if answer.iss not in (None, draft.issuer) or (
            answer.iss is None and metadata.authorization_response_iss_parameter_supported
        ):
            raise SignInNotValid("another provider has answered")
        tokens = await self._remote.redeem(begun, answer.code, self._page)
        id, algorithm = signed_with(tokens.id_token)
        key = await self._remote.key(draft.issuer, id, algorithm)
        expected = Expected(draft.issuer, draft.client_id, begun.nonce, begun.at)
        signed = claims_in(tokens.id_token, key, expected)
        wanted = {"email", "email_verified", draft.groups_claim or "email"}
        if wanted <= signed.keys():
            return signed
        return await self._told(draft.issuer, tokens, signed)

    async def _told(
        self, issuer: str, tokens: Tokens, signed: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        told = await self._remote.userinfo(issuer, tokens.access_token)
        if told and told.get("sub") != signed["sub"]:
            raise SignInNotValid("the provider tells of somebody else")
        return {**told, **signed}
