"""What sales does when others speak: exactly once, however often it is told."""

from uuid import UUID, uuid4, uuid5

import httpx
import pytest
from msgspec.structs import replace

from chassis.inbox import Consumer, Inbox
from chassis.testing import Running, event
from events.catalogue import DEPARTMENT, TENANT, TOUCH
from events.contacts import Touch
from events.directory import Department, Tenant
from events.values import CustomerRef
from sales.app import SERVICE
from services.sales.tests.component.selling import administrator, created, pipeline

CONSUMERS = {consumer.name: consumer for consumer in SERVICE.consumers}


def inbox(sales: Running, name: str) -> Inbox:
    consumer: Consumer = CONSUMERS[name]
    return Inbox(consumer, sales.transactions)


@pytest.fixture
def reactions(sales: Running) -> Inbox:
    return inbox(sales, "sales.reactions")


@pytest.fixture
def client(sales: Running, tenant: UUID) -> httpx.AsyncClient:
    return administrator(sales, tenant)


def company(id: UUID, **fields: str) -> Tenant:
    given = {"name": "ООО Ромашка", "slug": "romashka", "currency": "RUB"} | fields
    return Tenant(id=id, version=1, **given)  # type: ignore[arg-type]


def form(**fields: object) -> Touch:
    touch = Touch(
        id=uuid4(),
        version=1,
        channel="web_form",
        direction="inbound",
        status="done",
        customer=CustomerRef("person", uuid4()),
        subject="Заявка с сайта",
        owner=uuid4(),
        department=uuid4(),
        campaign=uuid4(),
        lead=uuid4(),
    )
    return replace(touch, **fields)


async def test_a_new_tenant_begins_with_a_pipeline_and_reasons(
    reactions: Inbox, client: httpx.AsyncClient, tenant: UUID
) -> None:
    told = event(TENANT, "created", company(tenant, language="ru"), tenant=tenant)
    assert await reactions.apply_events([told]) == 1
    [way] = (await client.get("/v1/pipelines")).json()["items"]
    assert (way["name"], way["is_default"]) == ("Продажи", True)
    assert [stage["probability"] for stage in way["stages"]] == [10, 25, 50, 75]
    reasons = (await client.get("/v1/reasons")).json()["items"]
    assert len(reasons) == 12
    for reason in reasons:
        assert reason["id"] == str(uuid5(tenant, f"reason:{reason['outcome']}:{reason['code']}"))
    assert "Нет бюджета" in {reason["name"] for reason in reasons}


async def test_it_does_so_once(sales: Running, reactions: Inbox, tenant: UUID) -> None:
    told = event(TENANT, "created", company(tenant), tenant=tenant)
    await reactions.apply_events([told])
    before = len(await sales.journal(tenant))
    assert await reactions.apply_events([told]) == 0
    renamed = replace(company(tenant), version=2, name="ООО Василёк")
    await reactions.apply_events([event(TENANT, "changed", renamed, tenant=tenant)])
    assert len(await sales.journal(tenant)) == before == 13


async def test_what_a_tenant_made_before_stays(
    reactions: Inbox, client: httpx.AsyncClient, tenant: UUID
) -> None:
    own = await pipeline(client, is_default=True)
    price = await created(client, "reasons", outcome="lost", code="price", name="Дорого")
    early = await created(client, "deals", name="Станки")
    await reactions.apply_events([event(TENANT, "created", company(tenant), tenant=tenant)])
    ways = (await client.get("/v1/pipelines?is_default=true")).json()["items"]
    assert [way["id"] for way in ways] == [own["id"]]
    assert (await client.get(f"/v1/reasons/{price['id']}")).json() == price
    assert early["pipeline"] == own["id"]


async def test_a_deal_that_came_before_the_first_pipeline_stands_in_it_afterwards(
    reactions: Inbox, client: httpx.AsyncClient, tenant: UUID
) -> None:
    deal = await created(client, "deals", name="Станки")
    told = event(TENANT, "created", company(tenant, language="ru"), tenant=tenant)
    await reactions.apply_events([told])
    [way] = (await client.get("/v1/pipelines")).json()["items"]
    assert (deal["pipeline"], deal["stage"]) == (way["id"], way["stages"][0]["id"])


async def test_the_touch_of_a_lead_opens_a_deal_once(
    sales: Running, reactions: Inbox, client: httpx.AsyncClient, tenant: UUID
) -> None:
    touch = form()
    told = event(TOUCH, "recorded", touch, tenant=tenant)
    for _ in range(2):
        await reactions.apply_events([told])
    again = replace(touch, version=2, outcome="перезвонить")
    await reactions.apply_events([event(TOUCH, "changed", again, tenant=tenant, before=touch)])
    [deal] = (await client.get("/v1/deals")).json()["items"]
    assert deal["id"] == str(uuid5(told.id, "deal"))
    assert deal["name"] == "Заявка с сайта"
    assert deal["customer"] == {"type": "person", "id": str(touch.customer.id)}
    for field in ("lead", "campaign", "owner", "department"):
        assert deal[field] == str(getattr(touch, field))
    [opened] = await sales.journal(tenant)
    assert (opened.causationid, opened.time) == (str(told.id), told.time)


async def test_other_touches_open_nothing(sales: Running, reactions: Inbox, tenant: UUID) -> None:
    call = form(lead=None, channel="call")
    planned = form(status="planned")
    await reactions.apply_events(
        [
            event(TOUCH, "recorded", call, tenant=tenant),
            event(TOUCH, "planned", planned, tenant=tenant),
        ]
    )
    assert await sales.journal(tenant) == []


async def test_departments_tell_which_day_it_is(
    sales: Running, client: httpx.AsyncClient, tenant: UUID
) -> None:
    office = uuid4()
    department = Department(
        id=office, version=1, name="Владивосток", path=(office,), time_zone="Asia/Vladivostok"
    )
    told = event(DEPARTMENT, "created", department, tenant=tenant)
    for _ in range(2):
        await inbox(sales, "sales.replicas").apply_events([told])
    deal = await created(client, "deals", name="Станки", department=str(office))
    closed = {"closed_at": "2026-01-31T20:00:00Z"}
    won = await client.post(f"/v1/deals/{deal['id']}/win", json=closed)
    assert won.json()["closed_on"] == "2026-02-01"
