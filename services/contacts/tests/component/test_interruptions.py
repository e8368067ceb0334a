"""What a crash leaves, wherever it comes: nothing half done, nothing twice, on either store."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest

from chassis.inbox import PASSING
from chassis.mongodb import turns
from chassis.testing import Running, event
from chassis.testing_interruptions import failing_at
from events.catalogue import LEAD
from events.envelope import Event
from events.marketing import Lead
from services.contacts.tests.conftest import EVERYTHING


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is cut off keeps a turn until its lease ends: let that be soon."""
    monkeypatch.setattr(turns, "LEASE", timedelta(seconds=0.3))


@pytest.fixture
def anna(contacts: Running, tenant: UUID) -> httpx.AsyncClient:
    return contacts.client(tenant, permissions=EVERYTHING | {"people:erase": "all"})


def named(id: str) -> list[dict[str, str]]:
    return [{"system": "1c", "type": "client", "id": id}]


async def versions(contacts: Running, tenant: UUID) -> dict[str, list[int]]:
    """The versions of every aggregate in the journal, in its order."""
    found: dict[str, list[int]] = {}
    for told in await contacts.journal(tenant):
        found.setdefault(told.subject, []).append(told.aggregateversion)
    return found


def captured(tenant: UUID, **fields: Any) -> Event[Lead]:
    given: dict[str, Any] = {
        "id": uuid4(),
        "version": 1,
        "form": uuid4(),
        "captured_at": datetime(2026, 2, 1, 9, 30, tzinfo=UTC),
        "name": "Анна Фёдорова",
        "company_name": "Ромашка",
    }
    return event(LEAD, "captured", Lead(**(given | fields)), tenant=tenant)


async def until_applied(contacts: Running, given: Event[Lead]) -> None:
    """Deliver it as a worker does: again, as long as what fails may pass."""
    while True:
        try:
            await contacts.deliver("contacts.reactions", given)
        except PASSING:
            continue
        return


async def test_a_lead_that_is_cut_off_anywhere_becomes_one_person_one_company_and_one_touch(
    contacts: Running, anna: httpx.AsyncClient, tenant: UUID
) -> None:
    for place in count(1):
        given = captured(tenant, email=f"anna{place}@example.com", company_name=f"Ромашка {place}")
        with failing_at(contacts.transactions.any_database, place) as interruption:
            await until_applied(contacts, given)
        assert await contacts.deliver("contacts.reactions", given) == 0
        written = await versions(contacts, tenant)
        for kind in ("company", "person", "touch"):
            assert written.pop(str(uuid5(given.id, kind))) == [1]
        (touch,) = (
            await anna.get("/v1/touches", params={"customer": str(uuid5(given.id, "person"))})
        ).json()["items"]
        assert touch["lead"] == str(given.subject)
        if not interruption.happened:
            assert len(written) == 3 * (place - 1)
            return


async def test_a_lead_of_somebody_known_moves_them_to_a_company_once(
    contacts: Running, anna: httpx.AsyncClient, tenant: UUID
) -> None:
    for place in count(1):
        mail = f"boris{place}@example.com"
        boris = (await anna.post("/v1/people", json={"emails": [mail]})).json()["id"]
        given = captured(tenant, email=mail, company_name=f"Василёк {place}")
        with failing_at(contacts.transactions.any_database, place) as interruption:
            await until_applied(contacts, given)
        assert (await versions(contacts, tenant))[boris] == [1, 2]
        person = (await anna.get(f"/v1/people/{boris}")).json()
        assert (person["version"], person["company"]) == (2, str(uuid5(given.id, "company")))
        if not interruption.happened:
            return


async def test_a_command_that_is_cut_off_is_refused_clearly_and_done_once_under_its_key(
    contacts: Running, anna: httpx.AsyncClient, tenant: UUID
) -> None:
    for place in count(1):
        body = {"name": f"Компания {place}", "external_ids": named(str(place))}
        headers = {"Idempotency-Key": f"create {place}"}
        with failing_at(contacts.transactions.any_database, place) as interruption:
            first = await anna.post("/v1/companies", json=body, headers=headers)
            assert first.status_code == (503 if interruption.happened else 201), first.text
        if interruption.happened:
            assert first.json()["type"] == "urn:meridian:problem:unavailable"
        again = await anna.post("/v1/companies", json=body, headers=headers)
        repeated = await anna.post("/v1/companies", json=body, headers=headers)
        assert (again.status_code, repeated.status_code) == (201, 201)
        assert again.content == repeated.content
        found = (
            await anna.get("/v1/companies", params={"external_id": f"1c:client:{place}"})
        ).json()
        assert [item["id"] for item in found["items"]] == [again.json()["id"]]
        assert (await versions(contacts, tenant))[again.json()["id"]] == [1]
        if not interruption.happened:
            break
    assert len((await anna.get("/v1/companies")).json()["items"]) == place


async def test_a_change_that_is_cut_off_is_one_version_under_its_key(
    contacts: Running, anna: httpx.AsyncClient, tenant: UUID
) -> None:
    call = {"channel": "call", "subject": "О поставке", "planned_for": "2026-07-01T10:00:00Z"}
    for place in count(1):
        customer = {"type": "company", "id": str(uuid4())}
        planned = (await anna.post("/v1/touches", json=call | {"customer": customer})).json()["id"]
        path, headers = f"/v1/touches/{planned}/done", {"Idempotency-Key": planned}
        with failing_at(contacts.transactions.any_database, place) as interruption:
            first = await anna.post(path, json={}, headers=headers)
            assert first.status_code == (503 if interruption.happened else 200), first.text
        again = await anna.post(path, json={}, headers=headers)
        assert (again.status_code, again.json()["status"]) == (200, "done")
        assert (await versions(contacts, tenant))[planned] == [1, 2]
        if not interruption.happened:
            return


async def test_a_bulk_request_that_is_cut_off_doubles_nothing_under_its_key(
    contacts: Running, anna: httpx.AsyncClient, tenant: UUID
) -> None:
    for place in count(1):
        items = [{"name": f"С именем {n}", "external_ids": named(f"{place}-{n}")} for n in range(2)]
        items += [{"name": f"Без имени {place}"}]
        headers = {"Idempotency-Key": f"bulk {place}"}
        with failing_at(contacts.transactions.any_database, place) as interruption:
            await anna.post("/v1/companies/bulk", json={"items": items}, headers=headers)
        again = await anna.post("/v1/companies/bulk", json={"items": items}, headers=headers)
        verdicts = again.json()["items"]
        assert {verdict["version"] for verdict in verdicts} == {1}, verdicts
        written = await versions(contacts, tenant)
        assert len(written) == 3 * place
        assert set(map(tuple, written.values())) == {(1,)}
        if not interruption.happened:
            return


async def test_an_erasure_that_is_cut_off_is_completed_when_it_is_asked_for_again(
    contacts: Running, anna: httpx.AsyncClient, tenant: UUID
) -> None:
    headers = {"Meridian-Reason": "erasure"}
    for place in count(1):
        mark = f"mark{place}x"
        person = (await anna.post("/v1/people", json={"given_name": mark})).json()["id"]
        touch = {"channel": "call", "subject": mark, "customer": {"type": "person", "id": person}}
        await anna.post("/v1/touches", json=touch, headers={"Idempotency-Key": f"call {place}"})
        with failing_at(contacts.transactions.any_database, place) as interruption:
            first = await anna.delete(f"/v1/people/{person}", headers=headers)
            assert first.status_code == (503 if interruption.happened else 200), first.text
        # What is told of it may be on its way already.
        told = [event for event in await contacts.journal(tenant) if "redacted" in event.type]
        assert mark not in repr(told)
        if interruption.happened:
            again = await anna.delete(f"/v1/people/{person}", headers=headers)
            assert again.status_code in (200, 404), again.text
        assert await contacts.remembered(mark) == []
        assert (await versions(contacts, tenant))[person] == [1, 2]
        if not interruption.happened:
            return


async def test_the_same_key_with_another_body_is_refused(anna: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "one key"}
    made = await anna.post("/v1/companies", json={"name": "Ромашка"}, headers=headers)
    again = await anna.post("/v1/companies", json={"name": "Ромашка"}, headers=headers)
    other = await anna.post("/v1/companies", json={"name": "Василёк"}, headers=headers)
    assert (made.status_code, other.status_code) == (201, 409)
    assert other.json()["type"] == "urn:meridian:problem:idempotency-key-reused"
    assert (again.content, again.headers["Idempotency-Replayed"]) == (made.content, "true")
    for name in ("ETag", "Location", "Meridian-Written"):
        assert again.headers[name] == made.headers[name]


async def test_a_key_of_a_request_that_was_refused_may_be_used_for_a_better_one(
    anna: httpx.AsyncClient,
) -> None:
    headers = {"Idempotency-Key": "a key"}
    refused = await anna.post("/v1/companies", json={"name": "  "}, headers=headers)
    mended = await anna.post("/v1/companies", json={"name": "Ромашка"}, headers=headers)
    assert (refused.status_code, mended.status_code) == (422, 201)


async def test_two_who_edit_one_record_at_once_are_merged_or_one_is_told(
    contacts: Running, anna: httpx.AsyncClient, tenant: UUID
) -> None:
    made = (await anna.post("/v1/companies", json={"name": "Ромашка"})).json()
    path, seen = f"/v1/companies/{made['id']}", {"If-Match": '"1"'}
    fields = [{"industry": "software"}, {"website": "r.ru"}, {"notes": "а"}, {"notes": "б"}]
    answers = await asyncio.gather(
        *(anna.patch(path, json=patch, headers=seen) for patch in fields)
    )
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert sorted(answer.status_code for answer in answers[2:]) == [200, 412]
    told = next(answer for answer in answers if answer.status_code == 412).json()
    assert (told["field"], {told["yours"], told["theirs"]}) == ("notes", {"а", "б"})
    company = (await anna.get(path)).json()
    assert (company["version"], company["industry"], company["website"]) == (4, "software", "r.ru")
    assert (await versions(contacts, tenant))[made["id"]] == [1, 2, 3, 4]
