"""Who asks: the signed `Meridian-Identity` that the gateway forwards.

The header is a JWT (EdDSA) that lives for a minute. Services verify it with the
gateway's public keys and trust nothing else that claims an identity.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, get_args
from uuid import UUID

import aiohttp
import jwt

from chassis.problems import Forbidden, Unauthenticated, Unavailable
from events.values import FieldRule, Reach

HEADER = "meridian-identity"
AUDIENCE = "meridian"

FieldRules = Mapping[str, Mapping[str, FieldRule]]
"""Resource -> field -> what is kept from somebody; what is not in it is open."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, from which department, and what they may do.

    `permissions` maps `resource:action` to a reach; what is not in it is denied.
    `department_path` lists the ids from the root to the user's department. `fields`
    restricts what the permissions open: see `chassis.fields`.
    """

    tenant: UUID
    user: UUID | None
    actor: str
    department: UUID | None
    department_path: tuple[UUID, ...]
    permissions: Mapping[str, Reach]
    fields: FieldRules = field(default_factory=dict)

    def reach(self, permission: str) -> Reach:
        """How far `permission` goes; raises `Forbidden` without it."""
        reach = self.permissions.get(permission)
        if reach is None:
            raise Forbidden(f"this needs the permission {permission}", permission=permission)
        return reach


def system_identity(tenant: UUID, service: str) -> Identity:
    """The identity under which a service reacts to events: everything, in one tenant."""
    return Identity(
        tenant=tenant,
        user=None,
        actor=f"system:{service}",
        department=None,
        department_path=(),
        permissions=_Everything(),
    )


class _Everything(dict[str, Reach]):
    def get(self, key: str, default: Any = None) -> Reach:  # noqa: ARG002
        return "all"


def claims_of(identity: Identity, lifetime_seconds: int) -> dict[str, Any]:
    """The JWT claims that carry `identity`; the inverse of `identity_of`."""
    now = int(time.time())
    rules = {"fields": identity.fields} if identity.fields else {}
    return {
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + lifetime_seconds,
        "tid": str(identity.tenant),
        "uid": str(identity.user) if identity.user else None,
        "sub": identity.actor,
        "dep": [str(step) for step in identity.department_path],
        "perms": dict(identity.permissions),
        **rules,
    }


def identity_of(claims: Mapping[str, Any]) -> Identity:
    """The identity in verified `claims`; raises `Unauthenticated` when they are incomplete."""
    try:
        path = tuple(UUID(step) for step in claims["dep"])
        return Identity(
            tenant=UUID(claims["tid"]),
            user=UUID(claims["uid"]) if claims["uid"] else None,
            actor=claims["sub"],
            department=path[-1] if path else None,
            department_path=path,
            permissions=claims["perms"],
            fields=understood(claims.get("fields", {})),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Unauthenticated("the identity is incomplete") from error


def understood(rules: Mapping[str, Mapping[str, str]]) -> FieldRules:
    """`rules` as this version knows them: what it does not know hides the field."""
    return {
        resource: {
            name: rule if rule in _RULES else "hidden"  # type: ignore[misc]
            for name, rule in fields.items()
        }
        for resource, fields in rules.items()
    }


_RULES = get_args(FieldRule)

KeySource = Callable[[], Awaitable[Mapping[str, jwt.PyJWK]]]
"""Answers the public keys that sign identities, by their ids."""

# Clocks of different machines are not quite the same.
_LEEWAY_SECONDS = 5


class IdentityVerifier:
    """Verifies identities with the gateway's keys, had when first needed.

    `keys` is the address of the gateway's JWKS, or a function that has the keys
    at hand. What was verified is remembered until it expires: the gateway
    forwards one signed identity for many requests.
    """

    REMEMBERED = 10_000

    def __init__(self, keys: str | KeySource) -> None:
        self._published = keys if callable(keys) else partial(_fetched, keys)
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetching = asyncio.Lock()
        self._fetched_at = 0.0
        self._verified: dict[str, tuple[float, Identity]] = {}

    async def verify(self, token: str | None) -> Identity:
        """The identity that `token` carries; `Unauthenticated` when it does not hold."""
        if not token:
            raise Unauthenticated("the request carries no identity")
        known = self._verified.get(token)
        if known is not None and known[0] > time.time():
            return known[1]
        claims = await self._claims(token)
        identity = identity_of(claims)
        if len(self._verified) >= self.REMEMBERED:
            self._verified.clear()
        self._verified[token] = (float(claims["exp"]), identity)
        return identity

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid", "")
            key = self._keys.get(kid) or await self._fetch(kid)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "aud", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            raise Unauthenticated("the identity does not hold") from error
        return claims

    async def _fetch(self, kid: str) -> jwt.PyJWK:
        async with self._fetching:
            # One unknown key id must not make every request ask the gateway.
            if kid not in self._keys and time.monotonic() - self._fetched_at > 1.0:
                self._keys = await self._published()
                self._fetched_at = time.monotonic()
        try:
            return self._keys[kid]
        except KeyError:
            raise Unauthenticated("the identity is signed by an unknown key") from None


async def _fetched(jwks_url: str) -> dict[str, jwt.PyJWK]:
    timeout = aiohttp.ClientTimeout(total=3)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(jwks_url) as answer,
        ):
            answer.raise_for_status()
            document = await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise Unavailable("the gateway's keys cannot be had") from error
    return {key["kid"]: jwt.PyJWK(key) for key in document["keys"]}
