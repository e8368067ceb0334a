"""Companies and people over HTTP: created, changed, found."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.testing import Running, reaching

EVERYTHING = reaching("all", "companies", "people", "touches")
RUSSIA = {"country": "RU"}
NOT_A_NUMBER = {"amount": "NaN", "currency": "RUB"}


@pytest.fixture
def anna(contacts: Running, tenant: UUID) -> httpx.AsyncClient:
    return contacts.client(tenant, permissions=EVERYTHING)


async def created(client: httpx.AsyncClient, path: str, **fields: Any) -> dict[str, Any]:
    answer = await client.post(path, json=fields)
    assert answer.status_code == 201, answer.text
    state: dict[str, Any] = answer.json()
    return state


async def found(client: httpx.AsyncClient, path: str, **query: str) -> list[str]:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [item.get("name") or item["family_name"] for item in answer.json()["items"]]


async def test_a_company_is_created_read_and_journalled(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    answer = await anna.post(
        "/v1/companies",
        json={
            "name": " ООО  Ромашка ",
            "tax_id": "7707083893",
            "emails": ["Info@ROMASHKA.ru"],
            "phones": ["8 (495) 123-45-67"],
            "address": {"country": "Россия", "city": "Москва"},
            "annual_revenue": {"amount": "1200000.50", "currency": "RUB"},
            "external_ids": [{"system": "1c", "type": "Контрагент", "id": "000123"}],
        },
    )
    assert answer.status_code == 201
    company = answer.json()
    assert company["name"] == "ООО Ромашка"
    assert company["phones"] == ["+74951234567"]
    assert company["annual_revenue"] == {"amount": "1200000.50", "currency": "RUB"}
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["meridian-written"] == f"crm.contacts.company/{company['id']}@1"
    read = await anna.get(answer.headers["location"])
    assert (read.json(), read.headers["etag"]) == (company, '"1"')
    (event,) = await contacts.journal(tenant)
    assert event.type == "crm.contacts.company.created.v1"
    assert event.data.after == company


async def test_a_new_record_belongs_to_who_makes_it_and_to_their_department(
    contacts: Running, tenant: UUID
) -> None:
    user, department = uuid4(), uuid4()
    client = contacts.client(
        tenant, permissions=EVERYTHING, user=user, department_path=(uuid4(), department)
    )
    for path, fields in (("/v1/companies", {"name": "А"}), ("/v1/people", {"given_name": "А"})):
        record = await created(client, path, **fields)
        assert (record["owner"], record["department"]) == (str(user), str(department))


async def test_an_integration_sees_what_each_record_is_called_elsewhere(
    anna: httpx.AsyncClient,
) -> None:
    name = {"system": "1c", "type": "Контрагент", "id": "000:777"}
    await created(anna, "/v1/companies", name="Ромашка", external_ids=[name])
    await created(anna, "/v1/companies", name="Василёк")
    assert await found(anna, "/v1/companies", external_id="1c:Контрагент:000:777") == ["Ромашка"]
    again = await anna.post("/v1/companies", json={"name": "Другая", "external_ids": [name]})
    assert (again.status_code, again.json()["type"]) == (
        409,
        "urn:meridian:problem:external-id-taken",
    )


async def test_edits_of_different_fields_merge_and_of_the_same_field_do_not(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    boris = contacts.client(tenant, permissions=EVERYTHING)
    path = f"/v1/companies/{(await created(anna, '/v1/companies', name='Ромашка'))['id']}"
    seen = {"if-match": '"1"'}
    assert (await anna.patch(path, json={"industry": "Цветы"}, headers=seen)).status_code == 200
    merged = await boris.patch(path, json={"website": "romashka.ru"}, headers=seen)
    assert merged.status_code == 200
    assert merged.headers["etag"] == '"3"'
    assert (merged.json()["industry"], merged.json()["website"]) == ("Цветы", "romashka.ru")
    lost = await boris.patch(path, json={"industry": "Сады"}, headers=seen)
    assert lost.status_code == 412
    problem = lost.json()
    assert (problem["field"], problem["yours"], problem["theirs"]) == ("industry", "Сады", "Цветы")


async def test_a_patch_that_changes_nothing_makes_no_version(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    company = await created(anna, "/v1/companies", name="Ромашка")
    answer = await anna.patch(f"/v1/companies/{company['id']}", json={"name": "  Ромашка "})
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert "meridian-written" not in answer.headers
    assert len(await contacts.journal(tenant)) == 1


async def test_a_null_in_a_patch_takes_a_field_away(anna: httpx.AsyncClient) -> None:
    company = await created(anna, "/v1/companies", name="А", industry="Б", address={"city": "В"})
    answer = await anna.patch(
        f"/v1/companies/{company['id']}", json={"industry": None, "address": {"city": None}}
    )
    assert (answer.json()["industry"], answer.json()["address"]) == (None, None)


async def test_a_circle_of_parents_is_refused(anna: httpx.AsyncClient) -> None:
    top = await created(anna, "/v1/companies", name="Холдинг")
    middle = await created(anna, "/v1/companies", name="Филиал", parent=top["id"])
    bottom = await created(anna, "/v1/companies", name="Отдел", parent=middle["id"])
    answer = await anna.patch(f"/v1/companies/{top['id']}", json={"parent": bottom["id"]})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:meridian:problem:parent-cycle"


async def test_the_same_idempotency_key_answers_the_same_and_writes_once(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    once = {"idempotency-key": "abc"}
    first = await anna.post("/v1/people", json={"given_name": "Анна"}, headers=once)
    second = await anna.post("/v1/people", json={"given_name": "Анна"}, headers=once)
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["etag"] == first.headers["etag"]
    other = await anna.post("/v1/people", json={"given_name": "Борис"}, headers=once)
    assert other.status_code == 409
    assert other.json()["type"] == "urn:meridian:problem:idempotency-key-reused"
    assert len(await contacts.journal(tenant)) == 1


async def test_twins_of_one_request_at_once_write_once(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    twins = await asyncio.gather(
        *(
            anna.post("/v1/people", json={"given_name": "Анна"}, headers={"idempotency-key": "x"})
            for _ in range(5)
        )
    )
    assert len({twin.json()["id"] for twin in twins}) == 1
    assert len(await contacts.journal(tenant)) == 1


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/companies", {}, "name"),
        ("/v1/companies", {"name": "   "}, "name"),
        ("/v1/companies", {"name": "А", "shoe_size": 44}, "shoe_size"),
        ("/v1/companies", {"name": "А", "employees": -1}, "employees"),
        ("/v1/companies", {"name": "А", "emails": ["а"]}, "emails"),
        ("/v1/companies", {"name": "А", "emails": "a@b.c"}, "emails"),
        ("/v1/companies", {"name": "А", "annual_revenue": NOT_A_NUMBER}, "annual_revenue"),
        ("/v1/companies", {"name": "А", "tax_id": "1234567890", "address": RUSSIA}, "tax_id"),
        ("/v1/people", {}, "given_name"),
        ("/v1/people", {"given_name": "А", "company": "no id"}, "company"),
        ("/v1/people", {"phones": ["none"]}, "phones"),
        ("/v1/people", {"given_name": "А", "phones": ["112"] * 51}, "phones"),
    ],
)  # fmt: skip
async def test_bad_input_is_named_and_nothing_is_half_done(
    contacts: Running,
    tenant: UUID,
    anna: httpx.AsyncClient,
    path: str,
    body: dict[str, Any],
    field: str,
) -> None:
    answer = await anna.post(path, json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"].startswith(field)
    assert await contacts.journal(tenant) == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"\\ud800"', b'{"name": "a\\u0000b"}', b"[" * 9999]
)
async def test_a_body_that_is_no_json_object_is_refused(
    anna: httpx.AsyncClient, body: bytes
) -> None:
    answer = await anna.post("/v1/companies", content=body)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_people_are_found_by_any_part_of_their_name_however_its_letters_are_dotted(
    anna: httpx.AsyncClient,
) -> None:
    await created(
        anna,
        "/v1/people",
        family_name="Фёдорова",
        given_name="Алёна",
        patronymic="Семёновна",
        emails=["Alyona@Example.com"],
    )
    await created(anna, "/v1/people", family_name="Федотов", given_name="Семён")
    for search in (
        "Фёдорова",
        "федорова алена",
        "АЛЕНА ФЕДОРОВА",
        "Семеновна Алёна",
        "семёновна",
        "alyona@example.com",
        "alyona@",
    ):
        assert await found(anna, "/v1/people", q=search) == ["Фёдорова"], search
    assert await found(anna, "/v1/people", q="сем") == ["Федотов", "Фёдорова"]
    assert await found(anna, "/v1/people", q="Петрова") == []
    assert await found(anna, "/v1/people", q="100%_\\") == []


@pytest.mark.parametrize(
    "search", ["+7 (916) 123-45-67", "8 916 123-45-67", "89161234567", "916 123", "1234567"]
)
async def test_a_phone_is_found_however_it_is_written(anna: httpx.AsyncClient, search: str) -> None:
    await created(anna, "/v1/companies", name="Ромашка", phones=["8(916)1234567"])
    await created(anna, "/v1/companies", name="Василёк", phones=["+7 495 765-43-21"])
    assert await found(anna, "/v1/companies", q=search) == ["Ромашка"]


async def test_companies_are_found_by_tax_id_industry_and_owner(
    contacts: Running, tenant: UUID
) -> None:
    user = uuid4()
    client = contacts.client(tenant, permissions=EVERYTHING, user=user)
    await created(client, "/v1/companies", name="Ромашка", tax_id="7707083893", industry="Цветы")
    await created(client, "/v1/companies", name="Йод", industry="Аптеки", owner=str(uuid4()))
    assert await found(client, "/v1/companies", q="7707083") == ["Ромашка"]
    assert await found(client, "/v1/companies", q="йод") == ["Йод"]
    assert await found(client, "/v1/companies", industry="Аптеки") == ["Йод"]
    assert await found(client, "/v1/companies", owner=str(user)) == ["Ромашка"]


async def test_the_people_of_a_company_are_listed(anna: httpx.AsyncClient) -> None:
    company = str(uuid4())
    await created(anna, "/v1/people", family_name="Иванова", company=company)
    await created(anna, "/v1/people", family_name="Петров", company=str(uuid4()))
    assert await found(anna, "/v1/people", company=company) == ["Иванова"]


async def test_pages_neither_repeat_nor_lose_a_record_while_others_are_added(
    anna: httpx.AsyncClient,
) -> None:
    names = [f"Компания {n}" for n in range(7)]
    for name in names:
        await created(anna, "/v1/companies", name=name)
    listed: list[str] = []
    cursor = ""
    while True:
        answer = await anna.get("/v1/companies", params={"limit": 3, "cursor": cursor})
        listed += [item["name"] for item in answer.json()["items"]]
        await created(anna, "/v1/companies", name="Новая")
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
    assert listed == names[::-1]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "cursor=%21", "colour=red", "owner=me"]
)
async def test_a_list_names_what_it_does_not_understand(
    anna: httpx.AsyncClient, query: str
) -> None:
    answer = await anna.get(f"/v1/companies?{query}")
    assert answer.status_code == 422
    assert answer.json()["field"] == query.partition("=")[0]


async def test_a_customer_is_read_without_knowing_which_kind_it_is(
    anna: httpx.AsyncClient,
) -> None:
    company = await created(anna, "/v1/companies", name="Ромашка")
    person = await created(anna, "/v1/people", given_name="Анна")
    for type_, record in (("company", company), ("person", person)):
        answer = await anna.get(f"/v1/customers/{record['id']}")
        assert answer.json() == {"type": type_, "record": record}
        assert answer.headers["etag"] == '"1"'
    assert (await anna.get(f"/v1/customers/{uuid4()}")).status_code == 404


async def test_the_document_of_the_api_names_every_route(contacts: Running) -> None:
    document = contacts.app.openapi()
    assert {"/v1/companies", "/v1/people/{id}", "/v1/touches/{id}/done",
            "/v1/customers/{id}/timeline"} <= document["paths"].keys()  # fmt: skip
    assert {"Company", "Person", "Touch"} <= document["components"]["schemas"].keys()
