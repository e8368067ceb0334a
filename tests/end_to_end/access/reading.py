"""Every route that reads, as one worker."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.end_to_end.access.company import COMMON, DAY, MARK, OWNED, Json
from tests.end_to_end.access.providers import see_providers
from tests.end_to_end.access.reaches import CUSTOMERS, Holding, Worker, reach, reaches
from tests.end_to_end.access.walk import Walk

SEARCHED = frozenset((*OWNED, *COMMON)) - {
    "spend", "touches", "pipelines", "reasons", "absences", "facts",
}  # fmt: skip


async def read_everything(walk: Walk, worker: Worker) -> None:
    for resource in (*OWNED, *COMMON):
        await _lists(walk, worker, resource)
        await _records(walk, worker, resource)
    await see_providers(walk, worker)
    await _customers(walk, worker)
    await _own_place(walk, worker)
    await _explanations(walk, worker)
    await _working_time(walk, worker)


async def _lists(walk: Walk, worker: Worker, resource: str) -> None:
    path, every = f"/v1/{resource}", walk.all(resource)
    await walk.many(worker, path, every)
    beyond = walk.own(worker).offices["south"]
    there = [h for h in every if h.state.get("department") == beyond]
    await walk.many(worker, path, there, query={"department": beyond})
    somebody = walk.own(worker).administrator.id
    theirs = [h for h in every if h.owner == somebody]
    await walk.many(worker, path, theirs, query={"owner": somebody})
    if resource in SEARCHED and resource not in ("users", "departments"):
        marked = [h for h in every if MARK in str(h.state).casefold()]
        await walk.many(worker, path, marked, query={"q": MARK})


async def _records(walk: Walk, worker: Worker, resource: str) -> None:
    path, now = f"/v1/{resource}/{{id}}", datetime.now(UTC).isoformat()
    for holding in walk.examples(worker, resource):
        answers = [await walk.one(worker, "GET", path, holding)]
        if holding.owner == worker.id or not reaches(worker, holding, "read"):
            answers.append(await walk.one(worker, "GET", path, holding, query={"as_of": now}))
        for answer in answers:
            if answer.is_success and answer.json()["id"] != holding.id:
                walk.tally.complain(("GET", path), worker, answer.text)
        told = await walk.one(worker, "GET", f"{path}/history", holding)
        if told.is_success and not told.json()["items"]:
            walk.tally.complain(("GET", f"{path}/history"), worker, "an empty history")


async def _explanations(walk: Walk, worker: Worker) -> None:
    """Of oneself and a record that one may see; neither of strangers nor of what is hidden."""
    route = ("POST", "/v1/access/explain")
    for holding in walk.examples(worker, "deals"):
        question = {"user": worker.id, "permission": "deals:read", "record": holding.id}
        answer = await walk.one(worker, *route, holding, body=question)
        if answer.is_success and not answer.json()["allowed"]:
            walk.tally.complain(route, worker, answer.text)
    question = {"user": walk.other(worker).administrator.id, "permission": "deals:read"}
    answer = await worker.client.post(route[1], json=question)
    walk.refused(route, worker, None, answer, 404)


async def _working_time(walk: Walk, worker: Worker) -> None:
    """Of departments that one may see; their members are those whom one may see."""
    await walk.many(worker, "/v1/departments/open", walk.all("departments"))
    base = "/v1/departments/{id}"
    for holding in walk.examples(worker, "departments"):
        for path, query in (
            (f"{base}/working-time", {"from": DAY, "to": DAY}),
            (f"{base}/working-time/after", {"minutes": "5"}),
            (f"{base}/members", {}),
        ):
            await walk.one(worker, "GET", path, holding, query=query)
    route = ("GET", f"{base}/members")
    root = walk.own(worker).offices["root"]
    answer = await worker.client.get(
        route[1].replace("{id}", root), params={"below": "true", "limit": "500"}
    )
    members = [item["user"] for item in answer.json()["items"]]
    candidates = {h.id: h for h in walk.all("users")}
    walk.among(route, worker, "users", candidates, members)


async def _customers(walk: Walk, worker: Worker) -> None:
    path = "/v1/customers/{id}"
    for resource in ("companies", "people"):
        for holding in walk.examples(worker, resource):
            await walk.one(worker, "GET", path, holding)
            await _timeline(walk, worker, holding)
            await _from_all_sides(walk, worker, holding)


async def _timeline(walk: Walk, worker: Worker, holding: Holding) -> None:
    path = "/v1/customers/{id}/timeline"
    answer = await walk.one(worker, "GET", path, holding)
    if answer.is_success:
        candidates = _with_customer(walk, "touches", holding)
        touched = _touched(answer.json()["items"])
        walk.among(("GET", path), worker, "touches", candidates, touched)
        _told(walk, worker, holding, answer.json()["items"])


def _told(walk: Walk, worker: Worker, customer: Holding, entries: list[Json]) -> None:
    """Facts are told of those customers to whom the reach for facts goes."""
    found = {entry["fact"]["id"] for entry in entries if entry["type"] == "fact"}
    expected = {h.id for h in walk.all("facts") if h.customer == customer.id}
    may = bool(expected) and reaches(worker, customer, "read", "facts")
    if found != (expected if may else set()):
        route = ("GET", "/v1/customers/{id}/timeline")
        walk.tally.complain(route, worker, f"facts {found}, not {expected}, {may}")


async def _from_all_sides(walk: Walk, worker: Worker, holding: Holding) -> None:
    path = "/v1/customers/{id}/360"
    answer = await walk.one(worker, "GET", path, holding)
    if not answer.is_success:
        return
    seen: dict[str, Any] = answer.json()
    if seen["unavailable"] or seen["customer"]["record"]["id"] != holding.id:
        walk.tally.complain(("GET", path), worker, answer.text)
    for part, resource in (("timeline", "touches"), ("deals", "deals"), ("leads", "leads")):
        candidates = _with_customer(walk, resource, holding)
        items = seen[part]["items"]
        found = _touched(items) if part == "timeline" else items
        walk.among(("GET", path), worker, resource, candidates, found)


def _touched(entries: list[Json]) -> list[Json]:
    """The touches of a timeline."""
    return [entry["touch"] for entry in entries if entry["type"] == "touch"]


def _with_customer(walk: Walk, resource: str, holding: Holding) -> dict[str, Holding]:
    return {h.id: h for h in walk.all(resource) if h.customer == holding.id}


async def _own_place(walk: Walk, worker: Worker) -> None:
    me = ("GET", "/v1/me")
    answer = await worker.client.get(me[1])
    walk.granted(me, worker, "own", answer)
    if answer.json()["user"]["id"] != worker.id:
        walk.tally.complain(me, worker, answer.text)
    told = answer.json()["permissions"]
    for resource in (
        *CUSTOMERS,
        "deals",
        "leads",
        "spend",
        "reports",
        "facts",
        "operations",
        "users",
        "absences",
    ):
        for action in ("read", "write"):
            far = reach(worker, resource, action)
            if resource != "reports" and told.get(f"{resource}:{action}") != far:
                walk.tally.complain(me, worker, f"{resource}:{action} is {told}, not {far}")
    access = ("GET", "/v1/me/access")
    answer = await worker.client.get(access[1])
    walk.granted(access, worker, "own", answer)
    grants = {grant["permission"]: grant["reach"] for grant in answer.json()["grants"]}
    if grants != told:
        walk.tally.complain(access, worker, answer.text)
    now = datetime.now(UTC).isoformat()
    tenant = ("GET", "/v1/tenant")
    slug = walk.own(worker).slug
    for query in ({}, {"as_of": now}):
        answer = await worker.client.get(tenant[1], params=query)
        walk.permitted(tenant, worker, "tenant", "read", answer, lambda t: t["slug"] == slug)
    history = ("GET", "/v1/tenant/history")
    answer = await worker.client.get(history[1])
    walk.permitted(history, worker, "tenant", "read", answer, lambda page: bool(page["items"]))


# -- reports ------------------------------------------------------------------------


def _deals(*statuses: str) -> Any:
    return "deals", lambda holding: holding.state["status"] in statuses


def _every(resource: str) -> Any:
    return resource, lambda _: True


REPORTS: dict[str, list[tuple[dict[str, str], Any, Any]]] = {
    "funnel": [({}, _deals("open", "won", "lost"), lambda a: a["totals"]["deals"])],
    "revenue": [
        ({}, _deals("won"), lambda a: a["total"]["deals"]),
        ({"by": "agent"}, _deals("won"), lambda a: sum(i["deals"] for i in a["items"])),
        ({"by": "customer"}, _deals("won"), lambda a: sum(i["deals"] for i in a["items"])),
    ],
    "win-rate": [({}, _deals("won", "lost"), lambda a: a["won"] + a["lost"])],
    "cycle-time": [({}, _deals("won"), lambda a: a["deals"] + a["undated"])],
    "reasons": [({"outcome": "lost"}, _deals("lost"), lambda a: a["total"]["deals"])],
    "forecast": [({}, _deals("open"), lambda a: a["total"]["deals"])],
    "marketing-return": [
        ({}, _every("spend"), lambda a: round(float(a["total"]["spend"]) / 7)),
        ({}, _every("leads"), lambda a: a["total"]["leads"]),
    ],
    "touches": [
        (
            {"by": "agent"},
            _every("touches"),
            lambda a: sum(i["planned"] + i["done"] + i["cancelled"] for i in a["items"]),
        )
    ],
}
"""Report -> what it is asked, which records it counts, and where its answer has their number."""


async def read_reports(walk: Walk, worker: Worker) -> None:
    """A report counts what is within reach, whatever part of it is asked for."""
    beyond = walk.own(worker).offices["south"]
    for name, askings in REPORTS.items():
        for query, (resource, counts), number in askings:
            for narrowed in ({}, {"department": beyond}):
                records = [h for h in walk.all(resource) if counts(h)]
                if narrowed:
                    records = [h for h in records if h.state["department"] == beyond]
                await _report(walk, worker, name, query | narrowed, records, number)


async def _report(
    walk: Walk, worker: Worker, name: str, query: dict[str, str], of: list[Holding], number: Any
) -> None:
    route = ("GET", f"/v1/reports/{name}")
    answer = await worker.client.get(route[1], params=query)
    far = reach(worker, "reports", "read")
    if far is None:
        walk.refused(route, worker, far, answer, 403)
        return
    if not answer.is_success:
        walk.tally.complain(route, worker, answer.text)
        return
    counted = number(answer.json())
    within = sum(reaches(worker, holding, "read", "reports") for holding in of)
    beyond = len(of) - within
    what = f"{counted} of {within} in reach by {query}"
    if within:
        walk.tally.judge(route, worker, far, expected=True, got=counted >= within, what=what)
    if beyond:
        walk.tally.judge(route, worker, far, expected=False, got=counted > within, what=what)


async def has_caught_up(walk: Walk) -> bool:
    """Whether analytics counts everything that was made."""
    for company in walk.companies:
        for name, askings in REPORTS.items():
            for query, (resource, counts), number in askings:
                answer = await company.administrator.client.get(f"/v1/reports/{name}", params=query)
                made = [h for h in company.holdings if h.resource == resource and counts(h)]
                if answer.status_code != 200 or number(answer.json()) != len(made):
                    return False
    return True
