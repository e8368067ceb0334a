"""A walk through the whole API as every role, in every office, of two tenants.

What everybody should get is told by `reaches.py`, in plain Python. With
`--access-table FILE` the walk writes down what was allowed, refused and leaked, first all routes
together and then each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.end_to_end.access.company import Company, found, furnish, until
from tests.end_to_end.access.credentials import Everybodys, give_up, look_after, obtain
from tests.end_to_end.access.doors import CONSUMERS, Waiting, knock_at_public_doors, operate
from tests.end_to_end.access.providers import trust
from tests.end_to_end.access.reaches import ROLES, Worker
from tests.end_to_end.access.reading import has_caught_up, read_everything, read_reports
from tests.end_to_end.access.tally import Route, Tally
from tests.end_to_end.access.walk import Walk
from tests.end_to_end.access.writing import change_everything, delete_everything
from tests.end_to_end.conftest import Platform

pytestmark = [pytest.mark.access, pytest.mark.timeout(0)]

NO_ID = "00000000-0000-4000-8000-000000000000"
AT_ONCE = 8
"""Workers who walk at the same time."""

LINE = ("manager", "agent")
"""The roles whose reach depends on the office."""

PUBLIC = {
    ("GET", "/.well-known/jwks.json"),
    ("POST", "/v1/sessions"),
    ("POST", "/v1/sessions/refresh"),
    ("POST", "/v1/tenants"),
    ("POST", "/v1/invitations/accept"),
    ("POST", "/v1/password-resets"),
    ("POST", "/v1/sign-ins"),
    ("POST", "/v1/sign-ins/complete"),
    ("POST", "/v1/forms/{id}/submissions"),
}


async def test_nobody_reaches_more_or_less_than_their_roles_say(
    platform: Platform, pytestconfig: pytest.Config
) -> None:
    async with AsyncExitStack() as clients:
        walk = await _walked(platform, clients)
        described = await _described(walk.companies[0])
        strangers = await _unasked(platform, described)
    _write(walk.tally, pytestconfig.getoption("--access-table"))
    assert walk.tally.wrong == []
    assert walk.tally.routes() == described, "a route without a case, or a case without a route"
    assert strangers == []
    assert _never_tried(walk, described) == []


async def _walked(platform: Platform, clients: AsyncExitStack) -> Walk:
    companies = await asyncio.gather(
        found(platform, "acme", clients, {"north": ROLES, "harbour": LINE, "south": LINE}),
        found(platform, "rival", clients, {"north": (*LINE, "operator")}),
    )
    await asyncio.gather(*(furnish(company) for company in companies))
    await asyncio.gather(*(trust(company) for company in companies))
    walk = Walk((companies[0], companies[1]), Tally())
    workers = [worker for company in companies for worker in company.workers]
    await _each(workers, lambda worker: read_everything(walk, worker))
    await until(lambda: has_caught_up(walk), "analytics counts too little")
    await _each(workers, lambda worker: read_reports(walk, worker))
    await _each(workers, lambda worker: change_everything(walk, worker))
    await _each(workers, lambda worker: delete_everything(walk, worker))
    await _each(workers, lambda worker: knock_at_public_doors(walk, worker))
    proofs: Everybodys = {}
    for of_oneself in (obtain, look_after, give_up):
        await _each(workers, partial(of_oneself, walk, proofs=proofs))
    # Reaches mean nothing to operators: one office of each company is enough.
    await _operate(platform, walk, [worker for worker in workers if worker.office == "north"])
    return walk


def _write(tally: Tally, file: str | None) -> None:
    print(tally.summary())
    if file is not None:
        Path(file).write_text(tally.table() + "\n")


async def _each(workers: list[Worker], walking: Callable[[Worker], Awaitable[None]]) -> None:
    """As all workers, a few at a time."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def in_turn(worker: Worker) -> None:
        async with turns:
            await walking(worker)

    await asyncio.gather(*map(in_turn, workers))


async def _operate(platform: Platform, walk: Walk, workers: list[Worker]) -> None:
    """One after the other: they all mend the same keys."""
    async with AsyncExitStack() as connections:
        databases = {}
        for service in CONSUMERS:
            connection = await asyncpg.connect(platform.database_url(service))
            connections.push_async_callback(connection.close)
            databases[service] = connection
        waiting = Waiting(walk, databases)
        for worker in workers:
            await operate(walk, worker, waiting)
        for company in walk.companies:
            for service in CONSUMERS:
                await waiting.take(service, company.name)


async def _described(company: Company) -> set[Route]:
    """Every route of the merged description of the API."""
    answer = await company.administrator.client.get("/openapi.json")
    paths: dict[str, dict[str, Any]] = answer.json()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


async def _unasked(platform: Platform, routes: Iterable[Route]) -> list[str]:
    """The routes, of those that are not public, that answer a stranger with anything but 401."""
    async with httpx.AsyncClient(base_url=platform.gateway_url, timeout=60) as stranger:
        answers = {
            (method, path): await stranger.request(
                method,
                path.replace("{id}", NO_ID)
                .replace("{key}", NO_ID)
                .replace("{consumer}", "analytics")
                .replace("{topic}", "crm.sales.deal"),
            )
            for method, path in sorted(set(routes) - PUBLIC)
        }
    return [
        f"{method} {path}: {answer.status_code}"
        for (method, path), answer in answers.items()
        if answer.status_code != 401
    ]


def _never_tried(walk: Walk, routes: Iterable[Route]) -> list[str]:
    """Roles that were never refused anything at a route, and routes where nobody was given any."""
    tally = walk.tally
    missing = []
    for route in sorted(routes):
        allowed = sum(tally.total(tally.allowed, route, role) for role in ROLES)
        if not allowed and route not in NEVER_GIVEN:
            missing.append(f"{' '.join(route)} gave nobody anything")
        missing += [
            f"{' '.join(route)} refused {role} nothing"
            for role in ROLES
            if not tally.total(tally.refused, route, role) and route not in OF_ONESELF
        ]
    return missing


NEVER_GIVEN = {
    # The secret of an installation and that of an invitation open them before the walk.
    ("POST", "/v1/tenants"),
    ("POST", "/v1/invitations/accept"),
    # Without a mail server there is nothing to ask for.
    ("POST", "/v1/password-resets"),
    # Without an identity provider nobody is sent to one, and comes back.
    ("POST", "/v1/sign-ins"),
    ("POST", "/v1/sign-ins/complete"),
    *(("POST", f"/v1/operations/gateway/parked/{{consumer}}/{{topic}}/{{key}}/{verb}")
      for verb in ("redrive", "discard")),
}  # fmt: skip
"""Routes without a case that gives anything; the gateway has no consumers to mend."""

OF_ONESELF = {
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/v1/me"),
    ("GET", "/v1/me/access"),
    ("GET", "/v1/tenant"),
    ("GET", "/v1/tenant/history"),
    *(("GET", f"/v1/operations/{service}/{what}")
      for service in CONSUMERS for what in ("parked", "reconciliation")),
    *(("POST", f"/v1/{what}") for what in (
        "companies", "people", "touches", "deals", "campaigns", "forms", "channels", "products",
        "pipelines", "reasons", "departments", "users", "roles", "facts")),
}  # fmt: skip
"""Routes where some role has nothing to be refused: they tell and make what is one's own."""
