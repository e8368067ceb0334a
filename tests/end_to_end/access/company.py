"""Two companies on the platform: offices, people of every role in them, records of everybody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.end_to_end.access.reaches import ABOVE, Holding, Worker
from tests.end_to_end.conftest import Platform

PASSWORD = "correct horse battery staple"
MARK = "ромашка"
DAY = "2026-05-04"

PATIENCE = httpx.Limits(keepalive_expiry=1.0)
"""Far less than the gateway's: it must not hang up as the next request is on its way."""

Json = dict[str, Any]
OWNED = (
    "companies", "people", "touches", "deals", "leads", "campaigns", "forms", "spend", "absences",
)  # fmt: skip
COMMON = ("channels", "products", "pipelines", "reasons", "users", "roles", "departments", "facts")


@dataclass
class Company:
    """A tenant: who works there and what it holds."""

    name: str
    slug: str
    tenant: str = ""
    offices: dict[str, str] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)

    @property
    def administrator(self) -> Worker:
        return self.workers[0]

    def of(self, resource: str, use: str = "first") -> list[Holding]:
        return [h for h in self.holdings if (h.resource, h.use) == (resource, use)]


async def found(
    platform: Platform, name: str, clients: AsyncExitStack, staff: Mapping[str, Iterable[str]]
) -> Company:
    """A company with workers in the roles of `staff` by office, still without records."""
    company = Company(name, f"{name}-{uuid4().hex[:10]}")

    async def client() -> httpx.AsyncClient:
        made = httpx.AsyncClient(base_url=platform.gateway_url, timeout=60, limits=PATIENCE)
        return await clients.enter_async_context(made)

    stranger = await client()
    made = await asked(
        stranger,
        "/v1/tenants",
        {
            "name": name, "slug": company.slug, "currency": "RUB", "time_zone": "Europe/Moscow",
            "administrator": {"name": "root", "login": f"root-{name}", "password": PASSWORD},
        },
        {"Authorization": f"Bearer {platform.bootstrap_token}"},
    )  # fmt: skip
    company.tenant = made["tenant"]["id"]
    company.offices["root"] = made["department"]["id"]

    async def employ(id: str, login: str, office: str, role: str) -> None:
        worker = Worker(id, name, office, role, login, await client())
        signed = {"tenant": company.slug, "login": login, "password": PASSWORD}
        session = await asked(stranger, "/v1/sessions", signed)
        worker.client.headers["Authorization"] = f"Bearer {session['access_token']}"
        company.workers.append(worker)

    await employ(made["user"]["id"], f"root-{name}", "root", "administrator")
    admin = company.administrator.client
    always = {"working_hours": {"monday": [{"opens": "00:00", "closes": "24:00"}]}}
    answer = await admin.patch(f"/v1/departments/{company.offices['root']}", json=always)
    assert answer.is_success, answer.text
    for office in ("north", "harbour", "south"):
        below = {"parent": company.offices[ABOVE[office] or "root"]}
        draft = {"name": office, "time_zone": "Europe/Moscow"} | below
        company.offices[office] = (await asked(admin, "/v1/departments", draft))["id"]

    async def hire(office: str, role: str) -> None:
        # Nobody signs in elsewhere with what opens their own door.
        login = f"{role}-{office}-{name}"
        draft = {"name": login, "login": login, "roles": [role]}
        place = {"department": company.offices[office]}
        invited = await asked(admin, "/v1/users", draft | place)
        accepted = {"invitation": invited["invitation"], "password": PASSWORD}
        await asked(stranger, "/v1/invitations/accept", accepted)
        await employ(invited["user"]["id"], login, office, role)

    await asyncio.gather(*(hire(office, role) for office, roles in staff.items() for role in roles))
    return company


async def furnish(company: Company) -> None:
    """Records of every worker, and of nobody; the leads have become customers with deals."""
    admin = company.administrator.client
    channel = {"name": f"{MARK} channel", "kind": "other"}
    await _make(company, "channels", [(Holding("", company.name, "channels"), channel)])
    price = {"amount": "10", "currency": "RUB"}
    product = {"name": f"{MARK} product", "price": price}
    await _make(company, "products", [(Holding("", company.name, "products"), product)])
    role = {"name": f"{MARK} role", "code": "clerk", "permissions": {"deals:read": "own"}}
    await _make(company, "roles", [(Holding("", company.name, "roles"), role)])
    await _furnish_absences(company)
    await until(lambda: _exists(admin, "/v1/pipelines"), "no pipeline")
    await until(lambda: _exists(admin, "/v1/reasons?outcome=lost"), "no reasons")
    await _furnish_contacts(company)
    await _furnish_facts(company)
    await _furnish_sales(company)
    await _furnish_marketing(company)
    await until(lambda: _settled(company), "leads became no deals")
    await until(lambda: _told(company), "facts were not told")
    for resource in (*OWNED, *COMMON):
        await _take_stock(company, resource)


async def _furnish_absences(company: Company) -> None:
    for use, day in (("first", "2031-01-01"), ("spare", "2031-02-01")):
        absent = {"kind": "vacation", "starts_on": day, "ends_on": day}
        made = [
            (Holding("", company.name, "absences", worker.office, worker.id, use),
             absent | {"owner": worker.id})
            for worker in company.workers
        ]  # fmt: skip
        await _make(company, "absences", made)


async def _furnish_contacts(company: Company) -> None:
    for use in ("first", "spare"):
        for resource, named in (
            ("companies", {"name": f"{MARK} {use}"}),
            ("people", {"given_name": MARK, "family_name": use}),
        ):
            made = [(h, named | whose) for h, whose in _everybodys(company, resource, use)]
            await _make(company, resource, made)
    people = {(h.owner, h.office): h.id for h in company.of("people")}
    planned = {"planned_for": "2031-01-01T00:00:00Z"}
    for use, more in (("first", {}), ("done", planned), ("cancel", planned)):
        made = []
        for holding, whose in _everybodys(company, "touches", use):
            # Of the agents' records elsewhere the customers are their colleagues'.
            holding.customer = people[holding.owner, holding.office]
            customer = {"type": "person", "id": holding.customer}
            draft: Json = {"channel": "call", "subject": f"{MARK} {use}", "customer": customer}
            made.append((holding, draft | more | whose))
        await _make(company, "touches", made)


async def _furnish_facts(company: Company) -> None:
    """A payment of everybody's customer."""
    people = company.of("people")
    items = [payment(person.id, person.id) for person in people]
    verdicts = await asked(company.administrator.client, "/v1/facts", {"items": items})
    for person, verdict in zip(people, verdicts["items"], strict=True):
        assert verdict["verdict"] == "accepted", verdict
        company.holdings.append(Holding(verdict["id"], company.name, "facts", customer=person.id))


def payment(document: str, customer: str) -> Json:
    """A payment that an ERP reports."""
    return {
        "kind": "payment_received",
        "document": {"system": "1c", "type": "payment", "id": document},
        "document_version": 1,
        "happened_at": f"{DAY}T09:00:00+03:00",
        "customer": {"id": customer},
        "amount": {"amount": "100.00", "currency": "RUB"},
    }


async def _told(company: Company) -> bool:
    """Whether contacts has heard of the payments."""
    admin, found = company.administrator.client, 0
    for person in company.of("people"):
        timeline = f"/v1/customers/{person.id}/timeline?type=fact"
        found += len((await admin.get(timeline)).json()["items"])
    return found == len(company.of("facts"))


async def _furnish_sales(company: Company) -> None:
    companies = {(h.owner, h.office): h.id for h in company.of("companies")}
    closed = {"started_on": DAY, "closed_on": DAY}
    for use, more in (
        ("first", {}), ("win", {}), ("won", {"status": "won"} | closed),
        ("lost", {"status": "lost"} | closed),
    ):  # fmt: skip
        made = []
        for holding, whose in _everybodys(company, "deals", use):
            holding.customer = companies[holding.owner, holding.office]
            holding.state = {"status": more.get("status", "open")}
            draft: Json = {"name": f"{MARK} {use}", "amount": {"amount": "100", "currency": "RUB"}}
            draft["customer"] = {"type": "company", "id": holding.customer}
            made.append((holding, draft | more | whose))
        await _make(company, "deals", made)


async def _furnish_marketing(company: Company) -> None:
    admin = company.administrator.client
    channel = (await _listed(admin, "channels"))[0]["id"]
    for resource, more in (("campaigns", {"channel": channel}), ("forms", {})):
        draft = {"name": f"{MARK} {resource}"} | more
        made = [(h, draft | whose) for h, whose in _everybodys(company, resource, "first")]
        await _make(company, resource, made)
    spent = [
        {"campaign": h.id, "day": DAY, "amount": {"amount": "7", "currency": "RUB"}}
        for h in company.of("campaigns")
    ]
    verdicts = await asked(admin, "/v1/spend/bulk", {"items": spent})
    company.holdings += [
        Holding(verdict["id"], company.name, "spend", of.office, of.owner)
        for verdict, of in zip(verdicts["items"], company.of("campaigns"), strict=True)
    ]
    for number, form in enumerate(company.of("forms")):
        details = {"name": f"{MARK} lead", "email": f"{number}@{company.slug}.example"}
        lead = (await asked(admin, f"/v1/forms/{form.id}/submissions", details))["lead"]
        company.holdings.append(Holding(lead, company.name, "leads", form.office, form.owner))


def _everybodys(company: Company, resource: str, use: str) -> Iterable[tuple[Holding, Json]]:
    """A holding of every worker in their office, and one of each northern agent in the south."""
    places = [(worker, worker.office) for worker in company.workers]
    places += [(w, "south") for w in company.workers if (w.role, w.office) == ("agent", "north")]
    for worker, office in places:
        holding = Holding("", company.name, resource, office, worker.id, use)
        yield holding, {"owner": worker.id, "department": company.offices[office]}


async def _make(company: Company, resource: str, made: list[tuple[Holding, Json]]) -> None:
    items = [draft for _, draft in made]
    answer = await asked(company.administrator.client, f"/v1/{resource}/bulk", {"items": items})
    for (holding, _), verdict in zip(made, answer["items"], strict=True):
        assert verdict["verdict"] == "created", verdict
        holding.id = verdict["id"]
        company.holdings.append(holding)


async def _take_stock(company: Company, resource: str) -> None:
    """Know of what reactions made too, and that all else is whose it should be."""
    known = {h.id: h for h in company.holdings if h.resource == resource}
    offices = {id: office for office, id in company.offices.items()}
    listed = {state["id"]: state for state in await _listed(company.administrator.client, resource)}
    assert known.keys() <= listed.keys()
    for id, state in listed.items():
        customer = (state.get("customer") or {}).get("id")
        holding = known.get(id)
        if holding is None:
            office = offices.get(state["department"])
            holding = Holding(id, company.name, resource, office, state["owner"], "made")
            holding.customer = customer
            company.holdings.append(holding)
        if resource == "leads":
            holding.customer = customer
        whose = (holding.owner, company.offices.get(holding.office or ""))
        assert (state["owner"], state["department"]) == whose, state
        holding.state = state


async def _settled(company: Company) -> bool:
    leads = await _listed(company.administrator.client, "leads")
    return all(lead["status"] == "converted" for lead in leads)


async def _exists(client: httpx.AsyncClient, path: str) -> bool:
    return bool((await client.get(path)).json()["items"])


async def _listed(client: httpx.AsyncClient, resource: str) -> list[Json]:
    answer = await client.get(f"/v1/{resource}", params={"limit": 200})
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page["next_cursor"] is None
    items: list[Json] = page["items"]
    return items


async def asked(
    client: httpx.AsyncClient, path: str, body: Json, headers: dict[str, str] | None = None
) -> Json:
    """The answer to a POST that is no problem."""
    answer = await client.post(path, json=body, headers=headers)
    assert answer.is_success, answer.text
    found: Json = answer.json()
    return found


async def until(look: Callable[[], Awaitable[bool]], what: str, seconds: float = 120) -> None:
    """Return once `look` finds what it looks for."""
    end = time.monotonic() + seconds
    while not await look():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.1)
