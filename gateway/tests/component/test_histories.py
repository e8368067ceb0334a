"""What became of a tenant, its departments and its users, and what they were."""

from collections.abc import Awaitable, Callable

from gateway.testing.offices import Office, made


async def test_a_users_history_tells_who_invited_accepted_and_changed(office: Office) -> None:
    user, _ = await office.employed("agent", name="Павел")
    path = f"/v1/users/{user['id']}"
    made(await office.admin.patch(path, json={"roles": ["manager"]}))
    history = made(await office.admin.get(f"{path}/history"))["items"]
    assert [item["verb"] for item in history] == ["changed", "activated", "invited"]
    admin = office.administrator["id"]
    assert [item["actor"] for item in history] == [admin, user["id"], admin]
    assert history[0]["changed"] == {"roles": {"before": ["agent"], "after": ["manager"]}}
    then = made(await office.admin.get(path, params={"as_of": history[1]["recordedtime"]}))
    assert then == user


async def test_a_department_is_shown_as_of_a_time(office: Office) -> None:
    north = await office.department("North")
    path = f"/v1/departments/{north['id']}"
    made(await office.admin.patch(path, json={"name": "Far North"}))
    renamed, created = made(await office.admin.get(f"{path}/history"))["items"]
    assert renamed["changed"] == {"name": {"before": "North", "after": "Far North"}}
    then = await office.admin.get(path, params={"as_of": created["recordedtime"]})
    assert made(then) == north
    assert then.headers["ETag"] == '"1"'


async def test_a_tenant_has_a_history_too(office: Office) -> None:
    tenant = made(await office.admin.get("/v1/tenant"))
    [created] = made(await office.admin.get("/v1/tenant/history"))["items"]
    assert created["changed"]["name"] == {"before": None, "after": tenant["name"]}
    as_of = {"as_of": created["recordedtime"]}
    assert made(await office.admin.get("/v1/tenant", params=as_of)) == tenant
    past = {"as_of": "2020-01-01T00:00:00Z"}
    assert (await office.admin.get("/v1/tenant", params=past)).status_code == 404


async def test_other_offices_see_nothing_of_it(
    office: Office, new_office: Callable[[], Awaitable[Office]]
) -> None:
    other = await new_office()
    for path in (f"/v1/users/{office.administrator['id']}", f"/v1/departments/{office.root}"):
        assert (await office.admin.get(f"{path}/history")).status_code == 200
        assert (await other.admin.get(f"{path}/history")).status_code == 404
        assert (await other.admin.get(f"{path}?as_of=2100-01-01T00:00:00Z")).status_code == 404
