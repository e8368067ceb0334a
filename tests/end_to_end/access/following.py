"""Following what happens, as one worker: the feed, snapshots, and consumers of one's own."""

from __future__ import annotations

import json

from tests.end_to_end.access.company import COMMON, OWNED, Json
from tests.end_to_end.access.reaches import Worker, reach
from tests.end_to_end.access.walk import Walk

FOLLOWED = (*OWNED, *COMMON)
SNAPSHOT = ("GET", "/v1/snapshot/{aggregate}")
FEED = ("GET", "/v1/feed")
CONSUMERS = "/v1/feed/consumers"


async def follow(walk: Walk, worker: Worker) -> None:
    """What one gets of all records, from snapshots and from the beginning of the feed."""
    known = await _followed(worker)
    for resource in FOLLOWED:
        candidates = {h.id: h for h in walk.all(resource)}
        walk.among(FEED, worker, resource, candidates, [{"id": id} for id in known[resource]])
        far = reach(worker, resource, "read")
        answer = await worker.client.get(SNAPSHOT[1].replace("{aggregate}", resource))
        if far is None:
            walk.refused(SNAPSHOT, worker, far, answer, 403)
            continue
        if not answer.is_success:
            walk.tally.complain(SNAPSHOT, worker, answer.text)
            continue
        _, *lines, _ = map(json.loads, answer.text.splitlines())
        walk.among(
            SNAPSHOT, worker, resource, candidates, [line["data"]["after"] for line in lines]
        )


async def _followed(worker: Worker) -> dict[str, set[str]]:
    """The records of each kind that are there after all events that the worker gets."""
    known: dict[str, set[str]] = {resource: set() for resource in FOLLOWED}
    resources = {topic: resource for resource, topic in _TOPICS.items()}
    query: Json = {"limit": 500}
    while True:
        page = (await worker.client.get(FEED[1], params=query)).json()
        for event in page["items"]:
            resource = resources.get(event["type"].rsplit(".", 2)[0])
            if resource is None:
                continue
            if event["data"]["after"] is None:
                known[resource].discard(event["subject"])
            else:
                known[resource].add(event["subject"])
        if not page["has_more"]:
            return known
        query["cursor"] = page["next_cursor"]


async def keep_consumers(walk: Walk, worker: Worker) -> None:
    """Consumers are one's own: nobody else finds them."""
    making = ("POST", CONSUMERS)
    name = worker.login
    answer = await worker.client.post(making[1], json={"name": name})
    walk.granted(making, worker, None, answer)
    listing = ("GET", CONSUMERS)
    answer = await worker.client.get(listing[1])
    walk.granted(listing, worker, None, answer)
    if [item["name"] for item in answer.json()["items"]] != [name]:
        walk.tally.complain(listing, worker, answer.text)
    one = f"{CONSUMERS}/{{name}}"
    cursor = answer.json()["items"][0]["cursor"]
    others = next(w for w in walk.own(worker).workers if w is not worker).login
    for method, verb, body in (
        ("GET", "", None),
        ("POST", "/acknowledge", {"cursor": cursor}),
        ("POST", "/rewind", {}),
        ("POST", "/pause", {}),
        ("POST", "/resume", {}),
        ("DELETE", "", None),
    ):
        route, path = (method, one + verb), CONSUMERS
        for whose in (others, name):
            answer = await worker.client.request(method, f"{path}/{whose}{verb}", json=body)
            if whose == name:
                walk.granted(route, worker, None, answer)
            else:
                walk.refused(route, worker, None, answer, 404)


async def has_caught_up(walk: Walk) -> bool:
    """Whether the feed knows everything that was made."""
    for company in walk.companies:
        known = await _followed(company.administrator)
        for resource in FOLLOWED:
            made = {h.id for h in company.holdings if h.resource == resource}
            if made - known[resource]:
                return False
    return True


_TOPICS = {
    "companies": "crm.contacts.company",
    "people": "crm.contacts.person",
    "touches": "crm.contacts.touch",
    "deals": "crm.sales.deal",
    "leads": "crm.marketing.lead",
    "campaigns": "crm.marketing.campaign",
    "forms": "crm.marketing.form",
    "spend": "crm.marketing.spend",
    "absences": "crm.directory.absence",
    "channels": "crm.marketing.channel",
    "products": "crm.sales.product",
    "pipelines": "crm.sales.pipeline",
    "reasons": "crm.sales.reason",
    "users": "crm.directory.user",
    "roles": "crm.directory.role",
    "departments": "crm.directory.department",
    "facts": "crm.integration.fact",
}
