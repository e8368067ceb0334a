"""What a second factor is: codes that an app makes of a secret and the time (RFC 6238).

A code holds for its half minute and the ones beside it, as clocks differ, and only
once. Recovery codes stand in when the app is lost, each once.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated

import pyotp
from msgspec import Meta, Struct

from chassis.problems import Conflict, RuleBroken, Unauthenticated
from gateway.directory import fingerprints

Code = Annotated[str, Meta(min_length=6, max_length=40)]

_ISSUER = "Meridian"
_STEP_SECONDS = 30
_RECOVERY_CODES = 10
_RECOVERY_BYTES = 10


class Enrolment(Struct, kw_only=True, forbid_unknown_fields=True):
    """How one begins: whoever has only found an open session knows no password."""

    password: Annotated[str, Meta(max_length=1_000)]


class Enrolled(Struct, kw_only=True):
    """What the app is given: the secret itself, or the address as a QR code."""

    secret: str
    uri: str


class Confirmation(Struct, kw_only=True, forbid_unknown_fields=True):
    """The first code that the app shows."""

    code: Code


class RecoveryCodes(Struct, kw_only=True):
    """Shown this once, to be kept on paper."""

    recovery_codes: list[str]


class TotpReset(Struct, kw_only=True):
    """Whether there was a second factor to take away."""

    was_enrolled: bool


class AlreadyEnrolled(Conflict):
    title = "There is a second factor already"


class NotEnrolled(RuleBroken):
    title = "There is no second factor to confirm"


class CodeNotValid(RuleBroken):
    title = "This code does not hold"


class CodeNeeded(Unauthenticated):
    title = "This user signs in with a code too"


class WrongCode(Unauthenticated):
    title = "This code does not hold, or has been used"


def enrolled(login: str) -> Enrolled:
    """A new secret for an app, which shows it under this login."""
    secret = pyotp.random_base32()
    app = pyotp.TOTP(secret, name=login, issuer=_ISSUER)
    return Enrolled(secret=secret, uri=app.provisioning_uri())


def step_of(secret: str, code: str, seconds: float) -> int | None:
    """The step of time to which `code` belongs; None when it is not of about now."""
    totp, now = pyotp.TOTP(secret), int(seconds) // _STEP_SECONDS
    found = None
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Codes for the day when the app is lost; only their fingerprints are kept."""
    return [secrets.token_hex(_RECOVERY_BYTES) for _ in range(_RECOVERY_CODES)]


def fingerprint(code: str) -> bytes:
    """What is kept of a recovery code, however it was typed."""
    return fingerprints.fingerprint(code.replace("-", "").replace(" ", "").lower())
