"""What the directory (in the gateway) says: tenants, departments, users, their own roles."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, field

from events.values import Currency, FieldRule, Language, Name, Reach, Record, growing

BuiltInRole = Literal[
    "administrator", "manager", "agent", "marketer", "analyst", "operator", "integrator"
]
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
    """Somebody who works in Meridian. Credentials never appear in events.

    `roles` are built-in ones by name, and those of the tenant by code.
    """

    name: Name
    email: str | None = None
    login: str
    status: Annotated[str, growing(UserStatus)]
    roles: tuple[Annotated[str, growing(BuiltInRole)], ...]
    manager: UUID | None = None
    language: Annotated[str, growing(Language)] = "en"


class Role(Record, frozen=True, kw_only=True):
    """A role that a tenant has defined beside the built-in ones; `code` is its stable name.

    `permissions` maps `resource:action` to how far it goes. `fields` maps a resource to
    those of its fields that the role does not open as they are, with the rule for each.
    """

    code: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}(?!\n)$")]
    name: Name
    permissions: dict[str, Annotated[str, growing(Reach)]]
    is_active: bool = True
    fields: dict[str, dict[str, Annotated[str, growing(FieldRule)]]] = field(default_factory=dict)
