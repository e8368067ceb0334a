"""The tenant of imported opportunities on the local platform: found, or created and kept."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec

from cli.imports.request import SignIn
from meridian_client import AsyncMeridian, Problem
from meridian_client.models import FirstAdministrator, TenantDraft

NAME, SLUG = "Opportunities", "opportunities"
LOGIN = "administrator"
HEADQUARTERS = "America/Chicago"
KEPT = f"{SLUG}.sign-in.json"


class NotSignedIn(Exception):
    """Nobody could be signed in; the message says what to do about it."""


async def enter(client: AsyncMeridian, sign_in: SignIn) -> None:
    """Sign in with what the user gave."""
    try:
        await client.sign_in(sign_in.tenant, sign_in.login, sign_in.password)
    except Problem as problem:
        raise NotSignedIn(
            f"{sign_in.login} cannot sign in to {sign_in.tenant!r}: {problem}"
        ) from problem


async def enter_own_tenant(client: AsyncMeridian, home: Path, bootstrap_token: str) -> Path:
    """Sign in to the tenant `opportunities` of the platform in `home`, made when it is not there.

    The administrator's password is made here and kept in `home`, readable by its
    owner only, before the tenant exists: no crash in between loses it. Answers
    the file that it is kept in.
    """
    kept = home / KEPT
    sign_in = _kept(kept) or _keep(kept)
    tenant = TenantDraft(
        name=NAME,
        slug=SLUG,
        currency="USD",
        time_zone=HEADQUARTERS,
        administrator=FirstAdministrator(
            name="Administrator", login=sign_in.login, password=sign_in.password
        ),
    )
    client.use_token(bootstrap_token)
    try:
        await client.tenants.create(tenant)
    except Problem as problem:
        if problem.slug != "tenant-exists":
            raise NotSignedIn(f"the tenant {SLUG!r} cannot be made: {problem}") from problem
    try:
        await enter(client, sign_in)
    except NotSignedIn as error:
        raise NotSignedIn(
            f"{error}. The tenant exists, and {kept} does not hold its administrator's "
            "password: give --tenant, --login and --password"
        ) from error
    return kept


def _kept(path: Path) -> SignIn | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=SignIn)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise NotSignedIn(f"{path} is not readable ({error}): delete it") from error


def _keep(path: Path) -> SignIn:
    sign_in = SignIn(SLUG, LOGIN, secrets.token_urlsafe(24))
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(sign_in) + b"\n")
    return sign_in
