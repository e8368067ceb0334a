"""The demo's own tenant, and its administrator's way in."""

from __future__ import annotations

from cli.client import Client, Problem
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


class NotOurs(Exception):
    """The tenant `demo` is there, and somebody else's."""


async def enter(client: Client, bootstrap_token: str) -> None:
    """Sign in as the demo's administrator, to a tenant that is made when it is not there."""
    tenant = {
        "name": NAME,
        "slug": SLUG,
        "currency": CURRENCY,
        "time_zone": HEADQUARTERS_TIME_ZONE,
        "city": HEADQUARTERS_CITY,
        "administrator": {
            "name": ADMINISTRATOR.name,
            "login": ADMINISTRATOR.login,
            "email": f"{ADMINISTRATOR.login}@{EMAIL_DOMAIN}",
            "password": PASSWORD,
        },
    }
    try:
        await client.post("/v1/tenants", tenant, token=bootstrap_token)
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
