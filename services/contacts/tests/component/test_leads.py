"""What contacts does when marketing captured a lead."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest
from msgspec.structs import replace

from chassis.decoding import Delivery
from chassis.testing import Running, event, reaching
from events.catalogue import LEAD
from events.envelope import Change, Event
from events.marketing import Lead

CONSUMER = "contacts.reactions"
CAPTURED_AT = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def anna(contacts: Running, tenant: UUID) -> httpx.AsyncClient:
    return contacts.client(tenant, permissions=reaching("all", "companies", "people", "touches"))


def captured(tenant: UUID, **fields: Any) -> Event[Lead]:
    given: dict[str, Any] = {
        "id": uuid4(),
        "version": 1,
        "form": uuid4(),
        "captured_at": CAPTURED_AT,
        "name": "Фёдорова Анна Петровна",
        "email": "Anna@Example.com",
        "phone": "8 916 123-45-67",
        "message": "Перезвоните мне",
        "campaign": uuid4(),
        "owner": uuid4(),
        "department": uuid4(),
    }
    return event(LEAD, "captured", Lead(**(given | fields)), tenant=tenant)


async def items(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(path)).json()["items"]
    return found


async def test_somebody_new_becomes_a_person_at_a_company_with_a_touch_that_names_the_lead(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    given = captured(tenant, company_name="ООО Ромашка")
    lead = given.data.after
    assert lead is not None
    assert await contacts.deliver(CONSUMER, given) == 1
    (company,), (person,), (touch,) = [
        await items(anna, path) for path in ("/v1/companies", "/v1/people", "/v1/touches")
    ]
    assert company["id"] == str(uuid5(given.id, "company"))
    assert company["name"] == "ООО Ромашка"
    assert person["id"] == str(uuid5(given.id, "person"))
    assert (person["family_name"], person["given_name"], person["patronymic"]) == (
        "Фёдорова", "Анна", "Петровна",
    )  # fmt: skip
    assert (person["emails"], person["phones"]) == (["Anna@example.com"], ["+79161234567"])
    assert (person["company"], person["version"]) == (company["id"], 1)
    assert touch["id"] == str(uuid5(given.id, "touch"))
    assert touch["customer"] == {"type": "person", "id": person["id"]}
    assert (touch["channel"], touch["direction"], touch["status"]) == (
        "web_form",
        "inbound",
        "done",
    )
    assert (touch["lead"], touch["campaign"]) == (str(lead.id), str(lead.campaign))
    assert (touch["subject"], touch["notes"]) == ("Form: Фёдорова Анна Петровна", "Перезвоните мне")
    assert touch["done_at"] == "2026-02-01T09:30:00Z"
    for record in (company, person, touch):
        assert (record["owner"], record["department"]) == (str(lead.owner), str(lead.department))


async def test_the_events_name_their_cause(contacts: Running, tenant: UUID) -> None:
    given = captured(tenant)
    await contacts.deliver(CONSUMER, given)
    journal = await contacts.journal(tenant)
    assert [made.type.split(".")[2:4] for made in journal] == [
        ["person", "created"],
        ["touch", "recorded"],
    ]
    assert {(made.causationid, made.actor) for made in journal} == {
        (str(given.id), "system:contacts")
    }
    assert journal[-1].time == CAPTURED_AT


async def test_a_lead_delivered_twice_has_its_effect_once(contacts: Running, tenant: UUID) -> None:
    given = captured(tenant, company_name="Ромашка")
    await contacts.deliver(CONSUMER, given)
    assert await contacts.deliver(CONSUMER, given, given) == 0
    assert len(await contacts.journal(tenant)) == 3


@pytest.mark.parametrize(
    "known",
    [
        {"emails": ["anna@example.com"]},
        {"emails": ["x@example.com", "ANNA@EXAMPLE.COM"]},
        {"phones": ["+7 (916) 123-45-67"]},
    ],
)
async def test_somebody_known_by_email_or_phone_is_recognised(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient, known: dict[str, Any]
) -> None:
    person = (await anna.post("/v1/people", json={"given_name": "Анна"} | known)).json()
    await contacts.deliver(CONSUMER, captured(tenant))
    assert await items(anna, "/v1/people") == [person]
    (touch,) = await items(anna, "/v1/touches")
    assert touch["customer"]["id"] == person["id"]


async def test_of_several_the_oldest_is_taken(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    by_phone = (await anna.post("/v1/people", json={"phones": ["+79161234567"]})).json()["id"]
    await anna.post("/v1/people", json={"emails": ["anna@example.com"]})
    await contacts.deliver(CONSUMER, captured(tenant))
    (touch,) = await items(anna, "/v1/touches")
    assert touch["customer"]["id"] == by_phone


async def test_people_of_other_tenants_are_not_recognised(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    other = contacts.client(uuid4(), permissions=reaching("all", "people"))
    await other.post("/v1/people", json={"emails": ["anna@example.com"]})
    await contacts.deliver(CONSUMER, captured(tenant))
    assert len(await items(anna, "/v1/people")) == 1


async def test_a_known_company_is_found_by_its_name_however_written(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    company = (await anna.post("/v1/companies", json={"name": "ООО Берёзка"})).json()["id"]
    await contacts.deliver(CONSUMER, captured(tenant, company_name="  ооо  БЕРЕЗКА "))
    (person,) = await items(anna, "/v1/people")
    assert person["company"] == company
    assert len(await items(anna, "/v1/companies")) == 1


async def test_a_form_fills_in_a_company_but_moves_nobody_to_another(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    free = (await anna.post("/v1/people", json={"emails": ["anna@example.com"]})).json()["id"]
    bound = {"emails": ["boris@example.com"], "company": str(uuid4())}
    boris = (await anna.post("/v1/people", json=bound)).json()["id"]
    await contacts.deliver(
        CONSUMER,
        captured(tenant, company_name="Ромашка", phone=None),
        captured(tenant, company_name="Василёк", phone=None, email="boris@example.com"),
    )
    (company,) = await items(anna, "/v1/companies")
    assert company["name"] == "Ромашка"
    assert (await anna.get(f"/v1/people/{free}")).json()["company"] == company["id"]
    assert (await anna.get(f"/v1/people/{boris}")).json()["company"] == bound["company"]


async def test_two_forms_of_one_person_in_one_batch_make_one_person(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    await contacts.deliver(CONSUMER, captured(tenant), captured(tenant, phone=None))
    assert len(await items(anna, "/v1/people")) == 1
    assert len(await items(anna, "/v1/touches")) == 2


async def test_a_lead_that_was_converted_changes_nothing(contacts: Running, tenant: UUID) -> None:
    first = captured(tenant)
    lead = first.data.after
    assert lead is not None
    await contacts.deliver(CONSUMER, first)
    before = await contacts.journal(tenant)
    later = Lead(
        id=lead.id, version=2, form=lead.form, status="converted",
        captured_at=lead.captured_at, name=lead.name,
    )  # fmt: skip
    await contacts.deliver(CONSUMER, event(LEAD, "converted", later, tenant=tenant))
    assert await contacts.journal(tenant) == before


async def test_a_phone_that_is_none_does_not_hold_up_the_lead(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    await contacts.deliver(CONSUMER, captured(tenant, phone="-- (.)", name="А" * 300))
    (person,) = await items(anna, "/v1/people")
    assert (person["phones"], person["given_name"]) == ([], "А" * 150)
    assert await contacts.parked(tenant) == []


async def test_a_lead_that_says_nothing_of_anybody_waits_for_an_operator(
    contacts: Running, tenant: UUID
) -> None:
    await contacts.deliver(CONSUMER, captured(tenant, name="  ", email=None, phone=None))
    (reason,) = await contacts.parked(tenant)
    assert reason.startswith("PersonNeedsNameOrAddress")


async def test_what_waits_of_a_lead_is_forgotten_when_the_lead_is_redacted(
    contacts: Running, tenant: UUID
) -> None:
    mark = f"x{uuid4().hex[:12]}"
    given = captured(tenant, name=" ", email=None, phone=None, message=mark)
    lead = given.data.after
    assert lead is not None
    await contacts.deliver(CONSUMER, given)
    broken = f'{{"subject": "{given.subject}", "said": "{mark}"'.encode()
    inbox = contacts.app.state.inboxes[CONSUMER]
    read = await inbox.decoding.read([Delivery(LEAD.topic.name, 0, 1, None, broken)])
    await inbox.apply(mark[::-1], read)
    assert len(await contacts.remembered(mark)) == 2
    blank = replace(lead, message="", version=2)
    blanks = replace(given, data=Change(blank, {"message": ""}), aggregateversion=2, id=uuid4())
    await contacts.deliver(CONSUMER, replace(blanks, type=LEAD.type_of("redacted")))
    assert await contacts.remembered(mark) == []
    assert await contacts.parked(tenant) == ["PersonNeedsNameOrAddress"]
