"""What an invitation is: a secret, good once and for some days, to choose a password with."""

from __future__ import annotations

import secrets
from typing import Annotated

from msgspec import Meta, Struct

from chassis.problems import RuleBroken
from gateway.directory.passwords.password import Password


class Acceptance(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a user answers to an invitation."""

    invitation: Annotated[str, Meta(max_length=200)]
    password: Password


class InvitationNotValid(RuleBroken):
    title = "This invitation does not hold"


def new_token() -> str:
    """The secret that the invited user is given; only its fingerprint is kept."""
    return secrets.token_urlsafe(32)
