"""A stranger leaves their details on a public form, and sales takes the lead up."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.testing import Running, event, reaching, running
from chassis.transactions import uuid7
from events.catalogue import DEAL
from events.envelope import Event
from events.sales import Deal
from events.values import CustomerRef
from marketing.app import SERVICE

DETAILS = {"name": "Анна Сергеевна", "email": "anna@example.ru"}


@pytest.fixture
async def form(marketer: httpx.AsyncClient, campaign: str) -> str:
    """The id of an active form for `campaign`."""
    answer = await marketer.post("/v1/forms", json={"name": "Заявка", "campaign": campaign})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def submit(client: httpx.AsyncClient, form: str, details: Any, key: str = "") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post(f"/v1/forms/{form}/submissions", json=details, headers=headers)


async def test_a_submission_without_identity_becomes_a_lead_of_the_forms_owner(
    marketing: Running,
    stranger: httpx.AsyncClient,
    marketer: httpx.AsyncClient,
    tenant: UUID,
    form: str,
    campaign: str,
    channel: str,
) -> None:
    answer = await submit(
        stranger, form, DETAILS | {"company_name": "ООО «Ромашка»", "message": "Перезвоните"}
    )
    assert answer.status_code == 202
    id = answer.json()["lead"]
    assert answer.headers["Meridian-Written"] == f"crm.marketing.lead/{id}@1"

    lead = (await marketer.get(f"/v1/leads/{id}")).json()
    of_form = (await marketer.get(f"/v1/forms/{form}")).json()
    assert (lead["owner"], lead["department"]) == (of_form["owner"], of_form["department"])
    assert (lead["campaign"], lead["channel"]) == (campaign, channel)
    assert (lead["name"], lead["status"]) == ("Анна Сергеевна", "captured")

    captured = (await marketing.journal(tenant))[-1]
    assert captured.type == "crm.marketing.lead.captured.v1"
    assert captured.actor == f"form:{form}"


async def test_the_forms_own_channel_counts_before_the_campaigns(
    marketer: httpx.AsyncClient, stranger: httpx.AsyncClient, form: str
) -> None:
    other = (await marketer.post("/v1/channels", json={"name": "VK", "kind": "social"})).json()
    await marketer.patch(f"/v1/forms/{form}", json={"channel": other["id"]})
    id = (await submit(stranger, form, DETAILS)).json()["lead"]
    assert (await marketer.get(f"/v1/leads/{id}")).json()["channel"] == other["id"]


@pytest.mark.parametrize(
    ("details", "problem", "field"),
    [
        ({"email": "a@b.example"}, "invalid-request", "name"),
        ({"name": "", "email": "a@b.example"}, "invalid-request", "name"),
        ({"name": " \t ", "email": "a@b.example"}, "submission-without-name", "name"),
        ({"name": "Anna"}, "submission-needs-email-or-phone", "email"),
        ({"name": "Anna", "email": None}, "submission-needs-email-or-phone", "email"),
        ({"name": "Anna", "email": "nonsense"}, "invalid-request", "email"),
        ({"name": "Anna", "phone": "call me"}, "invalid-request", "phone"),
        ({"name": ["Anna"], "email": "a@b.example"}, "invalid-request", "name"),
        ({"name": {"$ne": 1}, "email": "a@b.example"}, "invalid-request", "name"),
        ({"name": "A" * 301, "email": "a@b.example"}, "invalid-request", "name"),
        (DETAILS | {"message": "я" * 10_001}, "invalid-request", "message"),
        (DETAILS | {"tenant": "other"}, "invalid-request", "tenant"),
        (DETAILS | {"owner": str(uuid4())}, "invalid-request", "owner"),
        (DETAILS | {"name": "An\0na"}, "invalid-request", "name"),
        ([], "invalid-request", None),
    ],
)
async def test_a_hostile_submission_is_refused_and_nothing_written(
    marketing: Running,
    stranger: httpx.AsyncClient,
    tenant: UUID,
    form: str,
    details: Any,
    problem: str,
    field: str | None,
) -> None:
    before = await marketing.journal(tenant)
    answer = await submit(stranger, form, details)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:meridian:problem:{problem}"
    assert answer.json().get("field") == field
    assert await marketing.journal(tenant) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"\xff\xfe not json", 400),
        (b'{"name": "A\xff"}', 400),
        (b'{"name": "\\ud800", "email": "a@b.example"}', 400),
        (b"", 400),
        (b"null", 422),
        (b"[" * 100_000, 400),
        (b'{"name": "' + b"A" * 200_000, 413),
    ],
)
async def test_a_body_that_is_no_submission_is_a_problem(
    stranger: httpx.AsyncClient, form: str, body: bytes, status: int
) -> None:
    answer = await stranger.post(f"/v1/forms/{form}/submissions", content=body)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_the_longest_message_fits_however_it_is_written(
    stranger: httpx.AsyncClient, form: str
) -> None:
    escaped = '{"name": "Анна", "phone": "+7 900 000-00-00", "message": "%s"}' % (
        "\\u044f" * 10_000
    )
    answer = await stranger.post(f"/v1/forms/{form}/submissions", content=escaped.encode())
    assert answer.status_code == 202


async def test_only_an_active_form_that_exists_takes_submissions(
    stranger: httpx.AsyncClient, marketer: httpx.AsyncClient, form: str
) -> None:
    assert (await submit(stranger, str(uuid4()), DETAILS)).status_code == 404
    assert (await submit(stranger, "nonsense", DETAILS)).status_code == 404
    await marketer.patch(f"/v1/forms/{form}", json={"is_active": False})
    answer = await submit(stranger, form, DETAILS)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:meridian:problem:form-inactive"


async def test_the_public_path_opens_nothing_else(stranger: httpx.AsyncClient, form: str) -> None:
    for path in ("/v1/leads", f"/v1/forms/{form}", "/v1/forms", "/v1/campaigns"):
        assert (await stranger.get(path)).status_code == 401
    assert (await stranger.post("/v1/forms", json={"name": "Mine"})).status_code == 401


async def test_a_repeated_key_makes_one_lead(
    stranger: httpx.AsyncClient, marketer: httpx.AsyncClient, form: str
) -> None:
    first = await submit(stranger, form, DETAILS, key="one")
    again = await submit(stranger, form, DETAILS, key="one")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    other = await submit(stranger, form, DETAILS | {"message": "!"}, key="one")
    assert other.status_code == 409
    assert len((await marketer.get("/v1/leads")).json()["items"]) == 1

    another = (await marketer.post("/v1/forms", json={"name": "Another"})).json()["id"]
    assert (await submit(stranger, another, DETAILS, key="one")).json() != first.json()


class TestTooOften:
    @pytest.fixture
    async def marketing(self, migrated: str) -> AsyncIterator[Running]:
        limits = {"submissions_burst": 2, "submissions_per_minute": 1}
        async with running(SERVICE, migrated, **limits) as service:
            yield service

    async def test_a_form_submitted_too_often_asks_to_wait(
        self, stranger: httpx.AsyncClient, marketer: httpx.AsyncClient, form: str
    ) -> None:
        answers = [await submit(stranger, form, DETAILS) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert answers[2].json()["type"] == "urn:meridian:problem:too-many-requests"
        assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
        assert len((await marketer.get("/v1/leads")).json()["items"]) == 2

        another = (await marketer.post("/v1/forms", json={"name": "Another"})).json()["id"]
        assert (await submit(stranger, another, DETAILS)).status_code == 202


async def test_leads_are_found_by_what_people_left_and_where(
    stranger: httpx.AsyncClient, marketer: httpx.AsyncClient, form: str, campaign: str, channel: str
) -> None:
    id = (await submit(stranger, form, DETAILS)).json()["lead"]
    for query in (
        {"q": "сергеевна анна"},
        {"q": "anna@"},
        {"form": form},
        {"campaign": campaign, "status": "captured"},
        {"channel": channel},
    ):
        found = (await marketer.get("/v1/leads", params=query)).json()["items"]
        assert [lead["id"] for lead in found] == [id]
    for query in ({"q": "пётр"}, {"status": "converted"}, {"form": str(uuid4())}):
        assert (await marketer.get("/v1/leads", params=query)).json()["items"] == []


async def test_leads_of_other_tenants_and_departments_are_not_there(
    marketing: Running, stranger: httpx.AsyncClient, tenant: UUID, form: str
) -> None:
    id = (await submit(stranger, form, DETAILS)).json()["lead"]
    for other in (
        marketing.client(uuid4(), permissions=reaching("all", "leads")),
        marketing.client(tenant, permissions=reaching("own", "leads")),
        marketing.client(
            tenant,
            permissions=reaching("department", "leads"),
            department_path=(uuid4(),),
        ),
    ):
        assert (await other.get(f"/v1/leads/{id}")).status_code == 404
        assert (await other.get("/v1/leads")).json()["items"] == []


class TestConversion:
    @pytest.fixture
    async def lead(self, stranger: httpx.AsyncClient, form: str) -> UUID:
        return UUID((await submit(stranger, form, DETAILS)).json()["lead"])

    @staticmethod
    def deal(lead: UUID | None) -> Deal:
        return Deal(
            id=uuid7(),
            version=1,
            name="Заявка с сайта",
            pipeline=uuid4(),
            stage=uuid4(),
            customer=CustomerRef(type="person", id=uuid4()),
            lead=lead,
        )

    @staticmethod
    async def conversions(marketing: Running, tenant: UUID) -> list[Event[Any]]:
        journal = await marketing.journal(tenant)
        return [event for event in journal if event.type == "crm.marketing.lead.converted.v1"]

    async def test_a_deal_from_a_lead_converts_it_exactly_once(
        self, marketing: Running, marketer: httpx.AsyncClient, tenant: UUID, lead: UUID
    ) -> None:
        deal = self.deal(lead)
        created = event(DEAL, "created", deal, tenant=tenant)
        assert await marketing.deliver("marketing.reactions", created) == 1
        assert await marketing.deliver("marketing.reactions", created, created) == 0
        second = event(DEAL, "created", self.deal(lead), tenant=tenant)
        await marketing.deliver("marketing.reactions", second)

        state = (await marketer.get(f"/v1/leads/{lead}")).json()
        assert (state["status"], state["deal"]) == ("converted", str(deal.id))
        assert deal.customer is not None
        assert state["customer"] == {"type": "person", "id": str(deal.customer.id)}
        found = await marketer.get("/v1/leads", params={"customer": str(deal.customer.id)})
        assert [one["id"] for one in found.json()["items"]] == [str(lead)]
        others = await marketer.get("/v1/leads", params={"customer": str(uuid4())})
        assert others.json()["items"] == []
        assert (await marketer.get("/v1/leads", params={"customer": "no id"})).status_code == 422
        [converted] = await self.conversions(marketing, tenant)
        assert converted.causationid == str(created.id)
        assert converted.time == created.time
        assert await marketing.parked(tenant) == []

    async def test_a_deal_without_a_lead_or_with_somebody_elses_converts_nothing(
        self, marketing: Running, marketer: httpx.AsyncClient, tenant: UUID, lead: UUID
    ) -> None:
        other = uuid4()
        await marketing.deliver(
            "marketing.reactions",
            event(DEAL, "created", self.deal(None), tenant=tenant),
            event(DEAL, "created", self.deal(uuid4()), tenant=tenant),
            event(DEAL, "created", self.deal(lead), tenant=other),
        )
        assert (await marketer.get(f"/v1/leads/{lead}")).json()["status"] == "captured"
        assert await self.conversions(marketing, tenant) == []
        assert await self.conversions(marketing, other) == []
        assert await marketing.parked(tenant) == []
