"""What marketing says: channels, campaigns, spend, forms and captured leads."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from events.contacts import Email, Phone
from events.values import CustomerRef, Money, Name, Record, Text, UtcTime, growing

ChannelKind = Literal[
    "search", "display", "social", "email", "event", "referral", "partner", "phone", "direct",
    "content", "other",
]  # fmt: skip
CampaignStatus = Literal["planned", "running", "finished"]
LeadStatus = Literal["captured", "converted"]


class Channel(Record, frozen=True, kw_only=True):
    """A way by which customers find the company."""

    name: Name
    kind: Annotated[str, growing(ChannelKind)]
    is_active: bool = True


class Campaign(Record, frozen=True, kw_only=True):
    """Something done over one channel in a period, for money."""

    name: Name
    channel: UUID
    starts_on: date | None = None
    ends_on: date | None = None
    budget: Money | None = None
    status: Annotated[str, growing(CampaignStatus)] = "running"


class Spend(Record, frozen=True, kw_only=True):
    """What one campaign cost on one day; its id follows from campaign and day."""

    campaign: UUID
    channel: UUID
    day: date
    amount: Money


class Form(Record, frozen=True, kw_only=True):
    """A public form; what it captures belongs to the form's owner and department."""

    name: Name
    campaign: UUID | None = None
    channel: UUID | None = None
    is_active: bool = True


class Lead(Record, frozen=True, kw_only=True):
    """Somebody who left their details; `customer` and `deal` once sales took it up."""

    form: UUID
    status: Annotated[str, growing(LeadStatus)] = "captured"
    captured_at: UtcTime
    name: Name
    email: Email | None = None
    phone: Phone | None = None
    company_name: Annotated[str, Meta(max_length=300)] | None = None
    message: Text = ""
    campaign: UUID | None = None
    channel: UUID | None = None
    customer: CustomerRef | None = None
    deal: UUID | None = None
