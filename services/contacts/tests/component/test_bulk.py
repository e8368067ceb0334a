"""Many records at once: a verdict for each, and none holds back the others."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.testing import Running, reaching

EVERYTHING = reaching("all", "companies", "people", "touches")


@pytest.fixture
def importer(contacts: Running, tenant: UUID) -> httpx.AsyncClient:
    return contacts.client(tenant, permissions=EVERYTHING)


async def verdicts(
    client: httpx.AsyncClient, path: str, items: list[Any], status: int = 200
) -> list[dict[str, Any]]:
    answer = await client.post(f"{path}/bulk", json={"items": items})
    assert answer.status_code == status, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def named(id: str) -> list[dict[str, str]]:
    return [{"system": "csv", "type": "account", "id": id}]


async def test_a_second_import_changes_nothing_and_one_altered_row_makes_one_event(
    contacts: Running, tenant: UUID, importer: httpx.AsyncClient
) -> None:
    rows = [
        {"name": f"Компания {n}", "emails": [f"a{n}@B.ru"], "external_ids": named(str(n))}
        for n in range(20)
    ]
    first = await verdicts(importer, "/v1/companies", rows)
    assert [(v["index"], v["verdict"], v["version"]) for v in first] == [
        (n, "created", 1) for n in range(20)
    ]
    second = await verdicts(importer, "/v1/companies", rows)
    assert {v["verdict"] for v in second} == {"unchanged"}
    assert [v["id"] for v in second] == [v["id"] for v in first]
    rows[7]["industry"] = "software"
    third = await verdicts(importer, "/v1/companies", rows)
    assert [v["verdict"] for v in third].count("updated") == 1
    assert third[7]["version"] == 2
    journal = await contacts.journal(tenant)
    assert len(journal) == 21
    assert journal[-1].type == "crm.contacts.company.changed.v1"
    assert journal[-1].data.changed == {"industry": None}


async def test_an_item_sets_the_fields_it_carries_and_leaves_the_rest(
    importer: httpx.AsyncClient,
) -> None:
    (made,) = await verdicts(
        importer, "/v1/companies", [{"name": "А", "industry": "Б", "external_ids": named("1")}]
    )
    (again,) = await verdicts(
        importer, "/v1/companies", [{"id": made["id"], "website": "a.example"}]
    )
    assert again["verdict"] == "updated"
    company = (await importer.get(f"/v1/companies/{made['id']}")).json()
    assert (company["industry"], company["website"]) == ("Б", "a.example")


async def test_every_hostile_item_is_rejected_with_its_problem_and_good_ones_are_kept(
    contacts: Running, tenant: UUID, importer: httpx.AsyncClient
) -> None:
    items: list[dict[str, Any]] = [
        {"name": "Хорошая", "external_ids": named("1")},
        {"name": "Дубль", "external_ids": named("1")},
        {"name": "  "},
        {"name": "А", "unknown": 1},
        {"name": "А", "id": "not an id"},
        {"name": "А", "id": str(uuid4())},
        {"name": 5},
        {"name": "А", "external_ids": "1"},
        {"name": "А", "external_ids": [{"system": "", "type": "a", "id": "1"}]},
        {"name": "А", "parent": {"id": 1}},
        {"name": "А", "emails": ["б"]},
        {"name": "А", "annual_revenue": {"amount": "1e999", "currency": "RUB"}},
        {},
        {"name": "Тоже хорошая"},
    ]
    found = await verdicts(importer, "/v1/companies", items)
    assert [v["verdict"] for v in found] == ["created", *["rejected"] * 12, "created"]
    assert found[1]["problem"]["type"] == "urn:meridian:problem:duplicate-in-request"
    assert found[5]["problem"]["type"] == "urn:meridian:problem:not-found"
    assert all(v["problem"]["detail"] for v in found if v["verdict"] == "rejected")
    assert len(await contacts.journal(tenant)) == 2


async def test_a_record_named_twice_in_different_ways_is_a_duplicate(
    importer: httpx.AsyncClient,
) -> None:
    (made,) = await verdicts(importer, "/v1/companies", [{"name": "А", "external_ids": named("1")}])
    found = await verdicts(
        importer,
        "/v1/companies",
        [{"id": made["id"], "name": "Б"}, {"name": "В", "external_ids": named("1")}],
    )
    assert [v["verdict"] for v in found] == ["updated", "rejected"]


async def test_an_external_id_of_another_record_is_not_taken_over(
    importer: httpx.AsyncClient,
) -> None:
    first, second = await verdicts(
        importer,
        "/v1/companies",
        [{"name": "А", "external_ids": named("1")}, {"name": "Б", "external_ids": named("2")}],
    )
    found = await verdicts(
        importer,
        "/v1/companies",
        [
            {"id": first["id"], "external_ids": named("1") + named("2")},
            {"name": "В", "external_ids": named("3")},
            {"id": second["id"], "external_ids": named("3")},
        ],
    )
    assert [v["verdict"] for v in found] == ["rejected", "created", "rejected"]
    assert found[0]["problem"]["type"] == "urn:meridian:problem:external-id-taken"


async def test_an_external_id_listed_twice_is_one(importer: httpx.AsyncClient) -> None:
    row = {"name": "А", "external_ids": named("1") * 2}
    assert [v["verdict"] for v in await verdicts(importer, "/v1/companies", [row])] == ["created"]


@pytest.mark.parametrize("items", [[], [{"name": "А"}] * 1_001])
async def test_a_request_carries_one_to_a_thousand_items(
    importer: httpx.AsyncClient, items: list[Any]
) -> None:
    answer = await importer.post("/v1/companies/bulk", json={"items": items})
    assert answer.status_code == 422


async def test_a_circle_within_one_request_is_refused(importer: httpx.AsyncClient) -> None:
    first, second = await verdicts(importer, "/v1/companies", [{"name": "А"}, {"name": "Б"}])
    found = await verdicts(
        importer,
        "/v1/companies",
        [
            {"id": first["id"], "parent": second["id"]},
            {"id": second["id"], "parent": first["id"]},
        ],
    )
    assert [v["verdict"] for v in found] == ["updated", "rejected"]
    assert found[1]["problem"]["type"] == "urn:meridian:problem:parent-cycle"


async def test_people_come_in_bulk(importer: httpx.AsyncClient) -> None:
    found = await verdicts(
        importer,
        "/v1/people",
        [
            {"family_name": "Ёлкина", "given_name": "Анна", "external_ids": named("1")},
            {"patronymic": "Петровна"},
        ],
    )
    assert [v["verdict"] for v in found] == ["created", "rejected"]
    assert found[1]["problem"]["type"] == "urn:meridian:problem:person-needs-name-or-address"


async def test_touches_come_in_bulk_each_with_the_event_of_its_status(
    contacts: Running, tenant: UUID, importer: httpx.AsyncClient
) -> None:
    customer = {"type": "person", "id": str(uuid4())}
    call = {"channel": "call", "customer": customer, "subject": "Звонок"}
    plan = call | {"planned_for": "2026-02-01T10:00:00+03:00", "external_ids": named("1")}
    past = call | {"done_at": "2017-05-01T10:00:00Z", "external_ids": named("2")}
    found = await verdicts(importer, "/v1/touches", [plan, past, call | {"status": "cancelled"}])
    assert [v["verdict"] for v in found] == ["created", "created", "rejected"]
    found = await verdicts(
        importer,
        "/v1/touches",
        [{"external_ids": named("1"), "status": "done", "done_at": "2026-02-02T10:00:00Z"}, past],
    )
    assert [v["verdict"] for v in found] == ["updated", "unchanged"]
    journal = await contacts.journal(tenant)
    assert {(event.type.split(".")[3], event.time.isoformat()) for event in journal} == {
        ("planned", "2026-02-01T07:00:00+00:00"),
        ("recorded", "2017-05-01T10:00:00+00:00"),
        ("done", "2026-02-02T10:00:00+00:00"),
    }
