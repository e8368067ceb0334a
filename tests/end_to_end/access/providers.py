"""Identity providers: who sees and changes where people of a company prove who they are."""

from __future__ import annotations

from uuid import uuid4

from tests.end_to_end.access.company import Company, Json, asked
from tests.end_to_end.access.reaches import Holding, Worker, reaches
from tests.end_to_end.access.walk import Walk

RESOURCE = "identity-providers"
LIST, ONE = f"/v1/{RESOURCE}", f"/v1/{RESOURCE}/{{id}}"


def _draft() -> Json:
    """Nobody is sent there, so nobody need be there."""
    return {
        "code": f"c{uuid4().hex}",
        "name": "login",
        "issuer": "https://login.example.org",
        "client_id": "meridian",
    }


async def trust(company: Company) -> None:
    """A provider of the company."""
    made = await asked(company.administrator.client, LIST, _draft())
    company.holdings.append(Holding(made["id"], company.name, RESOURCE, state=made))


async def see_providers(walk: Walk, worker: Worker) -> None:
    # They have no pages.
    known = {holding.id: holding for holding in walk.all(RESOURCE)}
    walk.listed(("GET", LIST), worker, RESOURCE, known, await worker.client.get(LIST))
    for holding in walk.examples(worker, RESOURCE):
        await walk.one(worker, "GET", ONE, holding)


async def change_providers(walk: Walk, worker: Worker) -> None:
    """Make one, change all that one may, and take away what one has made."""
    answer = await worker.client.post(LIST, json=_draft())
    walk.permitted(("POST", LIST), worker, RESOURCE, "write", answer)
    for holding in walk.examples(worker, RESOURCE, action="write"):
        await walk.one(worker, "PATCH", ONE, holding, "write", body={"name": worker.role})
        if not reaches(worker, holding, "write"):
            await walk.one(worker, "DELETE", ONE, holding, "write")
    if answer.is_success:
        mine = Holding(answer.json()["id"], worker.company, RESOURCE)
        await walk.one(worker, "DELETE", ONE, mine, "write")
    open_here = _draft() | {"issuer": "http://login.example.org"}
    refused = await worker.client.post(LIST, json=open_here)
    walk.refused(("POST", LIST), worker, None, refused, 422 if answer.is_success else 403)
