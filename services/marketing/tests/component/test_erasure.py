"""A person was erased: the leads that were theirs keep nothing of them."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from msgspec.structs import replace

from chassis.testing import Running, emptied, event
from events.catalogue import DEAL, PERSON, TOUCH
from events.contacts import Touch
from events.envelope import Event
from events.sales import Deal
from events.values import CustomerRef

CONSUMER = "marketing.reactions"
# Of nobody else in the database that all tests of a run share.
DETAILS = {
    "name": "Анна Единственнова",
    "email": "edinstvennova@example.ru",
    "phone": "+7 999 000-11-22",
    "company_name": "ИП Единственнова",
    "message": "Перезвоните о любви",
}
MARKS = ("единственнова", "edinstvennova", "999 000-11-22", "о любви")
BLANK = {"name": "[erased]", "email": None, "phone": None, "company_name": None, "message": ""}


@pytest.fixture
async def lead(stranger: httpx.AsyncClient, marketer: httpx.AsyncClient, campaign: str) -> UUID:
    """A captured lead."""
    made = await marketer.post("/v1/forms", json={"name": "Заявка", "campaign": campaign})
    path = f"/v1/forms/{made.json()['id']}/submissions"
    answer = await stranger.post(path, json=DETAILS, headers={"Idempotency-Key": uuid4().hex})
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["lead"])


def erased(person: UUID, tenant: UUID) -> list[Event[Any]]:
    """All that contacts tells of a person who was erased: every version is empty."""
    return [
        emptied(PERSON, verb, person, version, tenant=tenant)
        for version, verb in enumerate(("created", "erased"), start=1)
    ]


def form(lead: UUID, person: UUID) -> Touch:
    return Touch(
        id=uuid4(), version=1, channel="web_form", direction="inbound", status="done",
        customer=CustomerRef("person", person), subject="Form", lead=lead,
    )  # fmt: skip


async def assert_nothing_is_left(
    marketing: Running, marketer: httpx.AsyncClient, lead: UUID, versions: int
) -> None:
    assert await marketing.remembered(*MARKS) == []
    state = (await marketer.get(f"/v1/leads/{lead}")).json()
    assert {name: state[name] for name in BLANK} == BLANK
    assert state["version"] == versions
    found = (await marketer.get("/v1/leads", params={"q": "единственнова"})).json()["items"]
    assert found == []


async def test_the_leads_that_became_the_person_are_redacted(
    marketing: Running, marketer: httpx.AsyncClient, tenant: UUID, lead: UUID
) -> None:
    person = CustomerRef("person", uuid4())
    deal = Deal(
        id=uuid4(), version=1, name="Заявка", pipeline=uuid4(), stage=uuid4(),
        customer=person, lead=lead,
    )  # fmt: skip
    await marketing.deliver(CONSUMER, event(DEAL, "created", deal, tenant=tenant))
    before = await marketing.journal(tenant)
    assert await marketing.remembered(*MARKS)

    told = erased(person.id, tenant)
    await marketing.deliver(CONSUMER, *told)
    await assert_nothing_is_left(marketing, marketer, lead, versions=3)
    state = (await marketer.get(f"/v1/leads/{lead}")).json()
    assert (state["status"], state["deal"]) == ("converted", str(deal.id))
    after = await marketing.journal(tenant)
    assert [(e.id, e.type, e.time) for e in after[:-1]] == [(e.id, e.type, e.time) for e in before]
    assert after[-1].type == "crm.marketing.lead.redacted.v1"
    assert after[-1].causationid == str(told[-1].id)
    assert (after[-1].data.changed, after[-1].data.after) == (BLANK, state)
    assert await marketing.deliver(CONSUMER, *told) == 0


async def test_a_lead_that_became_nothing_yet_is_redacted_with_its_touch(
    marketing: Running, marketer: httpx.AsyncClient, tenant: UUID, lead: UUID
) -> None:
    touch = form(lead, uuid4())
    redacted = event(TOUCH, "redacted", replace(touch, version=2), tenant=tenant)
    await marketing.deliver(CONSUMER, event(TOUCH, "recorded", touch, tenant=tenant), redacted)
    await assert_nothing_is_left(marketing, marketer, lead, versions=2)
    # The same person is told to be erased too: there is nothing left to do.
    await marketing.deliver(CONSUMER, *erased(touch.customer.id, tenant))
    await assert_nothing_is_left(marketing, marketer, lead, versions=2)


async def test_the_leads_of_others_stay(
    marketing: Running, marketer: httpx.AsyncClient, tenant: UUID, lead: UUID
) -> None:
    person, other = uuid4(), uuid4()
    deal = Deal(
        id=uuid4(), version=1, name="Заявка", pipeline=uuid4(), stage=uuid4(),
        customer=CustomerRef("person", person), lead=lead,
    )  # fmt: skip
    await marketing.deliver(CONSUMER, event(DEAL, "created", deal, tenant=tenant))
    await marketing.deliver(CONSUMER, *erased(uuid4(), tenant), *erased(person, other))
    assert (await marketer.get(f"/v1/leads/{lead}")).json()["email"] == DETAILS["email"]
    await marketing.deliver(CONSUMER, *erased(person, tenant))
    await assert_nothing_is_left(marketing, marketer, lead, versions=3)
