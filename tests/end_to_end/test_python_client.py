"""The Python client through a real gateway: every resource, with an event loop and without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest

from cli.local.home import checkout
from cli.openapi.client import DOCUMENT
from meridian_client import AsyncMeridian, Meridian, Problem
from meridian_client import models as m
from tests.end_to_end.conftest import Platform
from tests.end_to_end.opportunities.company import PASSWORD, Company, found

TEN = m.Money(amount=Decimal("10.00"), currency="USD")


@pytest.fixture(scope="module")
def company(platform: Platform) -> Company:
    return asyncio.run(found(platform))


@pytest.fixture
def meridian(company: Company) -> Iterator[Meridian]:
    """The company's administrator, without an event loop."""
    with Meridian(company.platform.gateway_url) as meridian:
        sign_in = company.sign_in
        meridian.sign_in(sign_in.tenant, sign_in.login, sign_in.password)
        yield meridian


def test_a_gateway_answers_the_committed_document(platform: Platform) -> None:
    committed = json.loads((checkout() / DOCUMENT).read_text(encoding="utf-8"))
    assert httpx.get(f"{platform.gateway_url}/openapi.json").json() == committed


async def test_people_and_what_they_may(company: Company) -> None:
    async with company.signed_in() as meridian:
        me = await meridian.me.read()
        assert (await meridian.tenant.read()).id == me.tenant.id == company.tenant
        office = await meridian.departments.create(
            m.DepartmentDraft(name="Bergen", time_zone="Europe/Oslo", parent=me.department.id)
        )
        role = await meridian.roles.create(
            m.RoleDraft(code="reader", name="Reads", permissions={"deals:read": "department"})
        )
        draft = m.UserDraft(name="Ida", login="ida", roles=[role.code], department=office.id)
        invited = await meridian.users.invite(draft)
        await meridian.invitations.accept(
            m.Acceptance(invitation=invited.invitation, password=PASSWORD)
        )
        named = [user.name async for user in meridian.users.list(department=office.id)]
        assert named == ["Ida"]
        asked = m.Question(user=invited.user.id, permission="deals:write")
        assert not (await meridian.access.explain(asked)).allowed
        key = await meridian.api_keys.create(m.ApiKeyDraft(name="nightly", scopes=["deals:read"]))
        assert {s.user for s in (await meridian.sessions.list()).items} == {me.user.id}

    url = company.platform.gateway_url
    async with AsyncMeridian(url, api_key=key.key) as program:
        assert [deal async for deal in program.deals.list()] == []
        with pytest.raises(Problem) as refused:
            await program.companies.create(m.CompanyDraft(name="Acme"))
    assert (refused.value.status, refused.value.slug) == (403, "forbidden")


async def test_from_a_form_to_a_report(company: Company) -> None:
    async with company.signed_in() as meridian:
        channel = await meridian.channels.create(m.ChannelDraft(name="Search", kind="search"))
        campaign = await meridian.campaigns.create(
            m.CampaignDraft(name="Spring", channel=channel.id)
        )
        spent = m.SpendReport(campaign=campaign.id, day=date(2026, 3, 1), amount=TEN)
        assert [v.verdict async for v in meridian.spend.bulk([spent])] == ["created"]
        form = await meridian.forms.create(m.FormDraft(name="Ask us", campaign=campaign.id))
        captured = await meridian.forms.submit(
            form.id, m.Submission(name="Liv Berg", email="liv@example.org")
        )
        async with asyncio.timeout(60):
            while (lead := await meridian.leads.read(captured.lead)).deal is None:
                await asyncio.sleep(0.1)
        assert lead.customer is not None
        person = await meridian.people.read(lead.customer.id)
        assert person.emails == ["liv@example.org"]
        seen = await meridian.customers.read_360(person.id)
        assert seen.unavailable == []
        amount = m.MoneyPatch(amount=TEN.amount, currency=TEN.currency)
        deal = await meridian.deals.change(lead.deal, m.DealPatch(amount=amount))
        won = await meridian.deals.win(deal.id)
        assert (won.status, won.version) == ("won", deal.version + 1)
        returned = await meridian.reports.marketing_return(by="campaign")
    (group,) = (group for group in returned.items if group.key == str(campaign.id))
    assert (group.spend, group.revenue, group.romi) == (Decimal(10), Decimal(10), 0.0)


def test_selling_without_an_event_loop(meridian: Meridian) -> None:
    stages = [
        m.StageDraft(name=name, probability=chance) for name, chance in (("A", 10), ("B", 50))
    ]
    pipeline = meridian.pipelines.create(m.PipelineDraft(name="Short", stages=stages))
    product = meridian.products.create(m.ProductDraft(name="Desk", price=TEN))
    reason = meridian.reasons.create(m.ReasonDraft(outcome="lost", code="price_2", name="Price"))
    company = meridian.companies.create(
        m.CompanyDraft(name="Nordlys", address=m.Address(city="Tromsø"))
    )
    line = m.DealLine(product=product.id, quantity=Decimal(4), price=TEN)
    customer = m.CustomerRef(type="company", id=company.id)
    draft = m.DealDraft(name="Desks", customer=customer, lines=[line], pipeline=pipeline.id)
    deal = meridian.deals.create(draft)
    assert deal.amount == m.Money(amount=Decimal("40.00"), currency="USD")
    moved = meridian.deals.move(deal.id, m.Move(stage=pipeline.stages[1].id))
    lost = meridian.deals.lose(moved.id, m.Closing(reason=reason.id, comment="too dear"))
    assert (lost.status, lost.reason) == ("lost", reason.id)
    assert [version.verb for version in meridian.deals.history(deal.id, page_size=1)] == [
        *("lost", "moved", "created"),
    ]
    losses = meridian.reports.reasons(outcome="lost", pipeline=pipeline.id)
    assert [(group.code, group.deals) for group in losses.items] == [("price_2", 1)]


def test_touching_a_customer_without_an_event_loop(meridian: Meridian) -> None:
    person = meridian.people.create(m.PersonDraft(given_name="Анна", family_name="Ли"))
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    touch = meridian.touches.create(
        m.TouchDraft(
            channel="call",
            customer=m.CustomerRef(type="person", id=person.id),
            subject="Ask how it goes",
            planned_for=at,
        )
    )
    assert (touch.status, touch.planned_for) == ("planned", at)
    done = meridian.touches.done(touch.id, m.Completion(outcome="well", done_at=at))
    (entry,) = meridian.customers.timeline(person.id)
    assert (entry.type, entry.at, entry.fact) == ("touch", at, None)
    assert entry.touch is not None
    assert entry.touch.outcome == done.outcome
    assert meridian.people.remove(person.id, reason="asked for it").id == person.id
    with pytest.raises(Problem, match="no") as gone:
        meridian.people.read(person.id)
    assert gone.value.status == 404


def test_what_another_has_changed_is_not_overwritten(meridian: Meridian) -> None:
    company = meridian.companies.create(m.CompanyDraft(name="Fjord", employees=7))
    patch = m.CompanyPatch(name="Fjord AS")
    changed = meridian.companies.change(company.id, patch, if_match=company.version)
    assert (changed.name, changed.employees) == ("Fjord AS", 7)
    with pytest.raises(Problem) as refused:
        meridian.companies.change(company.id, patch, if_match=company.version)
    assert refused.value.status == 412


def test_bulk_answers_for_each_item(meridian: Meridian) -> None:
    def named(number: int) -> m.CompanyDraft:
        known = m.ExternalId(system="shop", type="customer", id=str(number))
        return m.CompanyDraft(name=f"Customer {number}", external_ids=[known])

    drafts = [named(number) for number in range(250)]
    first = list(meridian.companies.bulk(drafts, chunk=100))
    assert {verdict.verdict for verdict in first} == {"created"}
    again = list(meridian.companies.bulk([*drafts, {"name": 5}], chunk=100))
    assert [verdict.id for verdict in again[:-1]] == [verdict.id for verdict in first]
    assert {verdict.verdict for verdict in again[:-1]} == {"unchanged"}
    assert (again[-1].index, again[-1].verdict) == (250, "rejected")
    assert again[-1].problem is not None
    assert again[-1].problem["field"] == "name"
    listed = [c.id for c in meridian.companies.list(q="Customer", page_size=99)]
    assert len(listed) == len(set(listed)) == 250
