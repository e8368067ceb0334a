"""What a session is: somebody who has proved who they are, and prolongs it by refresh tokens.

An access token holds for an hour or so. A refresh token is good for one new pair
of both; whoever brings one a second time has a copy, and so has somebody else:
the session ends for all of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import jwt
from msgspec import Meta, Struct

from chassis.problems import RuleBroken, Unauthenticated
from events.directory import User
from gateway.directory.keys.signing_key import ALGORITHM
from gateway.directory.totp.totp import Code

# Another audience than that of the identities that services get: neither passes for the other.
AUDIENCE = "meridian-access"


class SignIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """How one proves who one is; `tenant` is its slug, `code` for who has a second factor."""

    tenant: Annotated[str, Meta(max_length=100)]
    login: Annotated[str, Meta(max_length=400)]
    password: Annotated[str, Meta(max_length=1_000)]
    code: Code | None = None


class Refresh(Struct, kw_only=True, forbid_unknown_fields=True):
    """How one prolongs a session; the token holds no longer afterwards."""

    refresh_token: Annotated[str, Meta(max_length=200)]


class SignedIn(Struct, kw_only=True):
    """An access token and whose it is; `expires_in` counts seconds."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int
    refresh_token: str
    session: UUID
    session_expires: datetime
    user: User


class KnownSession(Struct, kw_only=True):
    """A session as its user sees it: `client` is what the browser or program calls itself."""

    id: UUID
    user: UUID
    begun: datetime
    renewed: datetime
    expires: datetime
    ended: datetime | None
    address: str
    client: str


class OpenSessions(Struct, kw_only=True):
    """Sessions that are not over, newest first."""

    items: list[KnownSession]


class EndedSessions(Struct, kw_only=True):
    """Which sessions were ended."""

    ended: list[UUID]


class WrongCredentials(Unauthenticated):
    title = "Nobody signs in like this"


class WrongPassword(RuleBroken):
    title = "This is not the password"


class RefreshTokenNotValid(Unauthenticated):
    title = "This refresh token does not hold"


class TokenExpired(Unauthenticated):
    title = "The access token has expired"


@dataclass(frozen=True, slots=True)
class Session:
    """Who holds an access token or an API key; `expires` is in seconds since 1970.

    `key_hash` is the fingerprint of an API key's secret, None for an access token.
    """

    id: UUID
    tenant: UUID
    user: UUID
    expires: int
    key_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody signs in from (an IPv6 address by its /64), and with what."""

    address: str
    client: str


def new_refresh_token() -> str:
    """The secret that prolongs a session once; only its fingerprint is kept."""
    return secrets.token_urlsafe(32)


def claims_of(session: Session) -> dict[str, Any]:
    """The claims of the session's access token."""
    return {
        "aud": AUDIENCE,
        "exp": session.expires,
        "tid": str(session.tenant),
        "uid": str(session.user),
        "sid": str(session.id),
    }


def session_of(token: str, keys: Mapping[str, jwt.PyJWK]) -> Session:
    """The session that `token` proves; raises `TokenExpired` or `Unauthenticated`."""
    try:
        key = keys.get(jwt.get_unverified_header(token).get("kid", ""))
        if key is None:
            raise Unauthenticated("the access token is signed by an unknown key")
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            options={"require": ["exp", "aud"]},
        )
        return Session(UUID(claims["sid"]), UUID(claims["tid"]), UUID(claims["uid"]), claims["exp"])
    except jwt.ExpiredSignatureError:
        raise TokenExpired("sign in again") from None
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise Unauthenticated("the access token does not hold") from error
