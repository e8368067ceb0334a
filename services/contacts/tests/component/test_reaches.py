"""Who sees and changes what: all, the department and below, one's own; never another tenant's."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.testing import Running, event, reaching
from events.catalogue import DEPARTMENT
from events.directory import Department
from events.values import Reach

RESOURCES = ("companies", "people", "touches")
PATHS = tuple(f"/v1/{resource}" for resource in RESOURCES)


@dataclass
class Firm:
    """Head office, the sales department below it with its branch, and the warehouse beside."""

    contacts: Running
    tenant: UUID
    head: UUID
    sales: UUID
    branch: UUID
    warehouse: UUID
    agent: UUID

    def path(self, department: UUID) -> tuple[UUID, ...]:
        above = {self.sales: (self.head,), self.branch: (self.head, self.sales)}
        beside = {self.warehouse: (self.head,), self.head: ()}
        return (*(above | beside)[department], department)

    def client(
        self, reach: Reach, department: UUID | None = None, user: UUID | None = None
    ) -> httpx.AsyncClient:
        """Somebody in sales, unless said otherwise."""
        return self.contacts.client(
            self.tenant,
            permissions=reaching(reach, *RESOURCES),
            user=user,
            department_path=self.path(department or self.sales),
        )


@pytest.fixture
async def firm(contacts: Running, tenant: UUID) -> Firm:
    firm = Firm(contacts, tenant, uuid4(), uuid4(), uuid4(), uuid4(), uuid4())
    for department in (firm.head, firm.sales, firm.branch, firm.warehouse):
        await contacts.place(tenant, firm.path(department))
    return firm


def body(path: str, **fields: Any) -> dict[str, Any]:
    own: dict[str, dict[str, Any]] = {
        "/v1/companies": {"name": "Ромашка"},
        "/v1/people": {"given_name": "Ромашка"},
        "/v1/touches": {
            "channel": "call",
            "subject": "Ромашка",
            "customer": {"type": "company", "id": str(uuid4())},
        },
    }
    return own[path] | fields


async def one_of_each_holder(firm: Firm, path: str) -> dict[str, str]:
    """A record of the agent, of sales, its branch, the warehouse, and of nobody: name -> id."""
    holders = {
        "agent's": {"owner": str(firm.agent), "department": str(firm.warehouse)},
        "sales'": {"owner": str(uuid4()), "department": str(firm.sales)},
        "branch's": {"owner": str(uuid4()), "department": str(firm.branch)},
        "warehouse's": {"owner": str(uuid4()), "department": str(firm.warehouse)},
        "head's": {"owner": str(uuid4()), "department": str(firm.head)},
    }
    everybody = firm.client("all")
    made = {}
    for name, fields in holders.items():
        answer = await everybody.post(path, json=body(path, **fields))
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()["id"]
    return made


REACHED: list[tuple[Reach, set[str]]] = [
    ("all", {"agent's", "sales'", "branch's", "warehouse's", "head's"}),
    ("department", {"agent's", "sales'", "branch's"}),
    ("own", {"agent's"}),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("reach", "reached"), REACHED)
async def test_reads_and_lists_end_where_the_reach_ends(
    firm: Firm, path: str, reach: Reach, reached: set[str]
) -> None:
    made = await one_of_each_holder(firm, path)
    agent = firm.client(reach, user=firm.agent)
    listed = {item["id"] for item in (await agent.get(path)).json()["items"]}
    assert {name for name, id in made.items() if id in listed} == reached
    read = {name: (await agent.get(f"{path}/{id}")).status_code for name, id in made.items()}
    assert read == {name: 200 if name in reached else 404 for name in made}


@pytest.mark.parametrize("path", ["/v1/companies", "/v1/people"])
@pytest.mark.parametrize(("reach", "reached"), REACHED)
async def test_searches_and_single_customers_end_where_the_reach_ends(
    firm: Firm, path: str, reach: Reach, reached: set[str]
) -> None:
    made = await one_of_each_holder(firm, path)
    agent = firm.client(reach, user=firm.agent)
    items = (await agent.get(path, params={"q": "ромашка"})).json()["items"]
    assert {item["id"] for item in items} == {made[name] for name in reached}
    for name, id in made.items():
        expected = 200 if name in reached else 404
        assert (await agent.get(f"/v1/customers/{id}")).status_code == expected
        assert (await agent.get(f"/v1/customers/{id}/timeline")).status_code == expected


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("reach", "reached"), REACHED)
async def test_changes_end_where_the_reach_ends(
    firm: Firm, path: str, reach: Reach, reached: set[str]
) -> None:
    made = await one_of_each_holder(firm, path)
    agent = firm.client(reach, user=firm.agent)
    patched = {
        name: (await agent.patch(f"{path}/{id}", json={"notes": "да"})).status_code
        for name, id in made.items()
    }
    assert patched == {name: 200 if name in reached else 404 for name in made}
    items = [{"id": id, "notes": "нет"} for id in made.values()]
    verdicts = (await agent.post(f"{path}/bulk", json={"items": items})).json()["items"]
    assert {name for name, v in zip(made, verdicts, strict=True) if v["verdict"] == "updated"} == (
        reached
    )


@pytest.mark.parametrize("path", PATHS)
async def test_nobody_makes_a_record_beyond_their_reach(firm: Firm, path: str) -> None:
    foreign = body(path, owner=str(uuid4()), department=str(firm.warehouse))
    for reach in ("own", "department"):
        agent = firm.client(reach)
        assert (await agent.post(path, json=foreign)).status_code == 403
        verdicts = (await agent.post(f"{path}/bulk", json={"items": [foreign]})).json()["items"]
        assert verdicts[0]["verdict"] == "rejected"
    assert (await firm.client("all").post(path, json=foreign)).status_code == 201


@pytest.mark.parametrize("path", PATHS)
async def test_another_tenants_record_is_not_there(
    firm: Firm, contacts: Running, path: str
) -> None:
    made = (await firm.client("all").post(path, json=body(path))).json()["id"]
    stranger = contacts.client(uuid4(), permissions=reaching("all", *RESOURCES))
    assert (await stranger.get(f"{path}/{made}")).status_code == 404
    assert (await stranger.patch(f"{path}/{made}", json={"notes": "!"})).status_code == 404
    assert (await stranger.get(path)).json()["items"] == []
    item = {"id": made, "notes": "!"}
    verdicts = (await stranger.post(f"{path}/bulk", json={"items": [item]})).json()["items"]
    assert verdicts[0]["problem"]["status"] == 404
    assert (await stranger.get(f"/v1/customers/{made}")).status_code == 404


@pytest.mark.parametrize("path", PATHS)
async def test_what_is_not_permitted_is_denied(contacts: Running, tenant: UUID, path: str) -> None:
    nobody = contacts.client(tenant, permissions={})
    asked: list[Callable[[], Coroutine[Any, Any, httpx.Response]]] = [
        lambda: nobody.get(path),
        lambda: nobody.get(f"{path}/{uuid4()}"),
        lambda: nobody.post(path, json=body(path)),
        lambda: nobody.patch(f"{path}/{uuid4()}", json={}),
        lambda: nobody.post(f"{path}/bulk", json={"items": [body(path)]}),
        lambda: nobody.get(f"/v1/customers/{uuid4()}"),
        lambda: nobody.get(f"/v1/customers/{uuid4()}/timeline"),
    ]
    assert [(await ask()).status_code for ask in asked] == [403] * len(asked)


@pytest.mark.parametrize("path", PATHS)
async def test_an_external_id_does_not_tell_the_id_of_a_record_out_of_reach(
    firm: Firm, path: str
) -> None:
    named = {"external_ids": [{"system": "erp", "type": "card", "id": "7"}]}
    made = (await firm.client("all").post(path, json=body(path, **named))).json()["id"]
    agent = firm.client("own", user=firm.agent)
    for item in (named, {**body(path), **named}):
        answer = await agent.post(f"{path}/bulk", json={"items": [item]})
        (verdict,) = answer.json()["items"]
        assert (verdict["verdict"], verdict["id"]) == ("rejected", None)
        assert verdict["problem"]["field"] == "external_ids"
        assert made not in answer.text


async def test_a_stranger_signs_in_first(contacts: Running) -> None:
    assert (await contacts.client_of(None).get("/v1/companies")).status_code == 401


async def test_who_may_read_only_people_finds_only_people(firm: Firm, contacts: Running) -> None:
    everybody = firm.client("all")
    company = (await everybody.post("/v1/companies", json={"name": "А"})).json()["id"]
    person = (await everybody.post("/v1/people", json={"given_name": "А"})).json()["id"]
    reader = contacts.client(firm.tenant, permissions={"people:read": "all"})
    assert (await reader.get(f"/v1/customers/{company}")).status_code == 404
    assert (await reader.get(f"/v1/customers/{person}")).status_code == 200


async def test_departments_are_learned_from_the_directory(contacts: Running, tenant: UUID) -> None:
    head, branch = uuid4(), uuid4()
    below = Department(
        id=branch, version=1, name="Филиал", path=(head, branch), time_zone="Asia/Vladivostok"
    )
    company = body("/v1/companies", owner=str(uuid4()), department=str(branch))
    everybody = contacts.client(tenant, permissions=reaching("all", *RESOURCES))
    made = (await everybody.post("/v1/companies", json=company)).json()["id"]
    manager = contacts.client(
        tenant, permissions=reaching("department", *RESOURCES), department_path=(head,)
    )
    assert (await manager.get(f"/v1/companies/{made}")).status_code == 404
    await contacts.deliver("contacts.replicas", event(DEPARTMENT, "created", below, tenant=tenant))
    assert (await manager.get(f"/v1/companies/{made}")).status_code == 200
