"""What an ID token says, if it holds, and who that is."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import jwt
import msgspec

from chassis.problems import Unauthenticated
from events.values import Name
from gateway.directory.users.user import Email, Login

KEY_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "EdDSA": "OKP",
}
"""The algorithms whose signatures are believed, and the type of their keys: public ones only."""

LEEWAY_SECONDS = 60
"""Clocks of different companies are not quite the same."""

_LONGEST_SUBJECT = 255
_LONGEST_NAME = 300

Text = TypeVar("Text")


class SignInNotValid(Unauthenticated):
    title = "This sign-in does not hold"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be in a token that answers one sign-in, which has begun at that time."""

    issuer: str
    client_id: str
    nonce: str
    begun: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as a provider knows them; `email` only if it says that it is verified.

    `login` is what a new user would be called by it.
    """

    subject: str
    email: str | None
    name: str | None
    login: str | None
    groups: frozenset[str]


def signed_with(token: str) -> tuple[str | None, str]:
    """(id of the key, algorithm) of a token; raises `SignInNotValid` for one never believed."""
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.InvalidTokenError, RecursionError) as error:
        raise SignInNotValid("the ID token cannot be read") from error
    algorithm, id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
        raise SignInNotValid("the ID token is not signed in a way that is believed")
    return id, algorithm


def key_for(
    documents: Iterable[Mapping[str, Any]], id: str | None, algorithm: str
) -> jwt.PyJWK | None:
    """The key of this id among JWKs; without an id the only one that fits; None without one."""
    fitting = [
        document
        for document in documents
        if document.get("kty") == KEY_TYPES[algorithm]
        and document.get("use", "sig") == "sig"
        and document.get("alg", algorithm) == algorithm
        and (id is None or document.get("kid") == id)
    ]
    if len(fitting) != 1:
        return None
    try:
        return jwt.PyJWK(dict(fitting[0]), algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None


def claims_in(token: str, key: jwt.PyJWK, expected: Expected) -> dict[str, Any]:
    """The claims of an ID token; raises `SignInNotValid` unless it answers what was asked."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=expected.client_id,
            issuer=expected.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
        issued = float(claims["iat"])
    except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise SignInNotValid("the ID token does not hold") from error
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(
        nonce.encode("utf-8", "replace"), expected.nonce.encode()
    ):
        raise SignInNotValid("the ID token answers another sign-in")
    party = claims.get("azp")
    if party not in (None, expected.client_id) or (party is None and _is_for_several(claims)):
        raise SignInNotValid("the ID token was issued to somebody else")
    if issued < expected.begun.timestamp() - LEEWAY_SECONDS:
        raise SignInNotValid("the ID token is older than this sign-in")
    return claims


def _is_for_several(claims: Mapping[str, Any]) -> bool:
    audience = claims["aud"]
    return isinstance(audience, list) and len(audience) > 1


def person_in(claims: Mapping[str, Any], groups_claim: str | None) -> Person:
    """Who the claims speak of; raises `SignInNotValid` for nobody."""
    subject = _text(claims.get("sub"))
    if not subject or len(subject) > _LONGEST_SUBJECT:
        raise SignInNotValid("the ID token speaks of nobody")
    is_verified = claims.get("email_verified") is True
    email = _fitting(claims.get("email"), Email) if is_verified else None
    asked = (email, claims.get("preferred_username"), subject)
    logins = (login for text in asked if (login := _fitting(text, Login)) is not None)
    return Person(
        subject=subject,
        email=email,
        name=_name(claims),
        login=next(logins, None),
        groups=_groups(claims, groups_claim),
    )


def _groups(claims: Mapping[str, Any], claim: str | None) -> frozenset[str]:
    listed = claims.get(claim) if claim is not None else None
    if isinstance(listed, str):
        listed = [listed]
    if not isinstance(listed, list):
        return frozenset()
    return frozenset(group for group in listed if isinstance(group, str))


def _name(claims: Mapping[str, Any]) -> str | None:
    for parts in (("name",), ("given_name", "family_name")):
        words = " ".join(_text(claims.get(part)) or "" for part in parts).split()
        name = _fitting(" ".join(words)[:_LONGEST_NAME].strip(), Name)
        if name is not None:
            return name
    return None


def _fitting(value: object, type_: type[Text]) -> Text | None:
    """The text, if it is one of this type."""
    try:
        return msgspec.convert(_text(value), type_)
    except msgspec.ValidationError:
        return None


def _text(value: object) -> str | None:
    """What can be stored of a claim: neither NUL nor half a character."""
    if not isinstance(value, str) or "\x00" in value:
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value
