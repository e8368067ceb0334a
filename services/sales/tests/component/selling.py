"""What the tests of sales say often: who speaks, a pipeline, a deal, an import."""

from typing import Any
from uuid import UUID, uuid4

import httpx

from chassis.testing import Running, reaching
from events.values import Reach

EVERYTHING = reaching("all", "deals", "pipelines", "products", "reasons")
Json = dict[str, Any]


def administrator(sales: Running, tenant: UUID) -> httpx.AsyncClient:
    """Somebody who may do everything."""
    return sales.client(tenant, permissions=EVERYTHING)


def agent(
    sales: Running,
    tenant: UUID,
    reach: Reach,
    department_path: tuple[UUID, ...] = (),
    user: UUID | None = None,
) -> httpx.AsyncClient:
    """Somebody who reaches only some deals."""
    return sales.client(
        tenant, permissions=reaching(reach, "deals"), department_path=department_path, user=user
    )


async def created(client: httpx.AsyncClient, path: str, **body: Any) -> Json:
    answer = await client.post(f"/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    state: Json = answer.json()
    return state


async def done(client: httpx.AsyncClient, path: str, **body: Any) -> Json:
    answer = await client.post(f"/v1/{path}", json=body)
    assert answer.status_code == 200, answer.text
    state: Json = answer.json()
    return state


def refused(answer: httpx.Response, status: int, name: str) -> Json:
    """The problem that an answer is."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Json = answer.json()
    assert problem["type"] == f"urn:meridian:problem:{name}"
    return problem


async def verdicts(client: httpx.AsyncClient, path: str, *items: Json) -> list[Json]:
    """The verdicts of a bulk request, in the order of its items."""
    return list((await done(client, f"{path}/bulk", items=list(items)))["items"])


async def pipeline(client: httpx.AsyncClient, *stages: str, **fields: Any) -> Json:
    given = [{"name": name, "probability": 50} for name in stages or ("New", "Offer", "Contract")]
    return await created(client, "pipelines", **({"name": "Own", "stages": given} | fields))


def external(id: str) -> list[Json]:
    return [{"system": "csv", "type": "opportunity", "id": id}]


def imported(number: str, **fields: Any) -> Json:
    """A deal as another system knows it: won in 2017."""
    return {
        "name": f"GTX Pro {number}",
        "status": "won",
        "started_at": "2017-01-10T12:00:00Z",
        "started_on": "2017-01-10",
        "closed_at": "2017-03-01T12:00:00Z",
        "closed_on": "2017-03-01",
        "lines": [
            {
                "product": str(uuid4()),
                "quantity": "1",
                "price": {"amount": "4821.5", "currency": "USD"},
            }
        ],
        "external_ids": external(number),
        **fields,
    }
