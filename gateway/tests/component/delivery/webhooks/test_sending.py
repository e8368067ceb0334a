"""What is sent, how it is proved, and in which order."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections import defaultdict
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chassis.database import Connection
from gateway.testing.deliveries import Desk, product, products
from gateway.testing.hooks import Hook, hooked
from gateway.testing.offices import Office, made
from gateway.testing.receivers import Received, Receiver, accept, answering, until


def verified(secret: str, one: Received) -> Any:
    return Webhook(secret).verify(one.body, one.headers)


async def test_an_event_comes_as_the_log_has_it_and_is_proved_by_its_signature(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    await broker_side.deliver(product(office.tenant, uuid4(), 1))
    await receiver.until(1)
    (one,) = receiver.accepted
    (entry,) = await broker_side.everything(office.tenant)
    assert one.body == entry.body
    assert one.headers["content-type"] == "application/cloudevents+json"
    assert verified(hook.secret, one)["type"] == "crm.sales.product.created.v1"
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret).verify(one.body + b" ", one.headers)
    await until(lambda: hook.is_in("active"))
    (delivery,) = await hook.deliveries(state="delivered")
    assert (delivery["id"], delivery["attempts"], delivery["status_code"]) == (one.id, 1, 204)


async def test_a_receiver_that_cannot_verify_gets_the_password_that_nobody_is_shown_again(
    office: Office, receiver: Receiver, broker_side: Desk
) -> None:
    basic = {"user": "1С", "password": "зимний сад"}
    hook = await hooked(office.admin, receiver.url, basic=basic)
    await broker_side.deliver(*products(office.tenant, 1))
    await receiver.until(1)
    pair = b64encode("1С:зимний сад".encode()).decode()
    assert receiver.accepted[0].headers["authorization"] == f"Basic {pair}"
    shown = json.dumps(await hook.read(), ensure_ascii=False)
    assert "зимний сад" not in shown
    assert hook.secret not in shown


async def test_while_secrets_overlap_both_prove_a_delivery_and_then_the_new_one_alone(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    path = f"{hook.path}/rotate-secret"
    second = made(await office.admin.post(path, json={"overlap_hours": 1}))["secret"]
    await broker_side.deliver(*products(office.tenant, 1))
    await receiver.until(1)
    for secret in (hook.secret, second):
        verified(secret, receiver.accepted[0])
    third = made(await office.admin.post(path, json={"overlap_hours": 0}))["secret"]
    await broker_side.deliver(*products(office.tenant, 1))
    await receiver.until(2)
    verified(third, receiver.accepted[1])
    for secret in (hook.secret, second):
        with pytest.raises(WebhookVerificationError):
            verified(secret, receiver.accepted[1])


async def test_a_record_waits_for_its_own_failures_and_others_go_on(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    stuck, free = uuid4(), uuid4()

    async def refuse_stuck(one: Received) -> web.StreamResponse:
        return web.Response(status=500 if one.place[0] == str(stuck) else 200)

    receiver.answer = refuse_stuck
    for version in (1, 2, 3):
        await broker_side.deliver(
            product(office.tenant, stuck, version), product(office.tenant, free, version)
        )
    await until(lambda: receiver.versions(free) == [1, 2, 3])
    await until(lambda: len([one for one in receiver.received if one.place[0] == str(stuck)]) > 2)
    assert {one.place for one in receiver.received if one.place[0] == str(stuck)} == {
        (str(stuck), 1)
    }
    shown = await hook.read()
    assert (shown["waiting"], shown["failing_since"] is not None) == (3, True)
    receiver.answer = accept
    await until(lambda: receiver.versions(stuck) == [1, 2, 3])
    ids = defaultdict(set)
    for one in receiver.received:
        ids[one.place].add(one.id)
    assert all(len(found) == 1 for found in ids.values()), "a repetition has the same id"


async def test_more_than_is_read_ahead_comes_all_the_same(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    receiver.answer = answering(500)
    ids = [uuid4() for _ in range(60)]
    await broker_side.deliver(*(product(office.tenant, id, 1) for id in ids))
    await until(lambda: hook_waits(hook, 40))
    await broker_side.deliver(*(product(office.tenant, id, 2) for id in ids))
    receiver.answer = accept
    await receiver.until(120)
    assert all(receiver.versions(id) == [1, 2] for id in ids)


async def hook_waits(hook: Hook, count: int) -> bool:
    return bool((await hook.read())["waiting"] == count)


async def test_a_receiver_that_asks_for_patience_is_left_alone(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk, database: Connection
) -> None:
    receiver.answer = answering(429, Retry_After="3600")
    await broker_side.deliver(*products(office.tenant, 1))
    resting = "select is_resting from webhook where id = $1"
    await until(lambda: database.fetchval(resting, hook.id))
    # What comes meanwhile waits, too; an hour is more than this installation grants.
    receiver.answer = accept
    await broker_side.deliver(*products(office.tenant, 1))
    await receiver.until(2)


async def test_a_receiver_that_is_gone_switches_its_webhook_off_and_can_come_back(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    receiver.answer = answering(410)
    await broker_side.deliver(*products(office.tenant, 1))
    await until(lambda: hook.is_in("disabled"))
    shown = await hook.read()
    assert ("410" in shown["reason"], shown["waiting"]) == (True, 1)
    receiver.answer = accept
    await broker_side.deliver(*products(office.tenant, 1))
    assert (await hook.change(status="active"))["status"] == "active"
    await receiver.until(2)


async def test_what_has_failed_for_days_switches_its_webhook_off(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk, database: Connection
) -> None:
    receiver.answer = answering(500)
    await broker_side.deliver(*products(office.tenant, 1))
    failing = "select failing_since is not null from webhook_delivery where webhook = $1"
    await until(lambda: database.fetchval(failing, hook.id))
    await database.execute(
        "update webhook_delivery set failing_since = now() - interval '6 days' where webhook = $1",
        hook.id,
    )
    await until(lambda: hook.is_in("disabled"))
    assert "6 days" in (await hook.read())["reason"]
    (delivery,) = await hook.deliveries()
    assert (delivery["state"], delivery["error"]) == ("waiting", "answers 500")


async def test_a_redirect_is_a_failure_and_is_not_followed(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    receiver.answer = answering(307, Location=receiver.url.replace("/hook", "/elsewhere"))
    await broker_side.deliver(*products(office.tenant, 1))
    await until(lambda: len(receiver.received) > 1)
    assert {one.path for one in receiver.received} == {"/hook"}
    (delivery,) = await hook.deliveries()
    assert delivery["error"] == "answers 307: redirects are not followed"


async def test_a_slow_answer_is_a_failure_and_what_is_sent_again_has_the_same_id(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    async def sleep(_: Received) -> web.StreamResponse:
        await asyncio.sleep(3_600)
        raise AssertionError("nobody waits for that")

    receiver.answer = sleep
    await broker_side.deliver(*products(office.tenant, 1))
    await until(lambda: hook_has(hook, error="no whole answer in time"))
    receiver.answer = accept
    await receiver.until(1)
    assert len({one.id for one in receiver.received}) == 1


async def hook_has(hook: Hook, **fields: Any) -> bool:
    """Whether the newest delivery has these fields."""
    newest = (await hook.deliveries())[:1]
    return any(all(one[name] == value for name, value in fields.items()) for one in newest)


async def test_an_endless_answer_is_not_read_to_its_end(
    office: Office, hook: Hook, receiver: Receiver, broker_side: Desk
) -> None:
    ended: list[int] = []

    async def pour(_: Received) -> web.StreamResponse:
        # The request is not at hand here: what is poured comes from a response of its own.
        return Pouring(ended)

    receiver.answer = pour
    await broker_side.deliver(*products(office.tenant, 1))
    await until(lambda: hook_has(hook, state="delivered", status_code=200))
    await until(lambda: ended)
    assert ended[0] < 64_000_000


class Pouring(web.StreamResponse):
    """An answer without an end; notes how much of it was taken."""

    def __init__(self, ended: list[int]) -> None:
        super().__init__()
        self._ended = ended

    async def prepare(self, request: web.BaseRequest) -> Any:
        writer = await super().prepare(request)
        poured = 0
        try:
            while poured < 64_000_000:
                await self.write(b"x" * 64_000)
                poured += 64_000
        except ConnectionError:
            pass
        self._ended.append(poured)
        return writer
