"""What roles keep of customers' fields is kept everywhere, on either store."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.identity import FieldRules
from chassis.testing import Running, reaching

Client = Callable[..., httpx.AsyncClient]

PHONE, MAIL, NOTE = "+79165550199", "canary@kashalot.example", "Кашалот любит молчать"
PERSON: dict[str, Any] = {
    "given_name": "Анна",
    "family_name": "Кашалотова",
    "phones": [PHONE],
    "emails": [MAIL],
    "notes": NOTE,
}
HIDING: FieldRules = {"people": {"phones": "hidden", "emails": "masked", "notes": "read_only"}}


@pytest.fixture
def client(contacts: Running, tenant: UUID) -> Client:
    """A client of everything in the tenant, under rules for fields."""

    def made(fields: FieldRules | None = None, user: UUID | None = None) -> httpx.AsyncClient:
        permissions = reaching("all", "companies", "people", "touches")
        return contacts.client(tenant, permissions=permissions, fields=fields, user=user)

    return made


async def created(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["field"]


async def test_no_way_of_reading_tells_a_hidden_field_or_all_of_a_masked_one(
    client: Client,
) -> None:
    admin, clerk = client(), client(HIDING)
    person = await created(admin, "/v1/people", **PERSON)
    path = f"/v1/people/{person['id']}"
    await admin.patch(path, json={"phones": [PHONE, "+79165550188"], "language": "ru"})
    now = "2099-01-01T00:00:00Z"
    ways = (path, f"{path}?as_of={now}", f"{path}/history", "/v1/people", "/v1/people?q=анна",
            f"/v1/customers/{person['id']}")  # fmt: skip
    for way in ways:
        whole, part = await admin.get(way), await clerk.get(way)
        assert PHONE in whole.text, way
        assert MAIL in whole.text, way
        assert part.status_code == 200, part.text
        assert "916555" not in part.text, way
        assert "phones" not in part.text, way
        assert MAIL not in part.text, way
        assert "c…@kashalot.example" in part.text, way
        assert NOTE in part.text, way
    newest, first = (await clerk.get(f"{path}/history")).json()["items"]
    assert newest["changed"] == {"language": {"before": None, "after": "ru"}}
    assert first["changed"]["emails"] == {"before": [], "after": ["c…@kashalot.example"]}


async def test_answers_of_commands_tell_no_more(client: Client) -> None:
    person = await created(client(), "/v1/people", **PERSON)
    clerk = client(HIDING)
    changed = await clerk.patch(f"/v1/people/{person['id']}", json={"job_title": "Капитан"})
    assert changed.json()["job_title"] == "Капитан"
    assert "916555" not in changed.text
    assert MAIL not in changed.text
    made = await created(clerk, "/v1/people", given_name="Пётр")
    assert "phones" not in made
    assert made["emails"] == []


@pytest.mark.parametrize("field", ["phones", "emails", "notes"])
async def test_naming_a_kept_field_is_refused_before_anything_tells_of_it(
    client: Client, field: str
) -> None:
    person = await created(client(), "/v1/people", **PERSON)
    clerk, value = client(HIDING), PERSON[field]
    path = f"/v1/people/{person['id']}"
    await client().patch(path, json={field: type(value)(value[:0])})
    stale = await clerk.patch(path, json={field: value}, headers={"If-Match": '"1"'})
    assert refused(stale) == (403, field)
    assert refused(await clerk.patch(path, json={field: None})) == (403, field)
    assert refused(await clerk.post("/v1/people", json={"given_name": "А", field: value})) == (
        403,
        field,
    )


async def test_a_bulk_item_may_repeat_what_is_read_only_and_probe_nothing(client: Client) -> None:
    person = await created(client(), "/v1/people", **PERSON)
    id, clerk = person["id"], client(HIDING)
    items = [
        {"id": id, "given_name": "Анна", "notes": NOTE},
        {"id": id, "phones": [PHONE]},
        {"id": id, "emails": [MAIL]},
        {"id": id, "notes": "иначе"},
        {"given_name": "Новый", "notes": "новое"},
    ]
    verdicts = (await clerk.post("/v1/people/bulk", json={"items": items[:1]})).json()["items"]
    assert [verdict["verdict"] for verdict in verdicts] == ["unchanged"]
    answer = await clerk.post("/v1/people/bulk", json={"items": items[1:]})
    told = [(v["verdict"], v["problem"]["status"], v["problem"]["field"]) for v in
            answer.json()["items"]]  # fmt: skip
    assert told == [("rejected", 403, name) for name in ("phones", "emails", "notes", "notes")]
    assert "916555" not in answer.text


async def test_nobody_asks_by_what_they_do_not_see(client: Client) -> None:
    parent = await created(client(), "/v1/companies", name="Верфь")
    named = {"system": "erp", "type": "p", "id": "7"}
    company = await created(
        client(), "/v1/companies", name="Шлюпка", parent=parent["id"], external_ids=[named]
    )
    clerk = client({"companies": {"parent": "hidden", "external_ids": "hidden"}})
    by_parent = await clerk.get("/v1/companies", params={"parent": parent["id"]})
    assert refused(by_parent) == (403, "parent")
    by_name = await clerk.get("/v1/companies", params={"external_id": "erp:p:7"})
    assert refused(by_name) == (403, "external_id")
    probing = {"items": [{"name": "Шлюпка", "external_ids": [named]}]}
    (verdict,) = (await clerk.post("/v1/companies/bulk", json=probing)).json()["items"]
    assert verdict["problem"]["field"] == "external_ids"
    seen = (await clerk.get(f"/v1/companies/{company['id']}")).json()
    assert "parent" not in seen
    assert "external_ids" not in seen
    assert company["id"] in (await client().get("/v1/companies?external_id=erp:p:7")).text


async def test_a_search_finds_by_the_fields_that_are_seen_alone(client: Client) -> None:
    admin, clerk = client(), client(HIDING)
    for number in range(3):
        await created(admin, "/v1/people", given_name=f"Скрытый {number}", phones=[PHONE])
        await created(admin, "/v1/people", given_name=f"Видимый {PHONE[1:]} {number}")
    assert len((await admin.get("/v1/people", params={"q": PHONE})).json()["items"]) == 6
    found: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        page = (
            await clerk.get("/v1/people", params={"q": PHONE, "limit": 2, "cursor": cursor})
        ).json()
        found += [person["given_name"] for person in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert found == [f"Видимый {PHONE[1:]} {number}" for number in (2, 1, 0)]
    assert pages == 2
    by_mail = await clerk.get("/v1/people", params={"q": "kashalot"})
    assert by_mail.json() == {"items": [], "next_cursor": None}
    everything = dict.fromkeys(
        ("given_name", "family_name", "patronymic", "emails", "phones"), "hidden"
    )
    blind = client({"people": everything})
    assert refused(await blind.get("/v1/people", params={"q": "Видимый"})) == (403, "q")


async def test_a_search_looks_through_so_many_candidates_and_no_more(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, clerk = client(), client(HIDING)
    await created(admin, "/v1/people", given_name=f"Видимый {PHONE[1:]}")
    for number in range(4):
        await created(admin, "/v1/people", given_name=f"Скрытый {number}", phones=[PHONE])
    monkeypatch.setattr("chassis.stores.LARGEST_LIMIT", 2)
    found = await clerk.get("/v1/people", params={"q": PHONE, "limit": 1})
    assert [person["given_name"] for person in found.json()["items"]] == [f"Видимый {PHONE[1:]}"]
    assert found.json()["next_cursor"] is None
    monkeypatch.setattr("chassis.stores._PARTS_OF_A_SEARCH", 2)
    too_wide = await clerk.get("/v1/people", params={"q": PHONE, "limit": 1})
    assert refused(too_wide) == (422, "q")
    assert PHONE[1:] not in too_wide.text


async def test_a_timeline_tells_of_touches_what_may_be_seen_and_asks_by_nothing_else(
    client: Client,
) -> None:
    admin = client()
    company = await created(admin, "/v1/companies", name="Верфь")
    person = await created(admin, "/v1/people", **PERSON, company=company["id"])
    for kind, id in (("company", company["id"]), ("person", person["id"])):
        customer = {"type": kind, "id": id}
        await created(
            admin, "/v1/touches", channel="call", subject=f"с {kind}", notes=NOTE, customer=customer
        )
    path = f"/v1/customers/{company['id']}/timeline"

    async def subjects(client: httpx.AsyncClient) -> list[str]:
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return [entry["touch"]["subject"] for entry in answer.json()["items"]]

    clerk = client({"touches": {"notes": "hidden", "channel": "hidden"}})
    assert await subjects(clerk) == ["с person", "с company"]
    assert NOTE not in (await clerk.get(path)).text
    assert NOTE in (await admin.get(path)).text
    assert refused(await clerk.get(path, params={"channel": "call"})) == (403, "channel")
    # Where people work is not told by the company's timeline either.
    assert await subjects(client({"people": {"company": "hidden"}})) == ["с company"]
    when = client({"touches": {"done_at": "hidden"}})
    assert refused(await when.get(path)) == (403, "done_at")
    touch = (await admin.get("/v1/touches")).json()["items"][0]
    (told,) = (await when.get(f"/v1/touches/{touch['id']}/history")).json()["items"]
    assert told["time"] == told["recordedtime"]


async def test_an_answer_kept_for_a_repetition_is_not_given_to_other_eyes(client: Client) -> None:
    user, key = uuid4(), {"Idempotency-Key": uuid4().hex}
    body = {"given_name": "Анна", "job_title": "Капитан"}
    before = await client(user=user).post("/v1/people", json=body, headers=key)
    assert before.status_code == 201
    clerk = client({"people": {"company": "hidden"}}, user=user)
    again = await clerk.post("/v1/people", json=body, headers=key)
    assert (again.status_code, again.json()["field"]) == (409, "Idempotency-Key")


async def test_the_description_promises_only_what_everybody_gets(contacts: Running) -> None:
    schemas = contacts.app.openapi()["components"]["schemas"]
    assert schemas["Touch"]["required"] == schemas["Person"]["required"] == ["id", "version"]
    assert "subject" in schemas["TouchDraft"]["required"]
