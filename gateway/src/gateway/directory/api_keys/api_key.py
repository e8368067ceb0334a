"""What an API key is: a secret with which a program acts for a user, within scopes.

A key is `mk_<id>_<secret>`, the id without hyphens. What its program may do is what
the scopes name, the role of an integrator permits, and its user may do at that
time: a key never reaches farther than any of the three.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from chassis.problems import RuleBroken, Unauthenticated
from events.values import Name, Reach
from gateway.directory.roles.built_in import nearer, permissions_of

MARK = "mk_"
LONGEST = timedelta(days=5 * 366)
_UNLESS_TOLD = timedelta(days=365)

Scope = Annotated[str, Meta(max_length=100, pattern=r"^[a-z-]+:[a-z-]+(?!\n)$")]


class ApiKeyDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a user decides about a key; it expires after a year unless told."""

    name: Name
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=100)]
    expires: Annotated[datetime, Meta(tz=True)] | None = None


class ApiKey(Struct, kw_only=True):
    """A key as people see it; `last_used` is told to ten minutes or so."""

    id: UUID
    user: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime
    last_used: datetime | None = None
    revoked: datetime | None = None


class ApiKeyIssued(Struct, kw_only=True):
    """A new key, with what is shown this once.

    `key` is sent as `Authorization: Bearer ...`; programs that have only Basic send
    the id as the user and `secret` as the password.
    """

    api_key: ApiKey
    secret: str
    key: str


class ApiKeys(Struct, kw_only=True):
    """Keys, newest first."""

    items: list[ApiKey]


class ScopeNotHeld(RuleBroken):
    title = "A key may do no more than its user, and than an integrator"


class ExpiryNotPossible(RuleBroken):
    title = "A key expires in the future, within five years"


def created(
    id: UUID, draft: ApiKeyDraft, user: UUID, held: Mapping[str, Reach], at: datetime
) -> ApiKey:
    """A new key of `user`, who holds these permissions."""
    scopes = tuple(sorted(set(draft.scopes)))
    missing = set(scopes) - permitted(scopes, held).keys()
    if missing:
        raise ScopeNotHeld(f"not held: {', '.join(sorted(missing))}", field="scopes")
    expires = draft.expires or at + _UNLESS_TOLD
    if not at < expires <= at + LONGEST:
        raise ExpiryNotPossible(f"{expires.isoformat()} is not", field="expires")
    return ApiKey(
        id=id,
        user=user,
        name=draft.name,
        prefix=prefix_of(id),
        scopes=scopes,
        created=at,
        expires=expires,
    )


def permitted(scopes: Iterable[str], held: Mapping[str, Reach]) -> dict[str, Reach]:
    """What a key of these scopes permits while its user holds `held`."""
    integrator = permissions_of(("integrator",))
    return {
        scope: nearer(held[scope], integrator[scope])
        for scope in scopes
        if scope in held and scope in integrator
    }


def new_secret() -> str:
    """The secret half of a key; only its fingerprint is kept."""
    return secrets.token_urlsafe(32)


def prefix_of(id: UUID) -> str:
    """How a key of this id begins."""
    return f"{MARK}{id.hex}"


def key_of(id: UUID, secret: str) -> str:
    """The key as its program sends it."""
    return f"{prefix_of(id)}_{secret}"


def parts_of(key: str) -> tuple[UUID, str]:
    """(id, secret) of a key; `Unauthenticated` for what is none."""
    id, _, secret = key.removeprefix(MARK).partition("_")
    try:
        return UUID(id), secret
    except ValueError:
        raise Unauthenticated("the API key does not hold") from None
