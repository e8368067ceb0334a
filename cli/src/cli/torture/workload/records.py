"""The kinds of records that clients write: where, how a new one looks, and what changes in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from cli.torture.workload.world import Tenant, external_id

Body = dict[str, Any]
_INDUSTRIES = ("Coffee", "Tea", "Tools", "Торговля", "Логистика")
_CITIES = (("Москва", "Europe/Moscow"), ("Владивосток", "Asia/Vladivostok"), ("Berlin", None))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record under `path`.

    `new` drafts one that carries the marker; it is None where something that it needs is not
    known yet. `text` is the field into which a change writes its marker, `other` a second one.
    """

    path: str
    new: Callable[[Tenant, str, Random], Body | None]
    text: str
    other: Callable[[Random], Body] = lambda _: {}
    in_bulk: bool = False


def _company(_: Tenant, mark: str, dice: Random) -> Body:
    return {"name": f"Company {mark[:8]}", "industry": dice.choice(_INDUSTRIES), "notes": mark}


def _person(tenant: Tenant, mark: str, dice: Random) -> Body:
    company = tenant.any("company", dice)
    return {
        "given_name": f"Person {mark[:8]}",
        "emails": [f"p-{mark}@example.com"],
        "company": str(company.id) if company is not None and dice.random() < 0.5 else None,
        "notes": mark,
    }


def _touch(tenant: Tenant, mark: str, dice: Random) -> Body | None:
    customer = customer_of(tenant, dice)
    if customer is None:
        return None
    body = {"channel": "call", "customer": customer, "subject": "Torture", "notes": mark}
    return body | ({"planned_for": "2030-01-01T12:00:00Z"} if dice.random() < 0.6 else {})


def _deal(tenant: Tenant, mark: str, dice: Random) -> Body:
    body: Body = {"name": mark, "customer": customer_of(tenant, dice)}
    product = tenant.any("product", dice)
    if product is not None and dice.random() < 0.4:
        price = {"amount": f"{dice.randint(1, 900)}.50", "currency": "EUR"}
        body["lines"] = [
            {"product": str(product.id), "quantity": str(dice.randint(1, 9)), "price": price}
        ]
    else:
        body["amount"] = {"amount": str(dice.randint(100, 90_000)), "currency": "EUR"}
    campaign = tenant.any("campaign", dice)
    if campaign is not None and dice.random() < 0.3:
        body["campaign"] = str(campaign.id)
    return body


def _product(_: Tenant, mark: str, dice: Random) -> Body:
    return {"name": mark, "price": {"amount": str(dice.randint(1, 999)), "currency": "EUR"}}


def _channel(_: Tenant, mark: str, dice: Random) -> Body:
    return {"name": mark, "kind": dice.choice(("search", "email", "event"))}


def _campaign(tenant: Tenant, mark: str, dice: Random) -> Body | None:
    channel = tenant.any("channel", dice)
    return None if channel is None else {"name": mark, "channel": str(channel.id)}


def _form(tenant: Tenant, mark: str, dice: Random) -> Body:
    campaign = tenant.any("campaign", dice)
    return {"name": mark, "campaign": str(campaign.id) if campaign is not None else None}


def _department(tenant: Tenant, mark: str, dice: Random) -> Body:
    parent = tenant.any("department", dice)
    return {
        "name": mark,
        "parent": str(parent.id) if parent is not None and dice.random() < 0.5 else None,
        **_place(dice),
    }


def _place(dice: Random) -> Body:
    city, zone = dice.choice(_CITIES)
    return {"city": city, "time_zone": zone or "Europe/Berlin"}


def _user(tenant: Tenant, mark: str, dice: Random) -> Body:
    place = tenant.any("department", dice)
    return {
        "name": mark,
        "login": f"u-{mark}",
        "roles": ["agent"],
        "department": str(place.id if place is not None else tenant.root),
    }


def _pipeline(_: Tenant, mark: str, dice: Random) -> Body:
    stages = [{"name": f"Stage {n}", "probability": n * 20} for n in range(1, dice.randint(2, 5))]
    return {"name": mark, "stages": stages}


def customer_of(tenant: Tenant, dice: Random) -> Body | None:
    """A reference to some company or person."""
    kind = dice.choice(("company", "person"))
    known = tenant.any(kind, dice)
    return None if known is None else {"type": kind, "id": str(known.id)}


KINDS: Mapping[str, Kind] = {
    "company": Kind(
        "/v1/companies",
        _company,
        "notes",
        lambda dice: {"employees": dice.randint(1, 9_999)},
        in_bulk=True,
    ),
    "person": Kind(
        "/v1/people",
        _person,
        "notes",
        lambda dice: {"job_title": f"Job {dice.randint(1, 9_999)}"},
        in_bulk=True,
    ),
    "touch": Kind(
        "/v1/touches",
        _touch,
        "notes",
        lambda dice: {"duration_minutes": dice.randint(1, 99)},
        in_bulk=True,
    ),
    "deal": Kind(
        "/v1/deals",
        _deal,
        "name",
        lambda dice: {"expected_close_on": f"2030-{dice.randint(1, 12):02}-01"},
        in_bulk=True,
    ),
    "product": Kind("/v1/products", _product, "name", in_bulk=True),
    "channel": Kind("/v1/channels", _channel, "name"),
    "campaign": Kind("/v1/campaigns", _campaign, "name"),
    "form": Kind("/v1/forms", _form, "name"),
    "department": Kind("/v1/departments", _department, "name", _place),
    "user": Kind("/v1/users", _user, "name"),
    "pipeline": Kind("/v1/pipelines", _pipeline, "name"),
}


def new_body(kind: str, tenant: Tenant, mark: str, dice: Random) -> Body | None:
    """A draft of a new record, often named by its marker in `external_ids` too.

    Not always: where it is, a creation that was done before is refused for that alone.
    """
    body = KINDS[kind].new(tenant, mark, dice)
    if body is None or dice.random() < 0.6:
        return body
    return body | {"external_ids": external_id(kind, mark)}
