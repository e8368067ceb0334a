"""What the directory (in the gateway) says: tenants, departments, users."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from events.values import Currency, Language, Name, Record, growing

Role = Literal["administrator", "manager", "agent", "marketer", "analyst", "operator", "integrator"]
UserStatus = Literal["invited", "active", "disabled"]


class Tenant(Record, frozen=True, kw_only=True):
    """A company that uses Meridian; `id` is the tenant id that every key carries."""

    name: Name
    slug: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,62}(?!\n)$")]
    currency: Currency
    language: Annotated[str, growing(Language)] = "en"


class Department(Record, frozen=True, kw_only=True):
    """A node of the tenant's tree of departments.

    `path` lists the ids from the root to the department itself: a department
    is below another when its path begins with the other's.
    """

    name: Name
    parent: UUID | None = None
    path: tuple[UUID, ...]
    city: str | None = None
    time_zone: Annotated[str, Meta(description="IANA name, as Asia/Vladivostok")]


class User(Record, frozen=True, kw_only=True):
    """Somebody who works in Meridian. Credentials never appear in events."""

    name: Name
    email: str | None = None
    login: str
    status: Annotated[str, growing(UserStatus)]
    roles: tuple[Annotated[str, growing(Role)], ...]
    manager: UUID | None = None
    language: Annotated[str, growing(Language)] = "en"
