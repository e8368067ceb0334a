"""What became of customers and touches, and what they were."""

from uuid import UUID, uuid4

import pytest

from chassis.testing import Running
from services.contacts.tests.conftest import EVERYTHING

CALL = {
    "channel": "call",
    "subject": "Спросить о поставке",
    "customer": {"type": "company", "id": str(uuid4())},
    "planned_for": "2026-07-01T10:00:00Z",
}


async def test_two_people_edit_a_company_and_its_history_names_both(
    contacts: Running, tenant: UUID
) -> None:
    users = [uuid4(), uuid4()]
    ann, bob = (contacts.client(tenant, permissions=EVERYTHING, user=user) for user in users)
    made = (await ann.post("/v1/companies", json={"name": "ООО «Ромашка»"})).json()
    path = f"/v1/companies/{made['id']}"
    await bob.patch(
        path,
        json={"name": "АО «Ромашка»", "employees": 12},
        headers={"Meridian-Reason": "Reincorporation", "Meridian-Origin": "1c"},
    )
    changed, created = (await ann.get(f"{path}/history")).json()["items"]
    assert [created["actor"], changed["actor"]] == [str(user) for user in users]
    assert (changed["reason"], changed["origin"]) == ("Reincorporation", "1c")
    assert changed["changed"] == {
        "name": {"before": "ООО «Ромашка»", "after": "АО «Ромашка»"},
        "employees": {"before": None, "after": 12},
    }
    assert created["changed"].keys() == {"name", "owner"}
    then = await ann.get(path, params={"as_of": created["recordedtime"]})
    assert then.json() == made


async def test_a_touch_was_planned_before_it_was_done(contacts: Running, tenant: UUID) -> None:
    ann = contacts.client(tenant, permissions=EVERYTHING)
    planned = (await ann.post("/v1/touches", json=CALL)).json()
    path = f"/v1/touches/{planned['id']}"
    await ann.post(f"{path}/done", json={"done_at": "2026-07-01T10:20:00Z", "outcome": "Пришлют"})
    done, first = (await ann.get(f"{path}/history")).json()["items"]
    assert (first["verb"], done["verb"]) == ("planned", "done")
    assert done["time"] == "2026-07-01T10:20:00Z"
    assert done["changed"]["outcome"] == {"before": None, "after": "Пришлют"}
    assert (await ann.get(path, params={"as_of": first["recordedtime"]})).json() == planned


@pytest.mark.parametrize("kind", ["companies", "people", "touches"])
async def test_other_tenants_see_nothing_of_it(contacts: Running, tenant: UUID, kind: str) -> None:
    body = {"companies": {"name": "A"}, "people": {"given_name": "A"}, "touches": CALL}[kind]
    ann = contacts.client(tenant, permissions=EVERYTHING)
    id = (await ann.post(f"/v1/{kind}", json=body)).json()["id"]
    eve = contacts.client(uuid4(), permissions=EVERYTHING)
    for path in ("/history", "?as_of=2100-01-01T00:00:00Z"):
        assert (await ann.get(f"/v1/{kind}/{id}{path}")).status_code == 200
        assert (await eve.get(f"/v1/{kind}/{id}{path}")).status_code == 404
