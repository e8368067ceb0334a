"""Webhooks: who sees and changes where events are sent, and what came of it."""

from __future__ import annotations

from tests.end_to_end.access.company import Company, Json, asked
from tests.end_to_end.access.reaches import Holding, Worker, reaches
from tests.end_to_end.access.walk import Walk

RESOURCE = "webhooks"
LIST, ONE = "/v1/webhooks", "/v1/webhooks/{id}"
DELIVERIES = f"{ONE}/deliveries"
AGAIN = f"{DELIVERIES}/{{delivery}}/redeliver"


def _draft() -> Json:
    """Nothing is sent while it is paused, so nobody need be there."""
    return {
        "name": "erp",
        "url": "https://erp.example.org/events",
        "types": ["crm.directory.department"],
        "status": "paused",
    }


async def hook(company: Company) -> None:
    """A webhook of the company's administrator, and a test of it."""
    made = (await asked(company.administrator.client, LIST, _draft()))["webhook"]
    test = await asked(company.administrator.client, f"{LIST}/{made['id']}/test", {})
    state = made | {"delivery": test["id"]}
    company.holdings.append(Holding(made["id"], company.name, RESOURCE, state=state))


async def see_webhooks(walk: Walk, worker: Worker) -> None:
    # They have no pages.
    known = {holding.id: holding for holding in walk.all(RESOURCE)}
    walk.listed(("GET", LIST), worker, RESOURCE, known, await worker.client.get(LIST))
    for holding in walk.examples(worker, RESOURCE):
        await walk.one(worker, "GET", ONE, holding)
        await walk.one(worker, "GET", DELIVERIES, holding)


async def change_webhooks(walk: Walk, worker: Worker) -> None:
    """Make one, change all that one may, and take away what one has made."""
    answer = await worker.client.post(LIST, json=_draft())
    walk.permitted(("POST", LIST), worker, RESOURCE, "write", answer)
    for holding in walk.examples(worker, RESOURCE, action="write"):
        await walk.one(worker, "PATCH", ONE, holding, "write", body={"name": worker.role})
        if not reaches(worker, holding, "write"):
            await _use(walk, worker, holding)
    if answer.is_success:
        made = answer.json()["webhook"]
        test = await worker.client.post(f"{LIST}/{made['id']}/test")
        state = made | {"delivery": test.json()["id"]}
        await _use(walk, worker, Holding(made["id"], worker.company, RESOURCE, state=state))
    open_here = _draft() | {"url": "http://erp.example.org/events"}
    refused = await worker.client.post(LIST, json=open_here)
    walk.refused(("POST", LIST), worker, None, refused, 422 if answer.is_success else 403)


async def _use(walk: Walk, worker: Worker, holding: Holding) -> None:
    """All that there is to do with one that is one's own, or is out of reach; at the end remove."""
    await walk.one(worker, "POST", f"{ONE}/test", holding, "write")
    await walk.one(worker, "POST", f"{ONE}/take-over", holding, "write")
    await walk.one(worker, "POST", f"{ONE}/rotate-secret", holding, "write", body={})
    again = AGAIN.replace("{id}", holding.id).replace("{delivery}", holding.state["delivery"])
    answer = await worker.client.post(again)
    may = reaches(worker, holding, "write")
    walk.tally.judge(
        ("POST", AGAIN),
        worker,
        "all" if may else None,
        expected=may,
        got=answer.is_success,
        what=answer.text,
    )
    await walk.one(worker, "DELETE", ONE, holding, "write")
