"""Touches over HTTP: planned, done, cancelled, and one timeline of them all."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.testing import Running, reaching

EVERYTHING = reaching("all", "companies", "people", "touches")


@pytest.fixture
def anna(contacts: Running, tenant: UUID) -> httpx.AsyncClient:
    return contacts.client(tenant, permissions=EVERYTHING)


def call(customer: str, type_: str = "person", **fields: Any) -> dict[str, Any]:
    given = {"channel": "call", "subject": "Звонок", "customer": {"type": type_, "id": customer}}
    return given | fields


async def created(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    state: dict[str, Any] = answer.json()
    return state


def day(n: int) -> str:
    return f"2026-01-{n:02}T12:00:00Z"


async def subjects(client: httpx.AsyncClient, customer: str, **query: Any) -> list[str]:
    answer = await client.get(f"/v1/customers/{customer}/timeline", params=query)
    assert answer.status_code == 200, answer.text
    return [entry["touch"]["subject"] for entry in answer.json()["items"]]


async def test_a_planned_touch_is_done_once(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    touch = await created(anna, "/v1/touches", call(str(uuid4()), planned_for=day(5)))
    assert (touch["status"], touch["planned_for"]) == ("planned", day(5))
    path = f"/v1/touches/{touch['id']}"
    answer = await anna.post(
        f"{path}/done", json={"done_at": day(6), "outcome": "Договорились", "duration_minutes": 15}
    )
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"2"'
    assert (answer.json()["status"], answer.json()["done_at"]) == ("done", day(6))
    again = await anna.post(f"{path}/done", json={})
    assert again.json()["type"] == "urn:meridian:problem:touch-already-done"
    cancelled = await anna.post(f"{path}/cancel", json={})
    assert cancelled.json()["type"] == "urn:meridian:problem:done-touch-cannot-be-cancelled"
    journal = await contacts.journal(tenant)
    assert [event.type.split(".")[3] for event in journal] == ["planned", "done"]
    assert [event.time.day for event in journal] == [5, 6]


async def test_a_cancelled_touch_stays_cancelled(anna: httpx.AsyncClient) -> None:
    touch = await created(anna, "/v1/touches", call(str(uuid4()), planned_for=day(5)))
    path = f"/v1/touches/{touch['id']}"
    assert (await anna.post(f"{path}/cancel", json={})).json()["status"] == "cancelled"
    done = await anna.post(f"{path}/done", json={})
    assert (done.status_code, done.json()["type"]) == (
        422,
        "urn:meridian:problem:cancelled-touch-cannot-be-done",
    )


async def test_what_is_done_is_done_now_unless_it_says_when(anna: httpx.AsyncClient) -> None:
    touch = await created(anna, "/v1/touches", call(str(uuid4())))
    done_at = datetime.fromisoformat(touch["done_at"])
    assert touch["status"] == "done"
    assert datetime.now(UTC) - done_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"status": "planned"}, "planned_for"),
        ({"done_at": "2999-01-01T00:00:00Z"}, "done_at"),
        ({"done_at": "2026-01-01T00:00:00"}, "done_at"),
        ({"done_at": "yesterday"}, "done_at"),
        ({"done_at": "0001-01-01T00:00:00+14:00"}, "done_at"),
        ({"channel": "pigeon"}, "channel"),
        ({"lead": str(uuid4())}, "lead"),
        ({"customer": {"type": "dog", "id": str(uuid4())}}, "customer.type"),
        ({"subject": " "}, "subject"),
        ({"status": "cancelled"}, "status"),
        ({"duration_minutes": 10_081}, "duration_minutes"),
    ],
)
async def test_bad_touches_are_refused_by_name(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient, fields: dict[str, Any], field: str
) -> None:
    answer = await anna.post("/v1/touches", json=call(str(uuid4())) | fields)
    assert (answer.status_code, answer.json().get("field")) == (422, field)
    assert await contacts.journal(tenant) == []


async def test_touches_are_listed_by_what_they_are_about(anna: httpx.AsyncClient) -> None:
    customer, deal = str(uuid4()), str(uuid4())
    await created(anna, "/v1/touches", call(customer, deal=deal))
    await created(anna, "/v1/touches", call(customer, channel="email"))
    await created(anna, "/v1/touches", call(str(uuid4()), planned_for=day(1)))
    counts = [
        len((await anna.get("/v1/touches", params=query)).json()["items"])
        for query in (
            {"customer": customer},
            {"deal": deal},
            {"channel": "call"},
            {"status": "planned"},
            {"status": "planned,done"},
            {"customer": customer, "channel": "email"},
        )
    ]
    assert counts == [2, 1, 2, 1, 3, 1]


async def test_touches_have_no_search_and_say_so(anna: httpx.AsyncClient) -> None:
    assert (await anna.get("/v1/touches?q=звонок")).status_code == 422


# -- whose a touch is ---------------------------------------------------------------------


async def test_a_touch_is_its_makers_and_stands_with_its_customers_department(
    contacts: Running, tenant: UUID
) -> None:
    maker, head, branch = uuid4(), uuid4(), uuid4()
    await contacts.place(tenant, (head, branch))
    resources = ("companies", "people", "touches")
    agent = contacts.client(
        tenant, permissions=reaching("department", *resources), department_path=(head, branch)
    )
    manager = contacts.client(
        tenant,
        permissions=reaching("department", *resources),
        user=maker,
        department_path=(head,),
    )
    company = await created(agent, "/v1/companies", {"name": "Ромашка"})
    touch = await created(manager, "/v1/touches", call(company["id"], "company", subject="Обзор"))
    assert (touch["owner"], touch["department"]) == (str(maker), str(branch))
    assert await subjects(agent, company["id"]) == ["Обзор"]
    items = [call(company["id"], "company"), call(str(uuid4()))]
    verdicts = (await manager.post("/v1/touches/bulk", json={"items": items})).json()["items"]
    held = [(await manager.get(f"/v1/touches/{verdict['id']}")).json() for verdict in verdicts]
    assert [touch["owner"] for touch in held] == [str(maker)] * 2
    assert [touch["department"] for touch in held] == [str(branch), str(head)]


async def test_a_touch_with_a_customer_beyond_reach_is_held_by_who_makes_it(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    company = await created(anna, "/v1/companies", {"name": "Чужая"})
    user = uuid4()
    for permissions in (reaching("own", "companies", "touches"), reaching("own", "touches")):
        agent = contacts.client(tenant, permissions=permissions, user=user)
        touch = await created(agent, "/v1/touches", call(company["id"], "company"))
        assert touch["owner"] == str(user)


# -- the timeline -------------------------------------------------------------------------


async def test_the_timeline_of_a_company_holds_its_peoples_touches_newest_first(
    anna: httpx.AsyncClient,
) -> None:
    company = (await created(anna, "/v1/companies", {"name": "Ромашка"}))["id"]
    person = (await created(anna, "/v1/people", {"given_name": "Анна", "company": company}))["id"]
    other = (await created(anna, "/v1/people", {"given_name": "Борис"}))["id"]
    for body in (
        call(person, subject="второй", done_at=day(2)),
        call(company, "company", subject="четвёртый", planned_for=day(4)),
        call(company, "company", subject="первый", done_at=day(1)),
        call(person, subject="третий", planned_for=day(9), done_at=day(3)),
        call(other, subject="чужой", done_at=day(2)),
    ):
        await created(anna, "/v1/touches", body)
    assert await subjects(anna, company) == ["четвёртый", "третий", "второй", "первый"]
    assert await subjects(anna, person) == ["третий", "второй"]


async def test_somebody_who_changes_companies_takes_the_timeline_along(
    anna: httpx.AsyncClient,
) -> None:
    first = (await created(anna, "/v1/companies", {"name": "А"}))["id"]
    second = (await created(anna, "/v1/companies", {"name": "Б"}))["id"]
    person = (await created(anna, "/v1/people", {"given_name": "Анна", "company": first}))["id"]
    await created(anna, "/v1/touches", call(person))
    await anna.patch(f"/v1/people/{person}", json={"company": second})
    assert (await subjects(anna, first), await subjects(anna, second)) == ([], ["Звонок"])


async def test_the_timeline_is_narrowed_by_status_and_channel(anna: httpx.AsyncClient) -> None:
    person = (await created(anna, "/v1/people", {"given_name": "Анна"}))["id"]
    await created(anna, "/v1/touches", call(person, subject="звонок", done_at=day(1)))
    letter = call(person, subject="письмо", channel="email", planned_for=day(2))
    await created(anna, "/v1/touches", letter)
    meeting = call(person, subject="встреча", channel="meeting", planned_for=day(3))
    cancelled = await created(anna, "/v1/touches", meeting)
    await anna.post(f"/v1/touches/{cancelled['id']}/cancel", json={})
    assert await subjects(anna, person) == ["письмо", "звонок"]
    assert await subjects(anna, person, status="cancelled") == ["встреча"]
    assert await subjects(anna, person, channel="call,meeting") == ["звонок"]
    assert await subjects(anna, person, status="planned", channel="call") == []


async def test_timeline_pages_are_stable_even_where_many_touches_share_a_moment(
    anna: httpx.AsyncClient,
) -> None:
    company = (await created(anna, "/v1/companies", {"name": "А"}))["id"]
    people = [
        (await created(anna, "/v1/people", {"given_name": str(n), "company": company}))["id"]
        for n in range(3)
    ]
    items = [
        call(people[n % 3], subject=str(n), done_at=day(1 + n // 10), external_ids=[])
        for n in range(25)
    ]
    await anna.post("/v1/touches/bulk", json={"items": items})
    whole = await subjects(anna, company, limit=100)
    assert sorted(map(int, whole)) == list(range(25))
    paged: list[str] = []
    query: dict[str, Any] = {"limit": 4}
    while True:
        answer = (await anna.get(f"/v1/customers/{company}/timeline", params=query)).json()
        paged += [entry["touch"]["subject"] for entry in answer["items"]]
        # Newer touches come before every cursor and disturb none.
        await created(anna, "/v1/touches", call(people[0], subject="новый"))
        if answer["next_cursor"] is None:
            break
        query["cursor"] = answer["next_cursor"]
    assert paged == whole


async def test_the_timeline_shows_only_touches_within_reach(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    user = uuid4()
    agent = contacts.client(tenant, permissions=reaching("own", "people", "touches"), user=user)
    person = (await created(agent, "/v1/people", {"given_name": "Анна"}))["id"]
    await created(agent, "/v1/touches", call(person, subject="мой"))
    await created(anna, "/v1/touches", call(person, subject="чужой", owner=str(uuid4())))
    assert await subjects(agent, person) == ["мой"]
    assert sorted(await subjects(anna, person)) == ["мой", "чужой"]
    blind = contacts.client(tenant, permissions={"people:read": "all"})
    assert (await blind.get(f"/v1/customers/{person}/timeline")).status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "limit=501",
        "cursor=abc",
        "cursor=MjAyNiB4",
        "q=a",
        "external_id=a:b:c",
        "channel=%00",
        "type=x",
    ],
)
async def test_a_timeline_names_what_it_does_not_understand(
    anna: httpx.AsyncClient, query: str
) -> None:
    person = (await created(anna, "/v1/people", {"given_name": "Анна"}))["id"]
    answer = await anna.get(f"/v1/customers/{person}/timeline?{query}")
    assert (answer.status_code, answer.json()["field"]) == (422, query.partition("=")[0])
