"""What the API is asked for: the story's records as bodies of requests, with the platform's ids."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from cli.demo.campaigns import Campaign, Channel, Spend, period
from cli.demo.catalogue import Product
from cli.demo.company import CURRENCY, EMAIL_DOMAIN, Colleague, Office, manager_of
from cli.demo.customers import Company, Person
from cli.demo.deals import Deal
from cli.demo.hours import in_utc
from cli.demo.leads import Submission
from cli.demo.scenario import Scenario
from cli.demo.touches import Touch
from cli.demo.working_time import CALENDARS, Away
from events.values import ExternalId, Money

SYSTEM = "demo"

Kind = Literal[
    "department", "user", "product", "channel", "campaign", "form", "company", "person", "deal",
    "touch", "stage", "reason", "absence",
]  # fmt: skip
Body = dict[str, Any]


class Ids:
    """The ids that the platform gave to what the story calls by keys."""

    def __init__(self) -> None:
        self._known: dict[tuple[Kind, str], str] = {}

    def keep(self, kind: Kind, keys: Iterable[str], ids: Iterable[str]) -> None:
        """Take the ids of records, in the order of their keys."""
        for key, id in zip(keys, ids, strict=True):
            self._known[kind, key] = id

    def of(self, kind: Kind, key: str) -> str:
        """The id of one record; a `KeyError` for one that the platform does not have yet."""
        return self._known[kind, key]

    def belonging(self, office: Office, login: str) -> Body:
        """Whose a record is."""
        return {"owner": self.of("user", login), "department": self.of("department", office.key)}

    def customer(self, key: str) -> Body:
        """A reference to the company or person with this key."""
        kind: Kind = "company" if ("company", key) in self._known else "person"
        return {"type": kind, "id": self.of(kind, key)}


def department(office: Office) -> Body:
    return {
        **_named("department", office.key),
        **CALENDARS.get(office.key, {}),
        "name": office.name,
        "city": office.city,
        "time_zone": office.time_zone,
        "languages": [office.language],
    }


def user(colleague: Colleague, ids: Ids) -> Body:
    body = _named("user", colleague.login) | {
        "name": colleague.name,
        "login": colleague.login,
        "email": f"{colleague.login}@{EMAIL_DOMAIN}",
        "roles": [colleague.role],
        "department": ids.of("department", colleague.office or ""),
        "language": colleague.language,
        "languages": colleague.languages,
        "skills": colleague.skills,
    }
    if colleague.role == "agent" and colleague.office:
        body["manager"] = ids.of("user", manager_of(colleague.office))
    return body


def absence(of: Away, scenario: Scenario, ids: Ids) -> Body:
    starts_on, ends_on = of.days(scenario.last_day)
    return _named("absence", of.login) | {
        "owner": ids.of("user", of.login),
        "kind": of.kind,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "deputy": ids.of("user", of.deputy),
    }


def product(of: Product) -> Body:
    return _named("product", of.sku) | {
        "name": of.name,
        "sku": of.sku,
        "category": of.category,
        "price": Money(of.price, CURRENCY),
        "cost": Money(of.cost, CURRENCY),
    }


def channel(of: Channel) -> Body:
    return _named("channel", of.key) | {"name": of.name, "kind": of.kind}


def campaign(of: Campaign, scenario: Scenario, ids: Ids) -> Body:
    begins, ends = period(of, scenario)
    return _named("campaign", of.key) | {
        "name": of.name,
        "channel": ids.of("channel", of.channel),
        "starts_on": begins,
        "ends_on": ends,
        "status": "running" if ends >= scenario.yesterday else "finished",
        "department": ids.of("department", "marketing"),
    }


def spend(of: Spend, ids: Ids) -> Body:
    return {
        "campaign": ids.of("campaign", of.campaign),
        "day": of.day,
        "amount": Money(of.amount, CURRENCY),
    }


def form(office: Office, login: str, ids: Ids) -> Body:
    """The form on the site of an office; `login` is whose its leads are."""
    return (
        _named("form", office.key)
        | ids.belonging(office, login)
        | {"name": f"Site · Сайт, {office.city}", "campaign": ids.of("campaign", "machines")}
    )


def submission(of: Submission) -> Body:
    return {
        "name": of.name,
        "email": of.email,
        "company_name": of.company_name,
        "message": of.message,
    }


def company(of: Company, ids: Ids) -> Body:
    return (
        _named("company", of.key)
        | ids.belonging(of.office, of.owner)
        | {
            "name": of.name,
            "tax_id": of.tax_id,
            "industry": of.industry,
            "emails": [of.email],
            "phones": [of.phone],
            "address": {
                "country": "Россия" if of.office.language == "ru" else "Portugal",
                "city": of.office.city,
                "line": of.street,
            },
            "employees": of.employees,
            "annual_revenue": {"amount": str(of.annual_revenue), "currency": CURRENCY},
            "founded_year": of.founded_year,
        }
    )


def person(of: Person, ids: Ids) -> Body:
    return (
        _named("person", of.key)
        | ids.belonging(of.office, of.owner)
        | {
            "given_name": of.given_name,
            "patronymic": of.patronymic,
            "family_name": of.family_name,
            "company": ids.of("company", of.company) if of.company else None,
            "job_title": of.job_title,
            "emails": [of.email],
            "phones": [of.phone],
            "language": of.language,
        }
    )


def deal(of: Deal, ids: Ids) -> Body:
    owner = ids.of("user", of.owner)
    body = (
        _named("deal", of.key)
        | ids.belonging(of.office, of.owner)
        | {
            "name": of.name,
            "status": of.status,
            "customer": ids.customer(of.customer),
            "lines": [
                {
                    "product": ids.of("product", line.sku),
                    "quantity": str(line.quantity),
                    "price": Money(line.price, CURRENCY),
                }
                for line in of.lines
            ],
            "history": [
                {"stage": ids.of("stage", str(stage)), "by": owner, **_when("entered", of, at)}
                for stage, at in of.stages
            ],
            **_when("started", of, of.stages[0][1]),
            "channel": ids.of("channel", of.channel.key),
            "campaign": ids.of("campaign", of.campaign.key) if of.campaign else None,
            "expected_close_on": of.expected_close,
        }
    )
    if of.closed is not None:
        body |= _when("closed", of, of.closed)
    if of.reason is not None:
        body["reason"] = ids.of("reason", f"{of.status}:{of.reason}")
    if of.next_step is not None and of.next_step_due is not None:
        due = in_utc(of.next_step_due, of.office.time_zone)
        body["next_step"] = {"text": of.next_step, "due_at": due, "assignee": owner}
    return body


def touch(of: Touch, ids: Ids) -> Body:
    zone = of.office.time_zone
    return (
        _named("touch", of.key)
        | ids.belonging(of.office, of.owner)
        | {
            "channel": of.channel,
            "direction": of.direction,
            "status": of.status,
            "customer": ids.customer(of.customer),
            "deal": ids.of("deal", of.deal),
            "subject": of.subject,
            "campaign": ids.of("campaign", of.campaign.key) if of.campaign else None,
            "planned_for": in_utc(of.planned_for, zone) if of.planned_for else None,
            "done_at": in_utc(of.done, zone) if of.done else None,
            "duration_minutes": of.minutes,
            "outcome": of.outcome,
        }
    )


def _named(kind: Kind, key: str) -> Body:
    return {"external_ids": [ExternalId(SYSTEM, kind, key)]}


def _when(what: str, of: Deal, local: datetime) -> Body:
    """A moment and its date in the deal's office."""
    return {f"{what}_at": in_utc(local, of.office.time_zone), f"{what}_on": local.date()}
