"""What a session is: somebody who has proved who they are, for an hour or so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import jwt
from msgspec import Meta, Struct

from chassis.problems import Unauthenticated
from events.directory import User
from gateway.directory.keys.signing_key import ALGORITHM

# Another audience than that of the identities that services get: neither passes for the other.
AUDIENCE = "meridian-access"


class SignIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """How one proves who one is; `tenant` is its slug."""

    tenant: Annotated[str, Meta(max_length=100)]
    login: Annotated[str, Meta(max_length=400)]
    password: Annotated[str, Meta(max_length=1_000)]


class SignedIn(Struct, kw_only=True):
    """An access token and whose it is; `expires_in` counts seconds."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int
    user: User


class WrongCredentials(Unauthenticated):
    title = "Nobody signs in like this"


class TokenExpired(Unauthenticated):
    title = "The access token has expired"


@dataclass(frozen=True, slots=True)
class Session:
    """Who holds an access token; `expires` is in seconds since 1970."""

    id: UUID
    tenant: UUID
    user: UUID
    expires: int


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
