"""Schedules, conditions, signatures, and who decides about a webhook."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replaced
from standardwebhooks.webhooks import Webhook as Verifier

from chassis.fields import FieldNotPermitted
from chassis.identity import Identity, system_identity
from chassis.problems import EditConflict, InvalidRequest
from events.catalogue import BY_TOPIC, DEAL, PERSON, PRODUCT
from gateway.delivery.webhooks import condition, webhook
from gateway.delivery.webhooks.condition import ConditionNotPossible
from gateway.delivery.webhooks.schedule import Attempt, Schedule
from gateway.delivery.webhooks.signature import new_secret, signed
from gateway.delivery.webhooks.webhook import (
    BasicCredentials,
    Kept,
    NotTheOwner,
    PasswordNeeded,
    WebhookDraft,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SCHEDULE = Schedule(timedelta(seconds=5), timedelta(hours=6), timedelta(days=5))
TENANT, ANNA, PETR = uuid4(), uuid4(), uuid4()


def person(user: UUID, actor: str | None = None) -> Identity:
    everything = system_identity(TENANT, "gateway")
    return replace(everything, user=user, actor=actor or str(user))


def kept(**fields: Any) -> Kept:
    known: dict[str, Any] = {
        "tenant": TENANT,
        "id": uuid4(),
        "version": 1,
        "owner": ANNA,
        "api_key": None,
        "draft": WebhookDraft(name="Склад", url="https://example.com/", types=("crm.sales.deal",)),
        "disabled": None,
        "edits": {},
        "created": NOW,
        "changed": NOW,
        "changed_by": str(ANNA),
    }
    return Kept(**(known | fields))


# -- the schedule ------------------------------------------------------------------------------


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_each_pause_is_longer_than_the_one_before_up_to_the_longest(
    failures: int, where: float
) -> None:
    def chance(least: float, most: float) -> float:
        return least + (most - least) * where

    pause = SCHEDULE.pause_after(failures, chance)
    assert pause <= SCHEDULE.longest * 1.2
    assert pause >= SCHEDULE.first * 0.79
    assert SCHEDULE.pause_after(failures + 1, chance) >= pause


def test_the_schedule_is_as_documented() -> None:
    def middle(least: float, most: float) -> float:
        return (least + most) / 2

    pauses = [SCHEDULE.pause_after(n, middle).total_seconds() for n in range(1, 11)]
    assert pauses == [5, 15, 45, 135, 405, 1_215, 3_645, 10_935, 21_600, 21_600]


@given(st.integers(200, 299))
def test_only_2xx_is_accepted(status: int) -> None:
    assert Attempt(1, status=status).verdict == "accepted"


@given(st.integers(100, 599).filter(lambda status: not 200 <= status < 300 and status != 410))
def test_all_else_is_tried_again(status: int) -> None:
    assert Attempt(1, status=status).verdict == "failed"


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (429, "60", 60),
        (503, " 7 ", 7),
        (503, "Sun, 29 Nov 2026 12:01:00 GMT", 60),
        (503, "Sun, 29 Nov 2026 11:00:00 GMT", 0),
        (429, "999999999999999999999", 21_600),
        (429, "soon", 0),
        (429, "-5", 0),
        (429, "", 0),
        (500, "60", 0),
        (200, "60", 0),
    ],
)
def test_a_receiver_is_left_alone_for_as_long_as_it_asks_within_bounds(
    status: int, said: str, seconds: int
) -> None:
    attempt = Attempt(1, status=status, retry_after=said)
    assert SCHEDULE.asked_pause(attempt, NOW).total_seconds() == seconds


@settings(max_examples=30)
@given(st.text(max_size=60))
def test_whatever_retry_after_says_is_bounded(said: str) -> None:
    asked = SCHEDULE.asked_pause(Attempt(1, status=429, retry_after=said), NOW)
    assert timedelta(0) <= asked <= SCHEDULE.longest


# -- signatures --------------------------------------------------------------------------------


@given(st.text(max_size=200).map(str.encode))
def test_a_signature_is_verified_by_each_secret(body: bytes) -> None:
    first, second = new_secret(), new_secret()
    at = int(datetime.now(UTC).timestamp())
    headers = signed([first, second], str(uuid4()), at, body)
    for secret in (first, second):
        Verifier(secret).verify(body, headers, json_parse=False)


# -- conditions --------------------------------------------------------------------------------


def holds(asked: dict[str, str], topic: str = DEAL.topic.name, **after: Any) -> bool:
    condition.check(asked, [BY_TOPIC[topic]], person(ANNA))
    return condition.holds(asked, topic, after)


def test_each_field_has_one_of_its_values() -> None:
    asked = {"status": "won,lost", "owner": str(ANNA)}
    assert holds(asked, status="won", owner=str(ANNA))
    assert not holds(asked, status="open", owner=str(ANNA))
    assert not holds(asked, status="won", owner=str(PETR))
    assert not holds(asked, status="won")
    assert not holds(asked, status="won", owner=None)


def test_values_mean_what_they_mean_in_a_list() -> None:
    assert holds({"owner": str(ANNA).upper()}, owner=str(ANNA))
    assert holds({"is_active": "true"}, PRODUCT.topic.name, is_active=True)
    assert not holds({"is_active": "true"}, PRODUCT.topic.name, is_active=False)


def test_what_has_no_state_is_for_all_who_may_have_had_it() -> None:
    assert condition.holds({"status": "won"}, DEAL.topic.name, None)


@given(st.lists(st.sampled_from(["open", "won", "lost"]), min_size=1))
def test_the_order_of_values_does_not_matter(values: list[str]) -> None:
    for status in ("open", "won", "lost"):
        assert holds({"status": ",".join(values)}, status=status) == (status in values)


@pytest.mark.parametrize("name", ["amount", "history", "nothing", "external_ids"])
def test_a_field_without_one_plain_value_is_refused(name: str) -> None:
    with pytest.raises(ConditionNotPossible):
        condition.check({name: "1"}, [DEAL], person(ANNA))


def test_a_field_that_not_all_events_have_is_refused() -> None:
    with pytest.raises(ConditionNotPossible):
        condition.check({"status": "won"}, [DEAL, PERSON], person(ANNA))


@pytest.mark.parametrize(("name", "value"), [("owner", "anna"), ("status", "gone"), ("owner", "")])
def test_what_no_record_can_have_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        condition.check({name: value}, [DEAL], person(ANNA))
    assert refused.value.field == f"condition.{name}"


def test_nobody_asks_by_a_field_that_is_kept_from_them() -> None:
    restricted = replace(person(ANNA), fields={"deals": {"status": "hidden"}})
    with pytest.raises(FieldNotPermitted):
        condition.check({"status": "won"}, [DEAL], restricted)
    types = ("crm.sales.deal",)
    assert webhook.suspension({"status": "won"}, types, person(ANNA)) is None
    assert webhook.suspension({}, types, restricted) is None
    assert "condition.status" in (webhook.suspension({"status": "won"}, types, restricted) or "")
    assert webhook.suspension({}, types, None) == "its owner is not active"


# -- who decides -------------------------------------------------------------------------------


def test_only_the_owner_says_what_is_sent_and_where() -> None:
    one = kept()
    for patch in ({"name": "x"}, {"status": "paused"}):
        webhook.require_change(one, patch, person(PETR))
    for name in ("url", "types", "condition", "basic"):
        webhook.require_change(one, {name: None}, person(ANNA))
        with pytest.raises(NotTheOwner):
            webhook.require_change(one, {name: None}, person(PETR))


def test_a_password_goes_to_no_other_host_than_it_was_said_for() -> None:
    def drafted(url: str) -> WebhookDraft:
        basic = BasicCredentials(user="crm", password="secret")
        return WebhookDraft(name="1C", url=url, types=("crm.sales.deal",), basic=basic)

    before, after = drafted("https://1c.example.com/a"), drafted("https://evil.example.com/a")
    webhook.require_password(before, drafted("https://1c.example.com/b"), {})
    webhook.require_password(before, after, {"basic": {"password": "another"}})
    webhook.require_password(before, replaced(after, basic=None), {"basic": None})
    for patch in ({}, {"basic": {"user": "crm"}}):
        with pytest.raises(PasswordNeeded):
            webhook.require_password(before, after, patch)


def test_a_program_is_not_its_user_but_the_user_is_all_of_their_programs() -> None:
    key, other = uuid4(), uuid4()
    assert kept().is_owned_by(person(ANNA))
    assert not kept().is_owned_by(person(ANNA, f"key:{key}"))
    assert kept(api_key=key).is_owned_by(person(ANNA, f"key:{key}"))
    assert not kept(api_key=key).is_owned_by(person(ANNA, f"key:{other}"))
    assert kept(api_key=key).is_owned_by(person(ANNA))


def test_edits_of_different_fields_meet_and_those_of_the_same_do_not() -> None:
    one = kept()
    renamed = WebhookDraft(name="Новый", url=one.draft.url, types=one.draft.types)
    after = webhook.edited(one, renamed, person(PETR), NOW)
    assert (after.version, after.edits) == (2, {"name": (2, str(PETR))})
    webhook.require_unchanged(after, {"url": "https://example.org/"}, 1)
    webhook.require_unchanged(after, {"name": "Другой"}, 2)
    with pytest.raises(EditConflict) as conflict:
        webhook.require_unchanged(after, {"name": "Другой"}, 1)
    assert conflict.value.extra["theirs"] == "Новый"
    with pytest.raises(EditConflict):
        webhook.require_unchanged(after, {"url": "https://example.org/"}, 3)
    assert webhook.edited(after, renamed, person(PETR), NOW) is after
