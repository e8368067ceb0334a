"""What the directory (in the gateway) says: tenants, departments, users, their own roles."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct, field

from events.values import (
    Currency,
    FieldRule,
    Language,
    LanguageTag,
    Name,
    Reach,
    Record,
    growing,
)

BuiltInRole = Literal[
    "administrator", "manager", "agent", "marketer", "analyst", "operator", "integrator"
]
UserStatus = Literal["invited", "active", "disabled"]
AbsenceKind = Literal["vacation", "sick", "trip", "other"]
ClockTime = Annotated[
    str,
    Meta(
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)(?!\n)$",
        description="A time of the local clock, as 09:00; 24:00 ends the day",
    ),
]
Languages = Annotated[tuple[LanguageTag, ...], Meta(max_length=20)]
Skills = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...], Meta(max_length=50)
]
"""Short tags, folded: `wholesale`, `1с`."""


class Tenant(Record, frozen=True, kw_only=True):
    """A company that uses Meridian; `id` is the tenant id that every key carries."""

    name: Name
    slug: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,62}(?!\n)$")]
    currency: Currency
    language: Annotated[str, growing(Language)] = "en"


class Hours(Struct, frozen=True, gc=False):
    """From when to when on one day; what goes on after midnight is the next day's."""

    opens: ClockTime
    closes: ClockTime


HoursOfDay = Annotated[tuple[Hours, ...], Meta(max_length=10)]
"""In order, none before the one before has ended; none at all on a day off."""


class Week(Struct, frozen=True, gc=False, kw_only=True):
    """The working hours of each day of the week."""

    monday: HoursOfDay = ()
    tuesday: HoursOfDay = ()
    wednesday: HoursOfDay = ()
    thursday: HoursOfDay = ()
    friday: HoursOfDay = ()
    saturday: HoursOfDay = ()
    sunday: HoursOfDay = ()


class Holidays(Struct, frozen=True, gc=False, kw_only=True):
    """Whose holidays are kept: names as the library `holidays` has them.

    `country` is an ISO 3166-1 code, `subdivision` one of ISO 3166-2 without it.
    """

    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")]
    subdivision: Annotated[str, Meta(min_length=1, max_length=30)] | None = None
    categories: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=30)], ...], Meta(max_length=20)
    ] = ("public",)


class CalendarException(Struct, frozen=True, gc=False, kw_only=True):
    """A date that is not as the week and the holidays say: closed, or open at `hours`."""

    date: date
    name: Name
    hours: HoursOfDay = ()


class Department(Record, frozen=True, kw_only=True):
    """A node of the tenant's tree of departments.

    `path` lists the ids from the root to the department itself: a department
    is below another when its path begins with the other's.

    Without `working_hours` those of the nearest department above that has some
    hold, and so for `holidays`. Exceptions are corrections to holidays and come
    down with them: a department has its own, and those of each above it up to
    where its holidays come from; of one date the nearest holds.
    """

    name: Name
    parent: UUID | None = None
    path: tuple[UUID, ...]
    city: str | None = None
    time_zone: Annotated[str, Meta(description="IANA name, as Asia/Vladivostok")]
    working_hours: Week | None = None
    holidays: Holidays | None = None
    calendar_exceptions: Annotated[tuple[CalendarException, ...], Meta(max_length=400)] = ()
    languages: Languages = ()
    skills: Skills = ()


class User(Record, frozen=True, kw_only=True):
    """Somebody who works in Meridian. Credentials never appear in events.

    `roles` are built-in ones by name, and those of the tenant by code. `language`
    is in which Meridian speaks to them, `languages` are those that they speak.
    """

    name: Name
    email: str | None = None
    login: str
    status: Annotated[str, growing(UserStatus)]
    roles: tuple[Annotated[str, growing(BuiltInRole)], ...]
    manager: UUID | None = None
    language: Annotated[str, growing(Language)] = "en"
    languages: Languages = ()
    skills: Skills = ()


class Absence(Record, frozen=True, kw_only=True):
    """Days on which a user, its `owner`, does not work, and who stands in.

    The first and the last day are both among them, by the clocks of the `department`.
    """

    kind: Annotated[str, growing(AbsenceKind)]
    starts_on: date
    ends_on: date
    deputy: UUID | None = None


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
