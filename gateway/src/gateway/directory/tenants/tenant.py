"""What a tenant is: a company that uses Meridian, with its first department and administrator."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from chassis.problems import Conflict
from events.directory import Tenant
from events.values import Currency, Language, Name
from gateway.directory.passwords.password import Password
from gateway.directory.users.user import Email, Login

# The look-ahead refuses a line break, which `$` alone would let end the text.
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,62}(?!\n)$")]


class FirstAdministrator(Struct, kw_only=True, forbid_unknown_fields=True):
    """Who administers a new tenant, and signs in with this password."""

    name: Name
    login: Login
    email: Email | None = None
    password: Password


class TenantDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a new tenant begins with; place and time are those of its root department."""

    name: Name
    slug: Slug
    currency: Currency
    language: Language = "en"
    time_zone: str
    city: Annotated[str, Meta(max_length=200)] | None = None
    administrator: FirstAdministrator


class TenantExists(Conflict):
    title = "A tenant of this name is there already"


def created(id: UUID, draft: TenantDraft) -> Tenant:
    """A new tenant as drafted."""
    return Tenant(
        id=id,
        version=0,
        name=draft.name,
        slug=draft.slug,
        currency=draft.currency,
        language=draft.language,
    )
