"""Working time over HTTP: calendars that come down the tree, and who is open."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx

from chassis.database import Connection
from gateway.testing.offices import Office, made

HOURS = [{"opens": "09:00", "closes": "13:00"}, {"opens": "14:00", "closes": "18:00"}]
WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), HOURS)
SATURDAY = {"date": "2025-11-01", "name": "Рабочая суббота", "hours": HOURS}


async def calendar(office: Office, **fields: Any) -> None:
    """Give the root department hours and Russian holidays, unless told."""
    given = {"working_hours": WEEK, "holidays": {"country": "RU"}} | fields
    answer = await office.admin.patch(f"/v1/departments/{office.root}", json=given)
    while answer.status_code == 504:
        # The first to ask waits for an import, maybe longer than the deadline of these tests.
        answer = await office.admin.patch(f"/v1/departments/{office.root}", json=given)
    made(answer)


async def timetable(client: httpx.AsyncClient, id: str, first: str, last: str) -> dict[str, Any]:
    query = {"from": first, "to": last}
    return made(await client.get(f"/v1/departments/{id}/working-time", params=query))


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def test_a_timetable_says_when_a_department_works_and_why_not(office: Office) -> None:
    await calendar(office, calendar_exceptions=[SATURDAY])
    branch = await office.department("Владивосток", time_zone="Asia/Vladivostok")
    found = await timetable(office.admin, branch["id"], "2025-10-31", "2025-11-05")
    days = {day["date"]: day for day in found["days"]}
    assert found["time_zone"] == "Asia/Vladivostok"
    assert found["minutes"] == 3 * 8 * 60
    assert days["2025-10-31"]["intervals"][0] == {
        "opens": "2025-10-30T23:00:00Z", "closes": "2025-10-31T03:00:00Z",
        "local_opens": "2025-10-31T09:00:00+10:00", "local_closes": "2025-10-31T13:00:00+10:00",
    }  # fmt: skip
    assert (days["2025-11-01"]["because"], days["2025-11-01"]["name"]) == (
        "exception", SATURDAY["name"],
    )  # fmt: skip
    assert len(days["2025-11-01"]["intervals"]) == 2
    assert (days["2025-11-02"]["because"], days["2025-11-02"]["intervals"]) == ("week", [])
    assert (days["2025-11-04"]["because"], days["2025-11-04"]["name"]) == (
        "holiday", "День народного единства",
    )  # fmt: skip


async def test_a_holiday_is_named_in_the_language_of_who_asks(office: Office) -> None:
    await calendar(office)
    _, grace = await office.employed("agent", language="en")
    for client, name in ((office.admin, "День Победы"), (grace, "Victory Day")):
        [day] = (await timetable(client, office.root, "2026-05-09", "2026-05-09"))["days"]
        assert day["name"] == name


async def test_a_branch_abroad_keeps_its_own_holidays_and_the_companys_hours(
    office: Office,
) -> None:
    await calendar(office, calendar_exceptions=[SATURDAY])
    lisbon = await office.department(
        "Lisboa", time_zone="Europe/Lisbon", holidays={"country": "PT"}
    )
    found = await timetable(office.admin, lisbon["id"], "2025-11-01", "2025-12-01")
    closed = {day["date"]: day["name"] for day in found["days"] if day["because"] != "week"}
    assert closed == {
        "2025-11-01": "All Saints' Day",
        "2025-12-01": "Restoration of Independence Day",
    }
    [monday] = [day for day in found["days"] if day["date"] == "2025-11-03"]
    assert monday["intervals"][0]["local_opens"] == "2025-11-03T09:00:00Z"


async def test_hours_of_one_day_are_patched_alone_and_null_asks_above_again(
    office: Office,
) -> None:
    await calendar(office)
    id = (await office.department("Склад", working_hours=WEEK))["id"]
    path = f"/v1/departments/{id}"
    patch = {"working_hours": {"friday": [], "saturday": HOURS}}
    changed = made(await office.admin.patch(path, json=patch))
    assert changed["working_hours"]["monday"] == HOURS
    assert (changed["working_hours"]["friday"], changed["working_hours"]["saturday"]) == ([], HOURS)
    reset = made(await office.admin.patch(path, json={"working_hours": None}))
    assert reset["working_hours"] is None
    assert (await timetable(office.admin, id, "2026-05-15", "2026-05-15"))["minutes"] == 480


async def test_what_is_no_calendar_is_refused_field_by_field(office: Office) -> None:
    late = {"monday": [{"opens": "22:00", "closes": "06:00"}]}
    for fields, field in (
        ({"working_hours": late}, "working_hours.monday"),
        ({"working_hours": {"monday": [{"opens": "9:00", "closes": "18:00"}]}}, None),
        ({"working_hours": {"someday": HOURS}}, "working_hours.someday"),
        ({"holidays": {"country": "ZZ"}}, "holidays.country"),
        ({"holidays": {"country": "DE", "subdivision": "XX"}}, "holidays.subdivision"),
        ({"calendar_exceptions": [SATURDAY, SATURDAY]}, "calendar_exceptions"),
        ({"languages": ["russian"]}, None),
        ({"skills": ["a,b"]}, "skills"),
    ):
        draft = {"name": "X", "time_zone": "UTC"} | fields
        answer = await office.admin.post("/v1/departments", json=draft)
        assert answer.status_code == 422, answer.text
        assert field is None or answer.json()["field"] == field


async def test_who_has_said_nothing_of_hours_is_told_so(office: Office) -> None:
    path = f"/v1/departments/{office.root}/working-time"
    query = {"from": "2026-05-04", "to": "2026-05-04"}
    assert problem(await office.admin.get(path, params=query)) == (422, "no-working-hours")
    [found] = made(await office.admin.get("/v1/departments/open"))["items"]
    assert (found["is_open"], found["changes_at"]) == (None, None)


async def test_a_span_is_bounded_and_a_question_is_whole(office: Office) -> None:
    await calendar(office)
    path = f"/v1/departments/{office.root}/working-time"
    for query, field in (
        ({"from": "2026-01-01", "to": "2026-04-03"}, "to"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "to"),
        ({"from": "2026-01-01"}, "to"),
        ({"from": "yesterday", "to": "2026-01-01"}, "from"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "from"),
        ({"from": "2026-01-01", "to": "2026-01-02", "zone": "UTC"}, "zone"),
    ):
        answer = await office.admin.get(path, params=query)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (
        len((await timetable(office.admin, office.root, "2026-01-01", "2026-04-02"))["days"]) == 92
    )


async def test_work_handed_over_on_friday_is_due_on_monday(office: Office) -> None:
    await calendar(office)
    path = f"/v1/departments/{office.root}/working-time/after"
    query = {"start": "2026-05-15T12:00:00+03:00", "minutes": "480"}
    found = made(await office.admin.get(path, params=query))
    assert (found["due"], found["local_due"]) == (
        "2026-05-18T09:00:00Z", "2026-05-18T12:00:00+03:00",
    )  # fmt: skip
    for wrong in ({"minutes": "-1"}, {"minutes": "1.5"}, {"minutes": "1", "start": "today"}, {}):
        assert (await office.admin.get(path, params=wrong)).status_code == 422
    await calendar(office, working_hours={day: [] for day in WEEK})
    assert problem(await office.admin.get(path, params=query)) == (422, "too-far-ahead")


async def test_departments_say_whether_they_are_open_and_when_that_changes(
    office: Office,
) -> None:
    await calendar(office, languages=["ru", "pt-BR"], skills=["Опт"])
    await office.department("Владивосток", time_zone="Asia/Vladivostok")
    query = {"at": "2026-05-14T08:00:00Z", "limit": "1"}
    first = made(await office.admin.get("/v1/departments/open", params=query))
    second = made(
        await office.admin.get(
            "/v1/departments/open", params=query | {"cursor": first["next_cursor"]}
        )
    )
    [east], [root] = first["items"], second["items"]
    assert (east["is_open"], east["local_time"]) == (False, "2026-05-14T18:00:00+10:00")
    assert (east["changes_at"], east["local_changes_at"]) == (
        "2026-05-14T23:00:00Z", "2026-05-15T09:00:00+10:00",
    )  # fmt: skip
    assert (root["is_open"], root["changes_at"]) == (True, "2026-05-14T10:00:00Z")
    assert (root["languages"], root["skills"]) == (["ru", "pt-BR"], ["опт"])


async def test_working_time_of_departments_of_others_is_unknown(
    new_office: Callable[[], Awaitable[Office]],
) -> None:
    ours, theirs = await new_office(), await new_office()
    await calendar(theirs)
    base = f"/v1/departments/{theirs.root}"
    for path in (f"{base}/working-time?from=2026-05-04&to=2026-05-04",
                 f"{base}/working-time/after?minutes=5", f"{base}/members"):  # fmt: skip
        assert (await ours.admin.get(path)).status_code == 404
    listed = made(await ours.admin.get("/v1/departments/open"))["items"]
    assert [item["id"] for item in listed] == [ours.root]


async def test_an_event_tells_of_the_calendar(office: Office, database: Connection) -> None:
    await calendar(office)
    body = await database.fetchval(
        """select body -> 'data' ->> 'changed' from journal
           where tenant = $1 and type = 'crm.directory.department.changed.v1'""",
        office.tenant,
    )
    assert body == '{"working_hours":null,"holidays":null}'
    assert (await office.admin.get(f"/v1/departments/{uuid4()}/members")).status_code == 404
