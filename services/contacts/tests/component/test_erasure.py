"""Deleting people and companies, and erasing people: nothing of them is left anywhere."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from chassis.generations import refill
from chassis.testing import Running, event, reaching
from events.catalogue import LEAD
from events.marketing import Lead
from events.values import Reach

EVERYTHING: dict[str, Reach] = {
    **reaching("all", "companies", "people", "touches"),
    "people:erase": "all",
}
ERASING = {"Meridian-Reason": "erasure"}

# Of nobody else in the database that all tests of a run share.
FAMILY, MAIL, PHONE, WORDS = "Единственнова", "edinstvennova", "79990001122", "о любви"
MARKS = (FAMILY, "единственнова", MAIL, PHONE, WORDS)

ANNA: dict[str, Any] = {
    "given_name": "Анна",
    "family_name": FAMILY,
    "emails": [f"{MAIL}@example.ru"],
    "phones": [f"+{PHONE}"],
    "notes": f"любит говорить {WORDS}",
    "external_ids": [{"system": "1c", "type": "client", "id": MAIL}],
}


@pytest.fixture
def administrator(contacts: Running, tenant: UUID) -> httpx.AsyncClient:
    return contacts.client(tenant, permissions=EVERYTHING)


async def created(client: httpx.AsyncClient, path: str, body: Any, key: str = "") -> str:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await client.post(f"/v1/{path}", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def call(person: str, **fields: Any) -> dict[str, Any]:
    given = {"channel": "call", "subject": f"Звонок: {FAMILY}", "notes": f"говорили {WORDS}"}
    return given | {"customer": {"type": "person", "id": person}} | fields


async def test_who_is_deleted_is_gone_and_their_history_stays(
    contacts: Running, administrator: httpx.AsyncClient, tenant: UUID
) -> None:
    anna = await created(administrator, "people", {"given_name": "Анна"})
    answer = await administrator.delete(f"/v1/people/{anna}")
    assert (answer.status_code, answer.json()) == (200, {"id": anna, "version": 2})
    assert answer.headers["Meridian-Written"] == f"crm.contacts.person/{anna}@2"
    made, deleted = await contacts.journal(tenant)
    assert (made.data.after or {})["given_name"] == "Анна"
    assert deleted.type == "crm.contacts.person.deleted.v1"
    assert (deleted.data.after, deleted.data.changed) == (None, {})
    assert (await administrator.delete(f"/v1/people/{anna}")).status_code == 404


@pytest.mark.parametrize("kind", ["people", "companies"])
async def test_what_is_deleted_is_found_nowhere_and_frees_its_external_ids(
    administrator: httpx.AsyncClient, kind: str
) -> None:
    name = {"people": "given_name", "companies": "name"}[kind]
    body = {name: "Ромашка", "external_ids": [{"system": "1c", "type": "x", "id": "7"}]}
    id = await created(administrator, kind, body)
    path = f"/v1/{kind}/{id}"
    assert (await administrator.delete(path)).status_code == 200
    assert (await administrator.get(path)).status_code == 404
    assert (await administrator.patch(path, json={name: "Василёк"})).status_code == 404
    assert (await administrator.delete(path)).status_code == 404
    assert (await administrator.get(f"/v1/customers/{id}")).status_code == 404
    for query in ({}, {"q": "ромашка"}, {"external_id": "1c:x:7"}):
        listed = await administrator.get(f"/v1/{kind}", params=query)
        assert (listed.status_code, listed.json().get("items")) == (200, [])
    bulk = (await administrator.post(f"/v1/{kind}/bulk", json={"items": [body]})).json()
    [again] = bulk["items"]
    assert again["verdict"] == "created"
    assert again["id"] != id
    named = (await administrator.post(f"/v1/{kind}/bulk", json={"items": [{"id": id}]})).json()
    assert named["items"][0]["verdict"] == "rejected"


async def test_nothing_of_who_is_erased_is_left_in_any_table(
    contacts: Running, administrator: httpx.AsyncClient, tenant: UUID
) -> None:
    anna = await created(administrator, "people", ANNA, key="anna")
    await administrator.patch(f"/v1/people/{anna}", json={"notes": "", "job_title": WORDS})
    first = await created(administrator, "touches", call(anna), key="call")
    await administrator.patch(f"/v1/touches/{first}", json={"notes": "", "subject": "Звонок"})
    planned = await created(
        administrator, "touches", call(anna, planned_for="2026-01-05T12:00:00Z")
    )
    await administrator.post(f"/v1/touches/{planned}/done", json={"outcome": WORDS})
    other = await created(administrator, "touches", call(str(uuid4()), subject="О", notes="О"))
    before = await contacts.journal(tenant)
    assert await contacts.remembered(*MARKS)

    answer = await administrator.delete(f"/v1/people/{anna}", headers=ERASING)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["id"], told["version"]) == (anna, 3)
    assert told["erased"] == {"touches": 2, "versions": 9, "answers": 2}

    assert await contacts.remembered(*MARKS) == []
    after = await contacts.journal(tenant)
    assert [(e.id, e.type, e.aggregateversion, e.time, e.actor) for e in before] == [
        (e.id, e.type, e.aggregateversion, e.time, e.actor) for e in after[: len(before)]
    ]
    assert [e.type.split(".")[2:4] for e in after[len(before) :]] == [
        ["person", "erased"], ["touch", "redacted"], ["touch", "redacted"],
    ]  # fmt: skip
    for emptied in after:
        if emptied.subject == anna:
            assert (emptied.data.after, emptied.data.changed) == (None, {})
    assert after[len(before)].reason == "erasure"
    assert (await administrator.get(f"/v1/touches/{other}")).json()["subject"] == "О"


async def test_a_touch_keeps_all_but_what_was_said(
    contacts: Running, administrator: httpx.AsyncClient, tenant: UUID
) -> None:
    anna = await created(administrator, "people", ANNA)
    touch = await created(
        administrator, "touches", call(anna, outcome=WORDS, planned_for="2026-01-05T12:00:00Z")
    )
    await administrator.post(f"/v1/touches/{touch}/cancel", json={})
    was = (await administrator.get(f"/v1/touches/{touch}")).json()
    await administrator.delete(f"/v1/people/{anna}", headers=ERASING)
    kept = (await administrator.get(f"/v1/touches/{touch}")).json()
    assert kept == was | {"version": 3, "subject": "[erased]", "notes": "", "outcome": None}
    planned, cancelled, redacted = [e for e in await contacts.journal(tenant) if e.subject == touch]
    assert planned.data.after == was | {
        "version": 1, "status": "planned", "subject": "[erased]", "notes": "", "outcome": None,
    }  # fmt: skip
    assert cancelled.data.changed == {"status": "planned"}
    assert redacted.data.after == kept
    assert redacted.data.changed == {"subject": "[erased]", "notes": "", "outcome": None}


async def test_a_refill_after_an_erasure_sends_no_personal_data(
    contacts: Running, administrator: httpx.AsyncClient, tenant: UUID
) -> None:
    anna = await created(administrator, "people", ANNA)
    await created(administrator, "touches", call(anna))
    await administrator.delete(f"/v1/people/{anna}", headers=ERASING)
    await contacts.records.all_are_sent()
    assert await refill(contacts.transactions.any_database, f"generation-{uuid4()}") > 0
    bodies = await contacts.records.unsent(tenant)
    assert len(bodies) == 4
    for body in bodies:
        assert not [mark for mark in MARKS if mark in body]
        assert body.endswith("}")


async def test_the_answer_says_by_which_day_topics_have_forgotten(
    administrator: httpx.AsyncClient, contacts: Running, tenant: UUID
) -> None:
    anna = await created(administrator, "people", ANNA)
    answer = await administrator.delete(f"/v1/people/{anna}", headers=ERASING)
    day = msgspec.json.decode(answer.content)["topics_forget_by"]
    erased = (await contacts.journal(tenant))[-1]
    assert (msgspec.convert(f"{day}T00:00:00Z", type(erased.time)) - erased.time).days == 90


async def test_a_request_that_is_repeated_learns_that_its_answer_was_erased(
    administrator: httpx.AsyncClient,
) -> None:
    anna = await created(administrator, "people", ANNA, key="anna")
    headers = ERASING | {"Idempotency-Key": "erase"}
    first = await administrator.delete(f"/v1/people/{anna}", headers=headers)
    again = await administrator.delete(f"/v1/people/{anna}", headers=headers)
    assert (again.status_code, again.content) == (200, first.content)
    made = await administrator.post("/v1/people", json=ANNA, headers={"Idempotency-Key": "anna"})
    assert (made.status_code, made.json()["type"]) == (410, "urn:meridian:problem:erased")
    assert made.headers["Content-Type"] == "application/problem+json"
    assert (await administrator.delete(f"/v1/people/{anna}", headers=ERASING)).status_code == 404


async def test_who_was_deleted_can_still_be_erased(
    contacts: Running, administrator: httpx.AsyncClient, tenant: UUID
) -> None:
    anna = await created(administrator, "people", ANNA)
    await administrator.delete(f"/v1/people/{anna}")
    # What a document still held of it is in the journal, once that was looked at.
    await contacts.journal(tenant)
    [left] = await contacts.remembered(*MARKS)
    assert left.startswith("journal")
    answer = await administrator.delete(f"/v1/people/{anna}", headers=ERASING)
    assert (answer.status_code, answer.json()["version"]) == (200, 3)
    assert await contacts.remembered(*MARKS) == []
    assert (await administrator.delete(f"/v1/people/{anna}", headers=ERASING)).status_code == 404


async def test_erasing_needs_a_permission_of_its_own_and_a_person_of_the_tenant_within_reach(
    contacts: Running, administrator: httpx.AsyncClient, tenant: UUID
) -> None:
    anna = await created(administrator, "people", {"given_name": "Анна"})
    writer = contacts.client(tenant, permissions=reaching("all", "people", "touches"))
    refused = await writer.delete(f"/v1/people/{anna}", headers=ERASING)
    assert refused.status_code == 403
    own = contacts.client(tenant, permissions=reaching("own", "people") | {"people:erase": "own"})
    stranger = contacts.client(uuid4(), permissions=EVERYTHING)
    for client in (own, stranger):
        for headers in ({}, ERASING):
            answer = await client.delete(f"/v1/people/{anna}", headers=headers)
            assert answer.status_code == 404
    assert (await administrator.get(f"/v1/people/{anna}")).status_code == 200
    assert (await administrator.delete("/v1/people/nonsense")).status_code == 404


async def test_any_other_reason_only_deletes(
    contacts: Running, administrator: httpx.AsyncClient, tenant: UUID
) -> None:
    anna = await created(administrator, "people", {"given_name": "Анна"})
    headers = {"Meridian-Reason": "entered twice"}
    assert (
        "erased" not in (await administrator.delete(f"/v1/people/{anna}", headers=headers)).json()
    )
    deleted = (await contacts.journal(tenant))[-1]
    assert (deleted.type.split(".")[3], deleted.reason) == ("deleted", "entered twice")


async def test_a_lead_of_who_was_erased_makes_somebody_new(
    contacts: Running, administrator: httpx.AsyncClient, tenant: UUID
) -> None:
    anna = await created(administrator, "people", ANNA)
    await administrator.delete(f"/v1/people/{anna}", headers=ERASING)
    lead = Lead(
        id=uuid4(),
        version=1,
        form=uuid4(),
        captured_at=(await contacts.journal(tenant))[0].time,
        name="Анна",
        email=f"{MAIL}@example.ru",
    )
    await contacts.deliver("contacts.reactions", event(LEAD, "captured", lead, tenant=tenant))
    [again] = (await administrator.get("/v1/people")).json()["items"]
    assert again["id"] != anna
    # The database is shared with the other tests.
    assert (
        await administrator.delete(f"/v1/people/{again['id']}", headers=ERASING)
    ).status_code == 200
    assert await contacts.remembered(*MARKS) == []
