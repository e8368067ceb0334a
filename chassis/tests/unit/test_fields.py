"""Rules for fields: what is hidden is nowhere, what is masked tells no more than it says."""

import string
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.fields import FieldNotPermitted, Sight, require_reported, require_writable
from chassis.history import FieldChange, Version
from chassis.identity import Identity, claims_of, identity_of
from chassis.masks import masked
from events.topics import Mask
from events.values import FieldRule

texts = st.text(max_size=40)
masks = st.sampled_from(get_args(Mask))
names = st.sampled_from(("amount", "email", "name", "notes", "phones"))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(texts, parts, max_size=3),
    max_leaves=6,
)
rules = st.dictionaries(names, st.sampled_from(get_args(FieldRule)), min_size=1)
MOMENT = datetime(2026, 5, 4, tzinfo=UTC)


def version(changed: dict[str, FieldChange]) -> Version:
    return Version(
        version=3, type="crm.sales.deal.won.v1", verb="won", actor="anna", reason=None, origin=None,
        correlationid=None, time=MOMENT, recordedtime=MOMENT.replace(year=2027), changed=changed,
    )  # fmt: skip


def identity(**fields: dict[str, FieldRule]) -> Identity:
    return Identity(UUID(int=1), UUID(int=2), "anna", None, (), {"deals:read": "all"}, fields)


@given(st.dictionaries(names, json_values), rules, st.dictionaries(names, masks))
def test_what_is_hidden_is_nowhere_in_a_state(
    state: dict[str, Any], kept: dict[str, FieldRule], of: dict[str, Mask]
) -> None:
    seen = msgspec.json.decode(Sight("deals", kept, of).state(msgspec.json.encode(state)))
    for name, value in state.items():
        rule = kept.get(name)
        if rule in (None, "read_only"):
            assert seen.pop(name) == value
        elif rule == "masked" and name in of:
            assert seen.pop(name) == masked(value, of[name])
    assert seen == {}


@given(names.flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(("hidden", "masked")))))
def test_no_byte_of_a_hidden_value_is_in_a_version_or_a_state(
    hidden: tuple[str, FieldRule],
) -> None:
    name, rule = hidden
    sight = Sight("deals", {name: rule}, {"name": "initials"})
    canary = "Кашалот-8123"
    told = version({name: FieldChange(canary, [canary]), "stage": FieldChange(1, 2)})
    shown = msgspec.json.encode(told.seen_with(sight)).decode()
    shown += sight.state(msgspec.json.encode({name: {"inside": canary}, "stage": canary[:3]}))
    assert canary not in shown
    assert '"stage":{"before":1,"after":2}' in shown


def test_a_time_that_a_field_tells_is_told_by_no_version_to_whom_it_is_hidden() -> None:
    told = version({})
    times = ("closed_at",)
    assert told.seen_with(Sight("deals", {"closed_at": "read_only"}, times=times)) == told
    assert told.seen_with(Sight("deals", {"closed_at": "hidden"}, times=times)).time.year == 2027


@given(texts, masks)
def test_masking_again_changes_nothing(text: str, mask: Mask) -> None:
    once = masked(text, mask)
    assert masked(once, mask) == once


@given(st.text(alphabet="0123456789 +().-", max_size=39))
def test_of_a_phone_two_digits_are_left(phone: str) -> None:
    left = masked(phone, "phone")
    digits = [letter for letter in phone if letter in string.digits]
    assert left == ("..." + "".join(digits[-2:]) if phone else "")


@given(st.emails())
def test_of_an_address_the_first_letter_and_the_domain_are_left(address: str) -> None:
    assert masked(address, "email") == f"{address[0]}…@{address.rpartition('@')[2]}"


@pytest.mark.parametrize(
    ("value", "mask", "left"),
    [
        ("Анна Мария", "initials", "А. М."),
        (["+79161234567", "123"], "phone", ["...67", "...23"]),
        ("not an address", "email", "n…"),
        ("", "initials", ""),
        (None, "email", None),
        (916, "phone", None),
        ({"city": "Москва"}, "initials", None),
    ],
)
def test_what_masks_leave(value: Any, mask: Mask, left: Any) -> None:
    assert masked(value, mask) == left


def test_a_masked_field_without_a_mask_is_hidden() -> None:
    assert Sight("deals", {"amount": "masked"}).state(b'{"amount":"7","id":1}') == '{"id":1}'


def test_rules_travel_with_the_identity_and_only_where_there_are_any() -> None:
    restricted = identity(deals={"amount": "hidden"}, people={"phones": "masked"})
    assert identity_of(claims_of(restricted, 60)) == restricted
    assert "fields" not in claims_of(identity(), 60)


def test_a_rule_of_a_newer_version_hides_the_field() -> None:
    claims = claims_of(identity(deals={"amount": "read_only"}), 60)
    claims["fields"] = {"deals": {"amount": "blurred"}}
    assert identity_of(claims).fields == {"deals": {"amount": "hidden"}}


def test_nobody_sets_or_asks_by_what_is_kept_from_them() -> None:
    sight = Sight("deals", {"amount": "read_only", "name": "masked"})
    sight.require_seen(["amount", "stage"])
    with pytest.raises(FieldNotPermitted) as asked:
        sight.require_seen(["name"], "q")
    assert asked.value.field == "q"
    with pytest.raises(FieldNotPermitted) as set_:
        require_writable(identity(deals={"amount": "read_only"}), "deals", ["stage", "amount"])
    assert set_.value.document()["field"] == "amount"
    require_writable(identity(deals={"amount": "read_only"}), "people", ["amount"])


def test_reports_have_rules_of_their_own() -> None:
    reader = identity(deals={"amount": "hidden"}, reports={"deals.lines": "masked"})
    require_reported(reader, ["deals.amount"])
    with pytest.raises(FieldNotPermitted, match=r"deals\.lines"):
        require_reported(reader, ["deals.amount", "deals.lines"])
