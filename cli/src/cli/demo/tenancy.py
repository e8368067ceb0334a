"""The demo's own tenant, and its administrator's way in."""

from __future__ import annotations

from cli.demo.company import (
    ADMINISTRATOR,
    CURRENCY,
    EMAIL_DOMAIN,
    HEADQUARTERS_CITY,
    HEADQUARTERS_TIME_ZONE,
    NAME,
    PASSWORD,
    SLUG,
)
from meridian_client import AsyncMeridian, Problem
from meridian_client.models import FirstAdministrator, TenantDraft


class NotOurs(Exception):
    """The tenant `demo` is there, and somebody else's."""


async def enter(client: AsyncMeridian, bootstrap_token: str) -> None:
    """Sign in as the demo's administrator, to a tenant that is made when it is not there."""
    tenant = TenantDraft(
        name=NAME,
        slug=SLUG,
        currency=CURRENCY,
        time_zone=HEADQUARTERS_TIME_ZONE,
        city=HEADQUARTERS_CITY,
        administrator=FirstAdministrator(
            name=ADMINISTRATOR.name,
            login=ADMINISTRATOR.login,
            email=f"{ADMINISTRATOR.login}@{EMAIL_DOMAIN}",
            password=PASSWORD,
        ),
    )
    client.use_token(bootstrap_token)
    try:
        await client.tenants.create(tenant)
    except Problem as problem:
        if problem.slug != "tenant-exists":
            raise
    try:
        await client.sign_in(SLUG, ADMINISTRATOR.login, PASSWORD)
    except Problem as problem:
        raise NotOurs(
            f"there is a tenant {SLUG!r} here whose administrator is not {ADMINISTRATOR.login} "
            f"({problem}). To begin anew: ./meridian down --erase"
        ) from problem
