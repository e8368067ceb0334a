"""Every route that writes, as one worker."""

from __future__ import annotations

from uuid import uuid4

from tests.end_to_end.access.company import DAY, OWNED, Json, payment
from tests.end_to_end.access.providers import change_providers
from tests.end_to_end.access.reaches import Holding, Worker, reach, reaches
from tests.end_to_end.access.walk import Walk

CHANGES: dict[str, str] = {
    "companies": "notes", "people": "notes", "touches": "notes", "deals": "name",
    "campaigns": "name", "forms": "name", "channels": "name", "products": "name",
    "pipelines": "name", "reasons": "name", "departments": "city", "users": "name",
    "roles": "name",
}  # fmt: skip
"""Resource -> a field with text that whoever may write it may change."""


async def change_everything(walk: Walk, worker: Worker) -> None:
    for resource, field in CHANGES.items():
        for holding in walk.examples(worker, resource, action="write"):
            change = {field: f"seen by {worker.role}"}
            path = f"/v1/{resource}/{{id}}"
            await walk.one(worker, "PATCH", path, holding, "write", body=change)
    for resource in CHANGES:
        await _bulk(walk, worker, resource)
        await _create(walk, worker, resource)
    await _spend(walk, worker)
    await _absences(walk, worker)
    await _facts(walk, worker)
    for use in ("done", "cancel"):
        await _verb(walk, worker, f"/v1/touches/{{id}}/{use}", "touches", use, {})
    await _deals(walk, worker)
    await _invitations(walk, worker)
    await change_providers(walk, worker)


async def _verb(walk: Walk, worker: Worker, path: str, resource: str, use: str, body: Json) -> None:
    """The worker's own record, and every other that is out of reach."""
    for holding in walk.examples(worker, resource, use, "write"):
        if not reaches(worker, holding, "write"):
            await walk.one(worker, "POST", path, holding, "write", body=body)
    mine = walk.mine(worker, resource, use)
    if reaches(worker, mine, "write"):
        await walk.one(worker, "POST", path, mine, "write", body=body)


async def _deals(walk: Walk, worker: Worker) -> None:
    company = walk.own(worker)
    mine = walk.mine(worker, "deals", "win")
    pipeline = next(h for h in company.of("pipelines", "made") if h.id == mine.state["pipeline"])
    stage = {"stage": pipeline.state["stages"][1]["id"]}
    lost = next(h.id for h in company.of("reasons", "made") if h.state["outcome"] == "lost")
    for verb, body in (
        ("move", stage), ("win", {}), ("reopen", {}), ("lose", {"reason": lost}), ("reopen", {}),
    ):  # fmt: skip
        await _verb(walk, worker, f"/v1/deals/{{id}}/{verb}", "deals", "win", body)


async def _invitations(walk: Walk, worker: Worker) -> None:
    for holding in walk.examples(worker, "users", action="write"):
        path = "/v1/users/{id}/invitation"
        await walk.one(worker, "POST", path, holding, "write")


# -- creating -----------------------------------------------------------------------


def _draft(walk: Walk, worker: Worker, resource: str) -> Json:
    company, some = walk.own(worker), uuid4().hex
    customer = {"type": "person", "id": walk.mine(worker, "people").id}
    channel = company.of("channels")[0].id
    drafts: dict[str, Json] = {
        "people": {"given_name": some},
        "touches": {"channel": "call", "subject": some, "customer": customer},
        "campaigns": {"name": some, "channel": channel},
        "channels": {"name": some, "kind": "other"},
        "products": {"name": some, "price": {"amount": "1", "currency": "RUB"}},
        "pipelines": {"name": some, "stages": [{"name": "one", "probability": 5}]},
        "reasons": {"name": some, "outcome": "won", "code": f"c{some}"},
        "departments": {"name": some, "time_zone": "UTC"},
        "roles": {"name": some, "code": f"c{some}", "permissions": {"deals:read": "own"}},
        "users": {
            "name": some,
            "login": some,
            "roles": ["agent"],
            "department": company.offices["north"],
        },
    }
    return drafts.get(resource, {"name": some})


def _somebody_beyond(walk: Walk, worker: Worker, resource: str) -> Holding | None:
    """A record whose like the worker may not make, for want of reach; None where there is none."""
    of_own = (h for h in walk.own(worker).of(resource) if h.office is not None)
    return next((h for h in of_own if not reaches(worker, h, "write")), None)


async def _create(walk: Walk, worker: Worker, resource: str) -> None:
    route = ("POST", f"/v1/{resource}")
    answer = await worker.client.post(route[1], json=_draft(walk, worker, resource))
    walk.permitted(route, worker, resource, "write", answer)
    beyond = _somebody_beyond(walk, worker, resource) if resource in OWNED else None
    if beyond is not None:
        whose = {"owner": beyond.owner, "department": beyond.state["department"]}
        answer = await worker.client.post(route[1], json=_draft(walk, worker, resource) | whose)
        walk.refused(route, worker, reach(worker, resource, "write"), answer, 403)


async def _bulk(walk: Walk, worker: Worker, resource: str) -> None:
    """Every item has a verdict of its own: whose record it names, and where a new one would lie."""
    named = list(walk.examples(worker, resource, action="write"))
    items = [{"id": h.id, CHANGES[resource]: f"in bulk by {worker.role}"} for h in named]
    may: list[bool] = [reaches(worker, h, "write") for h in named]
    items.append(_draft(walk, worker, resource))
    may.append(True)
    beyond = _somebody_beyond(walk, worker, resource) if resource in OWNED else None
    if beyond is not None:
        whose = {"owner": beyond.owner, "department": beyond.state["department"]}
        items.append(_draft(walk, worker, resource) | whose)
        may.append(False)
    await _verdicts(walk, worker, resource, items, may, [h.id for h in named])


async def _verdicts(
    walk: Walk, worker: Worker, resource: str, items: list[Json], may: list[bool], ids: list[str]
) -> None:
    route = ("POST", f"/v1/{resource}/bulk")
    answer = await worker.client.post(route[1], json={"items": items})
    far = reach(worker, resource, "write")
    if far is None:
        walk.refused(route, worker, far, answer, 403)
        return
    if not answer.is_success:
        walk.tally.complain(route, worker, answer.text)
        return
    for index, (verdict, expected) in enumerate(zip(answer.json()["items"], may, strict=True)):
        got = verdict["verdict"] != "rejected"
        walk.tally.judge(route, worker, far, expected=expected, got=got, what=f"{verdict}")
        unknown = index < len(ids) and not expected and not got
        if unknown and verdict["problem"]["status"] != 404:
            walk.tally.complain(route, worker, f"{verdict}")


async def _spend(walk: Walk, worker: Worker) -> None:
    named = list(walk.examples(worker, "campaigns", action="write"))
    items: list[Json] = [
        {"campaign": h.id, "day": DAY, "amount": {"amount": "7", "currency": "RUB"}} for h in named
    ]
    may = [reaches(worker, h, "write", "spend") for h in named]
    await _verdicts(walk, worker, "spend", items, may, [])


async def _absences(walk: Walk, worker: Worker) -> None:
    """One's own, those within reach, and none of anybody else."""
    route, path = ("POST", "/v1/absences"), "/v1/absences/{id}"
    named = list(walk.examples(worker, "absences", action="write"))
    for holding in named:
        await walk.one(worker, "PATCH", path, holding, "write", body={"kind": "trip"})
    absent: Json = {"kind": "other", "starts_on": "2032-01-01", "ends_on": "2032-01-01"}
    far = reach(worker, "absences", "write")
    answer = await worker.client.post(route[1], json=absent)
    walk.granted(route, worker, far, answer)
    beyond = [h for h in walk.all("absences") if not reaches(worker, h, "write")]
    for holding in beyond[-1:]:
        answer = await worker.client.post(route[1], json=absent | {"owner": holding.owner})
        walk.refused(route, worker, far, answer, 422)
    later = {"starts_on": "2032-01-02", "ends_on": "2032-01-02"}
    items = [{"id": h.id, "kind": "sick"} for h in named]
    items += [absent | later, *(absent | later | {"owner": h.owner} for h in beyond[-1:])]
    may = [reaches(worker, h, "write") for h in named]
    may += [True, *(False for _ in beyond[-1:])]
    await _verdicts(walk, worker, "absences", items, may, [h.id for h in named])


async def _facts(walk: Walk, worker: Worker) -> None:
    """Who may write facts may write any: they belong to nobody."""
    route = ("POST", "/v1/facts")
    news = payment(uuid4().hex, walk.mine(worker, "people").id)
    answer = await worker.client.post(route[1], json={"items": [news]})
    walk.permitted(
        route, worker, "facts", "write", answer, lambda a: a["items"][0]["verdict"] == "accepted"
    )


# -- deleting -----------------------------------------------------------------------


async def delete_everything(walk: Walk, worker: Worker) -> None:
    """Delete what is one's own, after asking for all that is out of reach; erase whom one may."""
    for resource in ("companies", "people", "absences"):
        path = f"/v1/{resource}/{{id}}"
        for holding in walk.examples(worker, resource, "spare", "write"):
            if not reaches(worker, holding, "write"):
                await walk.one(worker, "DELETE", path, holding, "write")
    await _erase(walk, worker)
    for resource in ("companies", "people", "absences"):
        mine = walk.mine(worker, resource, "spare")
        if reaches(worker, mine, "write") and not reaches(worker, mine, "erase"):
            await walk.one(worker, "DELETE", f"/v1/{resource}/{{id}}", mine, "write")


async def _erase(walk: Walk, worker: Worker) -> None:
    path = "/v1/people/{id}"
    mine = walk.mine(worker, "people", "spare")
    beyond = [h for h in walk.examples(worker, "people", "spare", "erase") if h is not mine]
    for holding in (*beyond, mine):
        if holding is mine or not reaches(worker, holding, "erase"):
            await walk.one(worker, "DELETE", path, holding, "erase", reason="erasure")
