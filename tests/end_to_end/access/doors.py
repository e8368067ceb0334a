"""Routes that need no reach: public ones, and those of operators."""

from __future__ import annotations

from uuid import UUID, uuid4

import asyncpg
import msgspec

from chassis.testing import event
from events.catalogue import DEPARTMENT
from events.directory import Department
from tests.end_to_end.access.company import PASSWORD
from tests.end_to_end.access.reaches import Worker, reach
from tests.end_to_end.access.walk import Walk

CONSUMERS = {
    "contacts": "contacts.replicas",
    "sales": "sales.replicas",
    "marketing": "marketing.replicas",
    "analytics": "analytics",
    "gateway": "gateway",
}
TOPIC = DEPARTMENT.topic.name


async def knock_at_public_doors(walk: Walk, worker: Worker) -> None:
    """What anybody may ask, and what a secret opens: nobody gets further by being somebody."""
    keys = ("GET", "/.well-known/jwks.json")
    walk.granted(keys, worker, None, await worker.client.get(keys[1]))
    sessions = ("POST", "/v1/sessions")
    signed = {"tenant": walk.own(worker).slug, "login": worker.login, "password": PASSWORD}
    answer = await worker.client.post(
        sessions[1], json=signed | {"tenant": walk.other(worker).slug}
    )
    walk.refused(sessions, worker, None, answer, 401)
    tenants = ("POST", "/v1/tenants")
    draft = {
        "name": "x", "slug": f"x-{uuid4().hex[:9]}", "currency": "RUB", "time_zone": "UTC",
        "administrator": {"name": "x", "login": "x", "password": PASSWORD},
    }  # fmt: skip
    walk.refused(tenants, worker, None, await worker.client.post(tenants[1], json=draft), 401)
    accept = ("POST", "/v1/invitations/accept")
    guessed = {"invitation": uuid4().hex, "password": PASSWORD}
    answer = await worker.client.post(accept[1], json=guessed)
    walk.refused(accept, worker, None, answer, 422)
    resets = ("POST", "/v1/password-resets")
    asked = {"tenant": walk.own(worker).slug, "login": worker.login}
    walk.refused(resets, worker, None, await worker.client.post(resets[1], json=asked), 404)
    begin, complete = ("POST", "/v1/sign-ins"), ("POST", "/v1/sign-ins/complete")
    unknown = {"tenant": walk.own(worker).slug, "provider": "nowhere"}
    walk.refused(begin, worker, None, await worker.client.post(begin[1], json=unknown), 404)
    guessed = {"state": uuid4().hex, "code": uuid4().hex}
    walk.refused(complete, worker, None, await worker.client.post(complete[1], json=guessed), 401)
    submissions = ("POST", "/v1/forms/{id}/submissions")
    details = {"name": "Anybody", "email": f"{uuid4().hex}@example.org"}
    for id, exists in ((walk.other(worker).of("forms")[0].id, True), (str(uuid4()), False)):
        answer = await worker.client.post(submissions[1].replace("{id}", id), json=details)
        if exists:
            walk.granted(submissions, worker, None, answer)
        else:
            walk.refused(submissions, worker, None, answer, 404)


class Waiting:
    """Keys that wait in every service: one of each company, parked again when it is taken."""

    def __init__(self, walk: Walk, databases: dict[str, asyncpg.Connection]) -> None:
        self.databases = databases
        self.keys = {c.name: (UUID(c.tenant), UUID(c.offices["south"])) for c in walk.companies}

    async def park(self, service: str, company: str) -> None:
        """Let an event wait that was applied long ago, as after an outage."""
        tenant, key = self.keys[company]
        state = Department(id=key, version=1, name="south", path=(key,), time_zone="UTC")
        body = msgspec.json.encode(event(DEPARTMENT, "created", state, tenant=tenant))
        place = (CONSUMERS[service], TOPIC, tenant, key)
        await self.databases[service].execute("delete from discarded where key = $1", key)
        await self.databases[service].execute(
            """insert into parked_key (consumer, topic, tenant, key, error, gap)
               values ($1, $2, $3, $4, 'too early', false) on conflict do nothing""",
            *place,
        )
        await self.databases[service].execute(
            """insert into parked (consumer, topic, tenant, key, version, body)
               values ($1, $2, $3, $4, 1, $5) on conflict do nothing""",
            *place,
            body,
        )

    async def take(self, service: str, company: str) -> None:
        """Let nothing wait any more."""
        for table in ("parked", "parked_key", "discarded"):
            await self.databases[service].execute(
                f"delete from {table} where consumer = $1 and tenant = $2",
                CONSUMERS[service],
                self.keys[company][0],
            )


async def operate(walk: Walk, worker: Worker, waiting: Waiting) -> None:
    """See and mend what waits in one's own tenant."""
    for service in CONSUMERS:
        for company in walk.companies:
            await waiting.park(service, company.name)
        parked = ("GET", f"/v1/operations/{service}/parked")
        answer = await worker.client.get(parked[1])
        walk.permitted(parked, worker, "operations", "read", answer)
        _, key = waiting.keys[worker.company]
        if answer.is_success and [item["key"] for item in answer.json()["items"]] != [str(key)]:
            walk.tally.complain(parked, worker, answer.text)
        compared = ("GET", f"/v1/operations/{service}/reconciliation")
        answer = await worker.client.get(compared[1])
        walk.permitted(compared, worker, "operations", "read", answer)
        for company in (walk.other(worker), walk.own(worker)):
            await _mend(walk, worker, waiting, service, company.name)


async def _mend(walk: Walk, worker: Worker, waiting: Waiting, service: str, company: str) -> None:
    far = reach(worker, "operations", "write")
    base = f"/v1/operations/{service}/parked"
    _, key = waiting.keys[company]
    for method, verb in (("GET", ""), ("POST", "/redrive"), ("POST", "/discard")):
        await waiting.park(service, company)
        route = (method, f"{base}/{{consumer}}/{{topic}}/{{key}}{verb}")
        answer = await worker.client.request(
            method,
            f"{base}/{CONSUMERS[service]}/{TOPIC}/{key}{verb}",
            json={"version": 1, "reason": "told twice"} if verb == "/discard" else None,
        )
        # The gateway has no consumers whose events could be applied.
        if far is None or company != worker.company or (service == "gateway" and verb):
            walk.refused(route, worker, far, answer, 403 if far is None else 404)
        else:
            walk.granted(route, worker, far, answer)
