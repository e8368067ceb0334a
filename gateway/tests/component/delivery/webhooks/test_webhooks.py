"""Who makes webhooks and for whom, and what they get of what happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.database import Connection
from gateway.delivery.log import store
from gateway.testing.deliveries import Desk, person, product, products
from gateway.testing.hooks import PRODUCTS, Hook, draft, hooked
from gateway.testing.offices import Office, made
from gateway.testing.receivers import Receiver, accept, answering, until

EVERYTHING = ["crm.sales.product", "crm.contacts.person"]


async def test_a_webhook_is_read_listed_changed_and_removed(office: Office, hook: Hook) -> None:
    answer = await office.admin.get(hook.path)
    shown = made(answer)
    assert (shown["status"], shown["owner"]) == ("active", office.administrator["id"])
    assert made(await office.admin.get("/v1/webhooks"))["items"] == [shown]
    tag = {"If-Match": answer.headers["etag"]}
    renamed = await office.admin.patch(hook.path, json={"name": "Склад-2"}, headers=tag)
    assert (made(renamed)["name"], renamed.headers["etag"]) == ("Склад-2", '"2"')
    # Another field of the same version, and the same one.
    made(await office.admin.patch(hook.path, json={"types": PRODUCTS * 2}, headers=tag))
    lost = await office.admin.patch(hook.path, json={"name": "Склад-3"}, headers=tag)
    assert (lost.status_code, lost.json()["theirs"]) == (412, "Склад-2")
    made(await office.admin.delete(hook.path))
    assert (await office.admin.get(hook.path)).status_code == 404


async def test_a_repeated_request_makes_one_webhook_with_one_secret(
    office: Office, receiver: Receiver
) -> None:
    once = {"Idempotency-Key": "one"}
    first, again = [
        made(await office.admin.post("/v1/webhooks", json=draft(receiver.url), headers=once))
        for _ in range(2)
    ]
    assert first == again


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": "http://example.com/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"types": ["crm.sales.nothing"]}, "types"),
        ({"types": []}, "types"),
        ({"condition": {"price": "1"}}, "condition.price"),
        ({"status": "disabled"}, "status"),
        ({"basic": {"user": "a:b", "password": "c"}}, "basic.user"),
    ],
)
async def test_what_cannot_be_is_refused_by_the_name_of_its_field(
    office: Office, receiver: Receiver, fields: dict[str, object], field: str
) -> None:
    answer = await office.admin.post("/v1/webhooks", json=draft(receiver.url) | fields)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_a_tenant_has_as_many_as_the_installation_allows(
    office: Office, receiver: Receiver
) -> None:
    for _ in range(3):
        await hooked(office.admin, receiver.url)
    answer = await office.admin.post("/v1/webhooks", json=draft(receiver.url))
    assert answer.json()["type"].endswith("too-many-webhooks")


async def test_who_may_what(office: Office, hook: Hook) -> None:
    _, agent = await office.employed("agent")
    _, operator = await office.employed("operator")
    _, integrator = await office.employed("integrator")
    assert (await agent.get(hook.path)).status_code == 403
    assert (await operator.get(hook.path)).status_code == 200
    assert (await operator.patch(hook.path, json={"status": "paused"})).status_code == 403
    made(await integrator.patch(hook.path, json={"status": "paused"}))
    for refused in (
        await integrator.patch(hook.path, json={"url": "https://example.com/mine"}),
        await integrator.post(f"{hook.path}/rotate-secret", json={}),
    ):
        assert refused.json()["type"].endswith("not-the-owner")
    made(await integrator.post(f"{hook.path}/take-over"))
    made(await integrator.patch(hook.path, json={"url": "https://example.com/mine"}))
    made(await integrator.post(f"{hook.path}/rotate-secret", json={}))


async def test_other_tenants_know_nothing_of_it_and_get_nothing(
    new_office: object, office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    other = await new_office()  # type: ignore[operator]
    assert (await other.admin.get(hook.path)).status_code == 404
    assert (await other.admin.patch(hook.path, json={"name": "x"})).status_code == 404
    assert (await other.admin.post(f"{hook.path}/test")).status_code == 404
    assert (await other.admin.get(f"{hook.path}/deliveries")).status_code == 404
    assert made(await other.admin.get("/v1/webhooks"))["items"] == []
    await broker_side.deliver(*products(other.tenant, 2), *products(office.tenant, 1))
    await receiver.until(1)
    assert receiver.accepted[0].event["tenantid"] == str(office.tenant)


async def test_a_program_gets_what_its_key_may_see(
    office: Office, receiver: Receiver, broker_side: Desk
) -> None:
    scopes = ["webhooks:read", "webhooks:write", "products:read"]
    key = made(await office.admin.post("/v1/api-keys", json={"name": "1С", "scopes": scopes}))
    program = await office.client(key["key"])
    refused = await program.post("/v1/webhooks", json=draft(receiver.url, types=EVERYTHING))
    assert refused.json()["type"].endswith("type-not-seen")
    hook = await hooked(program, receiver.url)
    assert (await hook.read())["api_key"] == key["api_key"]["id"]
    await broker_side.deliver(person(office.tenant, uuid4(), 1), *products(office.tenant, 1))
    await receiver.until(1)
    assert [one.event["type"] for one in receiver.accepted] == ["crm.sales.product.created.v1"]
    # Without its key it has no owner.
    made(await office.admin.delete(f"/v1/api-keys/{key['api_key']['id']}"))
    shown = made(await office.admin.get(hook.path))
    assert (shown["status"], shown["reason"]) == ("suspended", "its owner is not active")


async def test_what_is_sent_is_what_the_owner_may_see(
    office: Office, receiver: Receiver, broker_side: Desk
) -> None:
    role = {
        "code": "clerk",
        "name": "Clerk",
        "permissions": {"people:read": "own", "webhooks:read": "all", "webhooks:write": "all"},
        "fields": {"people": {"family_name": "hidden"}},
    }
    made(await office.admin.post("/v1/roles", json=role))
    user, clerk = await office.employed("clerk")
    hook = await hooked(clerk, receiver.url, types=["crm.contacts.person"])
    refused = await clerk.patch(hook.path, json={"condition": {"family_name": "Тихая"}})
    assert refused.json()["type"].endswith("field-not-permitted")
    mine, other = uuid4(), uuid4()
    told = {"family_name": "Тихая", "department": UUID(office.root)}
    await broker_side.deliver(
        person(office.tenant, other, 1, **told),
        person(office.tenant, mine, 1, owner=UUID(user["id"]), **told),
        person(office.tenant, mine, 2, owner=uuid4(), **told),
        person(office.tenant, mine, 3, owner=uuid4(), **told),
    )
    await receiver.until(2)
    seen, withdrawn = (one.event for one in receiver.accepted)
    assert seen["data"]["after"]["given_name"] == "Ольга"
    assert "family_name" not in seen["data"]["after"]
    assert (withdrawn["withdrawn"], withdrawn["data"]["after"]) == (True, None)
    assert await hook.states() == ["delivered", "delivered"]


async def test_a_condition_chooses_by_the_state_and_lets_removals_through(
    office: Office, receiver: Receiver, broker_side: Desk
) -> None:
    await hooked(office.admin, receiver.url, condition={"is_active": "false"})
    live, retired = uuid4(), uuid4()
    await broker_side.deliver(
        product(office.tenant, live, 1), product(office.tenant, retired, 1, is_active=False)
    )
    await receiver.until(1)
    assert receiver.accepted[0].place == (str(retired), 1)


async def test_while_its_owner_is_away_nothing_is_sent_and_nothing_is_lost(
    office: Office, receiver: Receiver, broker_side: Desk, database: Connection
) -> None:
    user, integrator = await office.employed("integrator")
    hook = await hooked(integrator, receiver.url)
    hook.client = office.admin
    await office.admin.patch(f"/v1/users/{user['id']}", json={"status": "disabled"})
    shown = await hook.read()
    assert (shown["status"], shown["reason"]) == ("suspended", "its owner is not active")
    await broker_side.deliver(*products(office.tenant, 2))
    await until(lambda: database.fetchval("select is_resting from webhook where id = $1", hook.id))
    assert receiver.received == []
    made(await office.admin.post(f"{hook.path}/take-over"))
    await receiver.until(2)


async def test_what_happens_during_a_pause_comes_after_it(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    await hook.change(status="paused")
    await broker_side.deliver(*products(office.tenant, 3))
    made(await office.admin.post(f"{hook.path}/test"))
    await receiver.until(1)
    (test,) = receiver.accepted
    assert test.event["type"] == "crm.gateway.webhook.tested.v1"
    await hook.change(status="active")
    await receiver.until(4)


async def test_a_test_is_tried_once(office: Office, hook: Hook, receiver: Receiver) -> None:
    receiver.answer = answering(500)
    asked = made(await office.admin.post(f"{hook.path}/test"))
    assert asked["state"] == "waiting"
    await until(lambda: receiver.received)
    await until(lambda: has_states(hook, ["failed"]))
    (one,) = await hook.deliveries()
    assert (one["id"], one["attempts"], one["status_code"]) == (asked["id"], 1, 500)


async def has_states(hook: Hook, states: list[str]) -> bool:
    return await hook.states() == states


async def test_a_delivery_is_sent_again_under_its_id_as_long_as_the_log_has_it(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    await broker_side.deliver(*products(office.tenant, 3))
    await receiver.until(3)
    await until(lambda: has_states(hook, ["delivered"] * 3))
    first = (await hook.deliveries(limit="1"))[0]
    made(await office.admin.post(f"{hook.path}/deliveries/{first['id']}/redeliver"))
    await receiver.until(4)
    assert receiver.accepted[3].id == first["id"]
    assert receiver.accepted[3].body in [one.body for one in receiver.accepted[:3]]
    years = datetime.now(UTC) + timedelta(days=3_000)
    await until(lambda: has_states(hook, ["delivered"] * 3))
    await store.forget(broker_side.database, office.tenant, years, 100)
    late = await office.admin.post(f"{hook.path}/deliveries/{first['id']}/redeliver")
    assert late.json()["type"].endswith("event-forgotten")
    unknown = await office.admin.post(f"{hook.path}/deliveries/{uuid4()}/redeliver")
    assert unknown.status_code == 404


async def test_deliveries_come_in_pages(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    await broker_side.deliver(*products(office.tenant, 5))
    await receiver.until(5)
    seen, cursor = [], ""
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = made(await office.admin.get(f"{hook.path}/deliveries", params=query))
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 5
    answer = await office.admin.get(f"{hook.path}/deliveries", params={"state": "lost"})
    assert (answer.status_code, answer.json()["field"]) == (422, "state")


async def test_what_the_log_forgot_meanwhile_is_said_to_be_missed(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    await hook.change(status="paused")
    await broker_side.deliver(*products(office.tenant, 4))
    years = datetime.now(UTC) + timedelta(days=3_000)
    await store.forget(broker_side.database, office.tenant, years, 3)
    before = (await hook.read())["missed"]
    await hook.change(status="active")
    await receiver.until(1)
    missed = (await hook.read())["missed"]
    assert before is None
    assert (missed["after"], missed["until"]) == (0, 4)


async def test_what_was_queued_and_then_forgotten_gives_way_to_what_follows(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    id = uuid4()
    receiver.answer = answering(500)
    await broker_side.deliver(product(office.tenant, id, 1), product(office.tenant, id, 2))
    await until(lambda: receiver.received)
    years = datetime.now(UTC) + timedelta(days=3_000)
    await store.forget(broker_side.database, office.tenant, years, 1)
    receiver.answer = accept
    await until(lambda: 2 in receiver.versions(id))
    assert (await hook.states())[-1] == "delivered"
