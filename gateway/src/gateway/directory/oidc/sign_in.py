"""What signing in through a provider is: there with a state, and back with a code, once.

The state, the nonce and the code verifier (PKCE) are secrets of one sign-in; the
browser that began it keeps another one in a cookie, and only there it ends.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta, Struct

from gateway.directory.oidc.provider import Provider

COOKIE = "__Host-meridian-sign-in"
LIFETIME = timedelta(minutes=10)
"""For proving who one is at the provider."""


class BeginSignIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where one signs in: the slug of the tenant, and the code of its provider."""

    tenant: Annotated[str, Meta(max_length=100)]
    provider: Annotated[str, Meta(max_length=100)]


class SignInBegun(Struct, kw_only=True):
    """The address to open in the browser; `expires_in` counts seconds."""

    authorization_url: str
    expires_in: int


class CompleteSignIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What the provider sends back with the browser: `?state=...&code=...`, some also `iss`."""

    state: Annotated[str, Meta(max_length=200)]
    code: Annotated[str, Meta(min_length=1, max_length=4_000)]
    iss: Annotated[str, Meta(max_length=500)] | None = None


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only one sign-in knows; of state and browser only fingerprints are kept."""

    state: str
    browser: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in whose browser has come back."""

    provider: Provider
    nonce: str
    verifier: str
    at: datetime


def new_secrets() -> Secrets:
    return Secrets(*(secrets.token_urlsafe(32) for _ in range(4)))


def authorization_url(endpoint: str, provider: Provider, made: Secrets, page: str) -> str:
    """Where the browser is sent; `page` is where it comes back to."""
    digest = hashlib.sha256(made.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": provider.draft.client_id,
        "redirect_uri": page,
        "scope": " ".join(provider.draft.scopes),
        "state": made.state,
        "nonce": made.nonce,
        "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"
