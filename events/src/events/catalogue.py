"""Every event type: whose it is, what state it carries, and who acts on it.

`crm.<owner>.<aggregate>.<past tense verb>.v<major>`
"""

from __future__ import annotations

from events import contacts, directory, marketing, sales, topics
from events.erasure import DELETED, ERASED, REDACTED
from events.topics import Aggregate

_EVERY_SERVICE = ("contacts", "sales", "marketing", "analytics")

TENANT = Aggregate(topics.TENANT, directory.Tenant, ("created", "changed"), ("sales", "analytics"))
DEPARTMENT = Aggregate(
    topics.DEPARTMENT, directory.Department, ("created", "changed"), _EVERY_SERVICE
)
USER = Aggregate(topics.USER, directory.User, ("invited", "activated", "changed"), ("analytics",))
ROLE = Aggregate(topics.ROLE, directory.Role, ("created", "changed"))
ABSENCE = Aggregate(topics.ABSENCE, directory.Absence, ("recorded", "changed", DELETED))

COMPANY = Aggregate(
    topics.COMPANY, contacts.Company, ("created", "changed", DELETED), ("analytics",)
)
PERSON = Aggregate(
    topics.PERSON,
    contacts.Person,
    ("created", "changed", DELETED, ERASED),
    ("marketing", "analytics"),
)
TOUCH = Aggregate(
    topics.TOUCH,
    contacts.Touch,
    ("planned", "recorded", "done", "cancelled", "changed", REDACTED),
    ("sales", "marketing", "analytics"),
)

PIPELINE = Aggregate(topics.PIPELINE, sales.Pipeline, ("created", "changed"), ("analytics",))
PRODUCT = Aggregate(topics.PRODUCT, sales.Product, ("created", "changed"), ("analytics",))
REASON = Aggregate(topics.REASON, sales.Reason, ("created", "changed"), ("analytics",))
DEAL = Aggregate(
    topics.DEAL,
    sales.Deal,
    ("created", "changed", "moved", "won", "lost", "reopened", "imported", REDACTED),
    ("marketing", "analytics"),
)

CHANNEL = Aggregate(topics.CHANNEL, marketing.Channel, ("created", "changed"), ("analytics",))
CAMPAIGN = Aggregate(topics.CAMPAIGN, marketing.Campaign, ("created", "changed"), ("analytics",))
SPEND = Aggregate(topics.SPEND, marketing.Spend, ("recorded", "changed"), ("analytics",))
FORM = Aggregate(topics.FORM, marketing.Form, ("created", "changed"))
LEAD = Aggregate(
    topics.LEAD,
    marketing.Lead,
    ("captured", "converted", REDACTED),
    ("contacts", "analytics"),
)

AGGREGATES: tuple[Aggregate, ...] = (
    TENANT, DEPARTMENT, USER, ROLE, ABSENCE,
    COMPANY, PERSON, TOUCH,
    PIPELINE, PRODUCT, REASON, DEAL,
    CHANNEL, CAMPAIGN, SPEND, FORM, LEAD,
)  # fmt: skip

BY_TOPIC: dict[str, Aggregate] = {aggregate.topic.name: aggregate for aggregate in AGGREGATES}
