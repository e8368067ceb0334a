"""A walk through the whole API as those from whom roles keep fields: no answer tells one of them.

Every field of every record that can hold a word of its own holds one: a canary. `blind`
has the rights of an administrator and sees no field at all; `clerk` works, with personal
data masked and everything else that was said hidden. Neither is ever answered a canary,
and the administrator is told every one.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.end_to_end.access.company import (
    PASSWORD,
    PATIENCE,
    Company,
    Json,
    asked,
    found,
    until,
)
from tests.end_to_end.access.test_walk import PUBLIC
from tests.end_to_end.conftest import Platform

pytestmark = [pytest.mark.access, pytest.mark.timeout(0)]

ALWAYS_SEEN = {"id", "version", "owner", "department"}
STATES = {
    "companies": "Company", "people": "Person", "touches": "Touch", "pipelines": "Pipeline",
    "products": "Product", "reasons": "Reason", "deals": "Deal", "channels": "Channel",
    "campaigns": "Campaign", "spend": "Spend", "forms": "Form", "leads": "Lead",
}  # fmt: skip
"""Resource -> what the API's description calls its records."""
MASKED = {
    "companies": ("emails", "phones"),
    "people": ("given_name", "family_name", "patronymic", "emails", "phones"),
    "leads": ("name", "email", "phone"),
}
SAID = {
    "companies": ("name", "tax_id", "industry", "website", "address", "employees",
                  "annual_revenue", "notes", "external_ids"),
    "people": ("job_title", "language", "address", "notes", "external_ids"),
    "touches": ("subject", "notes", "outcome", "duration_minutes", "external_ids"),
    "pipelines": ("name", "stages"),
    "products": ("name", "sku", "category", "price", "cost"),
    "reasons": ("name", "code"),
    "deals": ("name", "amount", "reason_comment", "next_step", "external_ids"),
    "channels": ("name",),
    "campaigns": ("name", "budget"),
    "spend": ("amount",),
    "forms": ("name",),
    "leads": ("company_name", "message"),
}  # fmt: skip
"""Resource -> the fields that hold what was said, and are not masked."""


@dataclass
class Aviary:
    """A company whose records hold canaries: which, and the id of a record of each kind."""

    company: Company
    canaries: set[str] = field(default_factory=set)
    ids: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(10))

    def word(self) -> str:
        """A new canary."""
        made = f"zq{next(self.numbers)}canary"
        self.canaries.add(made)
        return made

    def number(self, first: int = 7_310_550_000) -> int:
        """A new canary of digits alone, of which no mask leaves more than two."""
        made = first + next(self.numbers)
        self.canaries.add(str(made))
        return made

    def money(self) -> Json:
        return {"amount": str(self.number()), "currency": "RUB"}

    def named(self) -> list[Json]:
        return [{"system": "erp", "type": "x", "id": self.word()}]

    def contact(self) -> Json:
        return {"emails": [f"{self.word()}@host.example"], "phones": [f"+{self.number()}"]}


async def test_what_roles_keep_is_told_by_no_route(platform: Platform) -> None:
    async with AsyncExitStack() as clients:
        aviary = Aviary(await found(platform, "kept", clients, {}))
        admin = aviary.company.administrator.client
        await _furnish(aviary)
        described = (await admin.get("/openapi.json")).json()
        blind = await _employed(platform, aviary, clients, "blind", _every_field(described))
        clerk = await _employed(platform, aviary, clients, "clerk", _said_and_masked())
        whole = await _asked_everything(aviary, described, admin)
        everything = "".join(whole.values())
        assert [canary for canary in aviary.canaries if canary not in everything] == []
        await _see_nothing_but_what_is_always_seen(blind)
        await _see_what_is_left(aviary, clerk)
        for somebody in (blind, clerk):
            told = await _asked_everything(aviary, described, somebody)
            told |= await _commanded_everything(aviary, described, somebody)
            assert _leaks(aviary, told) == []


def _leaks(aviary: Aviary, told: dict[str, str]) -> list[str]:
    """Every route with a canary that it told."""
    return [f"{way}: {canary}" for way, text in told.items() for canary in aviary.canaries
            if canary in text]  # fmt: skip


def _every_field(described: Json) -> Json:
    schemas = described["components"]["schemas"]
    return {
        resource: dict.fromkeys(schemas[state]["properties"].keys() - ALWAYS_SEEN, "hidden")
        for resource, state in STATES.items()
    }


def _said_and_masked() -> Json:
    return {
        resource: dict.fromkeys(fields, "hidden")
        | dict.fromkeys(MASKED.get(resource, ()), "masked")
        for resource, fields in SAID.items()
    }


async def _employed(
    platform: Platform, aviary: Aviary, clients: AsyncExitStack, code: str, fields: Json
) -> httpx.AsyncClient:
    """Somebody with the rights of an administrator under these rules for fields."""
    company, admin = aviary.company, aviary.company.administrator.client
    permissions = (await admin.get("/v1/me")).json()["permissions"]
    role = {"code": code, "name": code, "permissions": permissions, "fields": fields}
    await asked(admin, "/v1/roles", role)
    draft = {"name": code, "login": code, "roles": [code], "department": company.offices["root"]}
    invited = await asked(admin, "/v1/users", draft)
    accepted = {"invitation": invited["invitation"], "password": PASSWORD}
    await asked(admin, "/v1/invitations/accept", accepted)
    signed = {"tenant": company.slug, "login": code, "password": PASSWORD}
    token = (await asked(admin, "/v1/sessions", signed))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    made = httpx.AsyncClient(
        base_url=platform.gateway_url, timeout=60, headers=headers, limits=PATIENCE
    )
    return await clients.enter_async_context(made)


# -- canaries -----------------------------------------------------------------------


async def _furnish(aviary: Aviary) -> None:
    word, money = aviary.word, aviary.money
    await _make(aviary, "channels", name=word(), kind="other")
    await _make(
        aviary, "companies", name=word(), tax_id=word(), industry=word(), website=word(),
        address={"line": word()}, employees=aviary.number(73_105_000), annual_revenue=money(),
        notes=word(), external_ids=aviary.named(), **aviary.contact(),
    )  # fmt: skip
    await _make(
        aviary, "people", given_name=word(), family_name=word(), patronymic=word(),
        job_title=word(), language=word(), address={"line": word()}, notes=word(),
        company=aviary.ids["companies"], external_ids=aviary.named(), **aviary.contact(),
    )  # fmt: skip
    customer = {"type": "person", "id": aviary.ids["people"]}
    await _make(
        aviary, "touches", channel="call", subject=word(), notes=word(), outcome=word(),
        duration_minutes=7319, customer=customer, external_ids=aviary.named(),
        planned_for="2031-01-01T00:00:00Z", status="planned",
    )  # fmt: skip
    stages = [{"name": word(), "probability": 10}, {"name": word(), "probability": 60}]
    await _make(aviary, "pipelines", name=word(), stages=stages, is_default=True)
    await _make(
        aviary, "products", name=word(), sku=word(), category=word(), price=money(), cost=money()
    )
    await _make(aviary, "reasons", name=word(), code=word(), outcome="won")
    await _make(
        aviary, "deals", name=word(), amount=money(), next_step={"text": word()},
        customer={"type": "company", "id": aviary.ids["companies"]}, external_ids=aviary.named(),
        channel=aviary.ids["channels"],
    )  # fmt: skip
    await _make(aviary, "campaigns", name=word(), channel=aviary.ids["channels"], budget=money())
    admin = aviary.company.administrator.client
    deal = f"/v1/deals/{aviary.ids['deals']}"
    await asked(admin, f"{deal}/win", {"reason": aviary.ids["reasons"], "comment": word()})
    spent = {"campaign": aviary.ids["campaigns"], "day": "2026-05-04", "amount": money()}
    (verdict,) = (await asked(admin, "/v1/spend/bulk", {"items": [spent]}))["items"]
    aviary.ids["spend"] = verdict["id"]
    await _make(aviary, "forms", name=word(), campaign=aviary.ids["campaigns"])
    details = {
        "name": word(), "email": f"{word()}@host.example", "phone": f"+{aviary.number()}",
        "company_name": word(), "message": word(),
    }  # fmt: skip
    submitted = await asked(admin, f"/v1/forms/{aviary.ids['forms']}/submissions", details)
    aviary.ids["leads"] = submitted["lead"]
    aviary.ids["customers"] = aviary.ids["companies"]

    async def is_taken_up() -> bool:
        state = (await admin.get(f"/v1/leads/{aviary.ids['leads']}")).json()
        return bool(state["status"] == "converted")

    await until(is_taken_up, "the lead became no deal")


async def _make(aviary: Aviary, resource: str, **draft: Any) -> None:
    made = await asked(aviary.company.administrator.client, f"/v1/{resource}", draft)
    aviary.ids[resource] = made["id"]


# -- asking -------------------------------------------------------------------------


async def _asked_everything(
    aviary: Aviary, described: Json, client: httpx.AsyncClient
) -> dict[str, str]:
    """Route -> all that it answers; a list also searched, a record also as of today."""
    told = {}
    for path in _paths(aviary, described, "get"):
        queries: list[dict[str, str]] = [{}]
        if re.fullmatch(r"/v1/[a-z]+/[0-9a-f-]{36}", path):
            queries.append({"as_of": "2099-01-01T00:00:00Z"})
        if path.removeprefix("/v1/") in STATES:
            queries += [{"q": canary} for canary in sorted(aviary.canaries)[::9]]
        if path.startswith("/v1/reports/"):
            queries += [{"by": by} for by in ("channel", "product", "customer", "campaign")]
        answers = [await client.get(path, params=query) for query in queries]
        told[f"GET {path}"] = "\n".join(answer.text for answer in answers)
        assert all(answer.status_code < 500 for answer in answers), path
    return told


async def _commanded_everything(
    aviary: Aviary, described: Json, client: httpx.AsyncClient
) -> dict[str, str]:
    """Route -> what it answers a command that names records and no fields; deleting comes last."""
    told = {}
    for method in ("patch", "post", "delete"):
        paths = _paths(aviary, described, method)
        # Ending sessions would end the walk.
        for path in sorted(paths, key=lambda path: ("session" in path, path)):
            body: Json = {}
            if path.endswith("/bulk"):
                id = aviary.ids.get(path.split("/")[2], str(uuid4()))
                body = {"items": [{"id": id}, {"external_ids": [{"system": "erp", "type": "x"}]}]}
            content = None if method == "delete" else body
            answer = await client.request(method.upper(), path, json=content)
            assert answer.status_code < 500, f"{method} {path}: {answer.text}"
            told[f"{method.upper()} {path}"] = answer.text
        if method != "delete":
            state = f"/v1/people/{aviary.ids['people']}"
            assert (await client.patch(state, json={})).status_code == 200
    # The next of whom something is kept finds somebody to be deleted, too.
    await _replace_the_deleted(aviary)
    return told


async def _replace_the_deleted(aviary: Aviary) -> None:
    await _make(aviary, "companies", name=aviary.word(), **aviary.contact())
    await _make(aviary, "people", given_name=aviary.word(), **aviary.contact())
    aviary.ids["customers"] = aviary.ids["companies"]


def _paths(aviary: Aviary, described: Json, method: str) -> list[str]:
    """Every path of the API that is not public and has this method, about our records."""
    paths = []
    for path, methods in described["paths"].items():
        if method in methods and (method.upper(), path) not in PUBLIC:
            resource = path.split("/")[2]
            id = aviary.ids.get(resource, str(uuid4()))
            filled = path.replace("{id}", id).replace("{consumer}", "analytics")
            paths.append(filled.replace("{topic}", "crm.sales.deal").replace("{key}", str(uuid4())))
    return paths


# -- seeing -------------------------------------------------------------------------


async def _see_nothing_but_what_is_always_seen(blind: httpx.AsyncClient) -> None:
    for resource in STATES:
        listed = await blind.get(f"/v1/{resource}")
        assert listed.status_code == 200, listed.text
        states = listed.json()["items"]
        assert states, resource
        assert all(state.keys() == ALWAYS_SEEN for state in states), resource
        told = await blind.get(f"/v1/{resource}/{states[0]['id']}/history")
        versions = told.json()["items"]
        assert versions, resource
        assert all(version["changed"].keys() <= ALWAYS_SEEN for version in versions), resource
    revenue = await blind.get("/v1/reports/revenue")
    assert (revenue.status_code, revenue.json()["field"]) == (403, "deals.status")


async def _see_what_is_left(aviary: Aviary, clerk: httpx.AsyncClient) -> None:
    person, company = aviary.ids["people"], aviary.ids["companies"]
    ways = (
        f"/v1/customers/{person}",
        f"/v1/customers/{company}/timeline",
        f"/v1/customers/{company}/360",
        "/v1/reports/win-rate",
        "/v1/deals",
        "/v1/touches",
    )
    answers = await asyncio.gather(*(clerk.get(way) for way in ways))
    assert [answer.status_code for answer in answers] == [200] * len(ways)
    seen = answers[0].json()["record"]
    assert seen["given_name"] == "z."
    assert seen["emails"] == ["z…@host.example"]
    assert re.fullmatch(r"\.\.\.[0-9]{2}", seen["phones"][0])
