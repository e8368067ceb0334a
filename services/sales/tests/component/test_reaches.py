"""Who sees and changes what: the whole company, a department and below, one's own."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.testing import Running, reaching
from events.values import Reach
from services.sales.tests.component.selling import (
    EVERYTHING,
    Json,
    administrator,
    agent,
    created,
    pipeline,
    refused,
    verdicts,
)


@dataclass
class Company:
    """Two departments below the root, a deal in each, and one of the agent's own."""

    sales: Running
    tenant: UUID
    root: UUID
    east: UUID
    user: UUID
    deals: dict[str, Json]

    def reaching(self, reach: Reach) -> httpx.AsyncClient:
        """The agent of the eastern department, with this reach."""
        return agent(self.sales, self.tenant, reach, (self.root, self.east), self.user)


@pytest.fixture
async def company(sales: Running, tenant: UUID) -> Company:
    root, east, shop, west = uuid4(), uuid4(), uuid4(), uuid4()
    for path in ((root,), (root, east), (root, east, shop), (root, west)):
        await sales.place(tenant, path)
    chief, user = administrator(sales, tenant), uuid4()
    deals = {
        "own": await created(chief, "deals", name="own", owner=str(user), department=str(west)),
        "below": await created(chief, "deals", name="below", department=str(shop)),
        "beside": await created(chief, "deals", name="beside", department=str(west)),
    }
    return Company(sales, tenant, root, east, user, deals)


REACHED: list[tuple[Reach, set[str]]] = [
    ("all", {"own", "below", "beside"}),
    ("department", {"own", "below"}),
    ("own", {"own"}),
]


@pytest.mark.parametrize(("reach", "reached"), REACHED)
async def test_lists_and_reads_end_at_the_reach(
    company: Company, reach: Reach, reached: set[str]
) -> None:
    client = company.reaching(reach)
    listed = (await client.get("/v1/deals")).json()["items"]
    assert {deal["name"] for deal in listed} == reached
    for name, deal in company.deals.items():
        answer = await client.get(f"/v1/deals/{deal['id']}")
        assert answer.status_code == (200 if name in reached else 404)


@pytest.mark.parametrize(("reach", "reached"), REACHED)
async def test_every_command_ends_at_the_reach(
    company: Company, reach: Reach, reached: set[str]
) -> None:
    client = company.reaching(reach)
    for name, deal in company.deals.items():
        path = f"/v1/deals/{deal['id']}"
        answers = [
            await client.patch(path, json={"name": name}),
            await client.post(f"{path}/move", json={"stage": deal["stage"]}),
            await client.post(f"{path}/win", json={}),
            await client.post(f"{path}/reopen", json={}),
            await client.post(f"{path}/lose", json={}),
        ]
        statuses = [answer.status_code for answer in answers]
        # Without a reason nobody loses a deal; but out of reach there is none to lose.
        assert statuses == ([200, 200, 200, 200, 422] if name in reached else [404] * 5)
        items = [{"id": deal["id"], "next_step": {"text": "Позвонить"}}]
        [verdict] = await verdicts(client, "deals", *items)
        assert verdict["verdict"] == ("updated" if name in reached else "rejected")


async def test_a_new_deal_lies_within_ones_own_reach(company: Company) -> None:
    client, elsewhere = company.reaching("department"), str(uuid4())
    foreign = {"name": "x", "owner": str(uuid4()), "department": elsewhere}
    refused(await client.post("/v1/deals", json=foreign), 403, "forbidden")
    [verdict] = await verdicts(client, "deals", foreign)
    assert verdict["problem"]["field"] == "department"
    own = await created(client, "deals", name="x")
    assert own["department"] == str(company.east)


async def test_another_tenant_finds_nothing(company: Company) -> None:
    stranger = administrator(company.sales, uuid4())
    deal = company.deals["own"]
    path = f"/v1/deals/{deal['id']}"
    for answer in (
        await stranger.get(path),
        await stranger.patch(path, json={"name": "x"}),
        await stranger.post(f"{path}/move", json={"stage": deal["stage"]}),
        await stranger.post(f"{path}/win", json={}),
        await stranger.post(f"{path}/lose", json={}),
        await stranger.post(f"{path}/reopen", json={}),
    ):
        refused(answer, 404, "not-found")
    assert (await stranger.get("/v1/deals")).json()["items"] == []
    [verdict] = await verdicts(stranger, "deals", {"id": deal["id"], "name": "x"})
    assert verdict["problem"]["type"] == "urn:meridian:problem:not-found"


async def test_another_tenant_uses_no_pipeline_and_no_reason_of_ours(
    sales: Running, tenant: UUID
) -> None:
    ours, theirs = administrator(sales, tenant), administrator(sales, uuid4())
    way = await pipeline(ours)
    reason = await created(ours, "reasons", outcome="lost", code="own", name="x")
    product = await created(ours, "products", name="x", price={"amount": "1", "currency": "USD"})
    opened = await theirs.post("/v1/deals", json={"name": "x", "pipeline": way["id"]})
    refused(opened, 422, "unknown-pipeline")
    deal = await created(theirs, "deals", name="x")
    lost = await theirs.post(f"/v1/deals/{deal['id']}/lose", json={"reason": reason["id"]})
    refused(lost, 422, "unknown-reason")
    for path in (
        f"/v1/pipelines/{way['id']}",
        f"/v1/reasons/{reason['id']}",
        f"/v1/products/{product['id']}",
    ):
        refused(await theirs.get(path), 404, "not-found")
        refused(await theirs.patch(path, json={"name": "y"}), 404, "not-found")
    for things in ("pipelines", "reasons", "products"):
        assert (await theirs.get(f"/v1/{things}")).json()["items"] == []


RESOURCES = ("deals", "pipelines", "products", "reasons")


@pytest.mark.parametrize("resource", RESOURCES)
async def test_without_the_permission_nothing_is_answered(
    sales: Running, tenant: UUID, resource: str
) -> None:
    others = reaching("all", *(name for name in RESOURCES if name != resource))
    assert others.keys() < EVERYTHING.keys()
    client = sales.client(tenant, permissions=others)
    refused(await client.get(f"/v1/{resource}"), 403, "forbidden")
    refused(await client.get(f"/v1/{resource}/{uuid4()}"), 403, "forbidden")
    refused(await client.patch(f"/v1/{resource}/{uuid4()}", json={}), 403, "forbidden")
    bulk = await client.post(f"/v1/{resource}/bulk", json={"items": [{"name": "x"}]})
    refused(bulk, 403, "forbidden")
    refused(await sales.client_of(None).get(f"/v1/{resource}"), 401, "unauthenticated")
