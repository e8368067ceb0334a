"""Every event type: whose it is, what state it carries, and who acts on it.

`crm.<owner>.<aggregate>.<past tense verb>.v<major>`; what other systems report has `integration`
for an owner, and is published by the gateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from events import contacts, directory, integration, marketing, sales, topics
from events.erasure import DELETED, ERASED, REDACTED
from events.topics import Aggregate, Mask

_ADDRESSES: Mapping[str, Mask] = {"emails": "email", "phones": "phone"}
_EVERY_SERVICE = ("contacts", "sales", "marketing", "analytics")

TENANT = Aggregate(topics.TENANT, directory.Tenant, ("created", "changed"), ("sales", "analytics"))
DEPARTMENT = Aggregate(
    topics.DEPARTMENT, directory.Department, ("created", "changed"), _EVERY_SERVICE
)
USER = Aggregate(topics.USER, directory.User, ("invited", "activated", "changed"), ("analytics",))
ROLE = Aggregate(topics.ROLE, directory.Role, ("created", "changed"))
ABSENCE = Aggregate(topics.ABSENCE, directory.Absence, ("recorded", "changed", DELETED))

FACT = Aggregate(topics.FACT, integration.Fact, get_args(integration.FactKind), ("contacts",))

COMPANY = Aggregate(
    topics.COMPANY,
    contacts.Company,
    ("created", "changed", DELETED),
    ("analytics",),
    resource="companies",
    masks=_ADDRESSES,
)
PERSON = Aggregate(
    topics.PERSON,
    contacts.Person,
    ("created", "changed", DELETED, ERASED),
    ("marketing", "analytics"),
    resource="people",
    masks={
        "given_name": "initials",
        "family_name": "initials",
        "patronymic": "initials",
        **_ADDRESSES,
    },
)
TOUCH = Aggregate(
    topics.TOUCH,
    contacts.Touch,
    ("planned", "recorded", "done", "cancelled", "changed", REDACTED),
    ("sales", "marketing", "analytics"),
    resource="touches",
    times=("planned_for", "done_at"),
)

PIPELINE = Aggregate(
    topics.PIPELINE, sales.Pipeline, ("created", "changed"), ("analytics",), resource="pipelines"
)
PRODUCT = Aggregate(
    topics.PRODUCT,
    sales.Product,
    ("created", "changed"),
    ("contacts", "analytics"),
    resource="products",
)
REASON = Aggregate(
    topics.REASON, sales.Reason, ("created", "changed"), ("analytics",), resource="reasons"
)
DEAL = Aggregate(
    topics.DEAL,
    sales.Deal,
    ("created", "changed", "moved", "won", "lost", "reopened", "imported", REDACTED),
    ("contacts", "marketing", "analytics"),
    resource="deals",
    times=("history", "started_at", "started_on", "closed_at", "closed_on"),
)

CHANNEL = Aggregate(
    topics.CHANNEL, marketing.Channel, ("created", "changed"), ("analytics",), resource="channels"
)
CAMPAIGN = Aggregate(
    topics.CAMPAIGN,
    marketing.Campaign,
    ("created", "changed"),
    ("analytics",),
    resource="campaigns",
)
SPEND = Aggregate(
    topics.SPEND,
    marketing.Spend,
    ("recorded", "changed"),
    ("analytics",),
    resource="spend",
    times=("day",),
)
FORM = Aggregate(topics.FORM, marketing.Form, ("created", "changed"), resource="forms")
LEAD = Aggregate(
    topics.LEAD,
    marketing.Lead,
    ("captured", "converted", REDACTED),
    ("contacts", "analytics"),
    resource="leads",
    masks={"name": "initials", "email": "email", "phone": "phone"},
    times=("captured_at",),
)

AGGREGATES: tuple[Aggregate, ...] = (
    TENANT, DEPARTMENT, USER, ROLE, ABSENCE, FACT,
    COMPANY, PERSON, TOUCH,
    PIPELINE, PRODUCT, REASON, DEAL,
    CHANNEL, CAMPAIGN, SPEND, FORM, LEAD,
)  # fmt: skip

BY_TOPIC: dict[str, Aggregate] = {aggregate.topic.name: aggregate for aggregate in AGGREGATES}
