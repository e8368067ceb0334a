"""What contacts says: companies, people, and every touch with them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from events.values import CustomerRef, Money, Name, Record, Text, UtcTime, growing

Email = Annotated[str, Meta(max_length=320, pattern=r"^[^@\s]+@[^@\s]+(?!\s)$")]
Phone = Annotated[str, Meta(max_length=40, pattern=r"^\+?[0-9 ().\-]{3,39}(?!\n)$")]

TouchChannel = Literal[
    "call", "email", "meeting", "event", "web_form", "ad", "chat", "social", "message", "post"
]
TouchStatus = Literal["planned", "done", "cancelled"]
Direction = Literal["inbound", "outbound"]


class Address(Struct, frozen=True, gc=False, kw_only=True):
    country: str | None = None
    city: str | None = None
    line: str | None = None
    postcode: str | None = None


class Company(Record, frozen=True, kw_only=True):
    """An organisation that is, was or may become a customer."""

    name: Name
    tax_id: Annotated[str, Meta(max_length=20)] | None = None
    industry: Annotated[str, Meta(max_length=100)] | None = None
    website: Annotated[str, Meta(max_length=300)] | None = None
    emails: tuple[Email, ...] = ()
    phones: tuple[Phone, ...] = ()
    address: Address | None = None
    employees: Annotated[int, Meta(ge=0)] | None = None
    annual_revenue: Money | None = None
    founded_year: Annotated[int, Meta(ge=1000, le=2200)] | None = None
    parent: UUID | None = None
    notes: Text = ""


class Person(Record, frozen=True, kw_only=True):
    """Somebody whom the company deals with, perhaps on behalf of a company."""

    given_name: Annotated[str, Meta(max_length=150)] = ""
    family_name: Annotated[str, Meta(max_length=150)] = ""
    patronymic: Annotated[str, Meta(max_length=150)] = ""
    company: UUID | None = None
    job_title: Annotated[str, Meta(max_length=200)] | None = None
    emails: tuple[Email, ...] = ()
    phones: tuple[Phone, ...] = ()
    language: Annotated[str, Meta(max_length=20)] | None = None
    address: Address | None = None
    notes: Text = ""


class Touch(Record, frozen=True, kw_only=True):
    """One contact with a customer over one channel, planned or done.

    `owner` is the user who makes it. `lead` names the captured lead that this
    touch records, when it came through a form.
    """

    channel: Annotated[str, growing(TouchChannel)]
    direction: Direction
    status: Annotated[str, growing(TouchStatus)]
    customer: CustomerRef
    subject: Name
    notes: Text = ""
    planned_for: UtcTime | None = None
    done_at: UtcTime | None = None
    duration_minutes: Annotated[int, Meta(ge=0, le=10_080)] | None = None
    outcome: Annotated[str, Meta(max_length=300)] | None = None
    deal: UUID | None = None
    campaign: UUID | None = None
    lead: UUID | None = None
