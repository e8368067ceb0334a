"""Which rules for fields there can be, which hold for somebody, and who may give what."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chassis.problems import Problem
from events.directory import User
from events.values import FieldRule
from gateway.directory.access.explanation import Explanation, of_field, restrictions
from gateway.directory.roles import role as rules
from gateway.directory.roles.built_in import rights_of
from gateway.directory.roles.fields import RESTRICTABLE, opened_beyond, rules_of
from gateway.directory.roles.rights import Rights
from gateway.directory.roles.role import (
    FieldHasNoMask,
    MoreThanOneHolds,
    RoleDraft,
    RuleForNothing,
    UnknownField,
)

TENANT = UUID(int=7)
EVERYTHING = rights_of(["administrator"])
READS: dict[str, Any] = {"deals:read": "all", "people:read": "all"}
WRITES: dict[str, Any] = READS | {"deals:write": "all", "people:write": "all"}

fields = st.dictionaries(
    st.sampled_from(("deals", "people")),
    st.dictionaries(
        st.sampled_from(("amount", "phones")),
        st.sampled_from(("read_only", "masked", "hidden")),
        min_size=1,
    ),
)
permissions = st.sampled_from(({}, READS, WRITES, {"reports:read": "all"}))
roles = st.builds(Rights, permissions, fields)
STRICTNESS = (None, "read_only", "masked", "hidden")


def draft(permissions: dict[str, Any], **fields: dict[str, FieldRule]) -> RoleDraft:
    return RoleDraft(code="clerk", name="Clerk", permissions=permissions, fields=fields)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"people": {"shoe_size": "hidden"}}, UnknownField),
        ({"people": {"owner": "hidden"}}, UnknownField),
        ({"deals": {"version": "read_only"}}, UnknownField),
        ({"users": {"email": "masked"}}, UnknownField),
        ({"reports": {"deals.amount": "hidden"}}, UnknownField),
        ({"deals": {"amount": "masked"}}, FieldHasNoMask),
        ({"people": {"notes": "masked"}}, FieldHasNoMask),
        ({"leads": {"phone": "masked"}}, RuleForNothing),
    ],
)
def test_what_rules_there_cannot_be(fields: Any, problem: type[Problem]) -> None:
    with pytest.raises(problem):
        rules.created(TENANT, draft(READS, **fields), EVERYTHING)


def test_reports_make_a_rule_of_what_the_role_reads_nowhere_else() -> None:
    made = rules.created(
        TENANT, draft({"reports:read": "all"}, deals={"amount": "hidden"}, people={}), EVERYTHING
    )
    assert made.fields == {"deals": {"amount": "hidden"}}
    assert rules_of([rules.rights_by(made)]) == {"reports": {"deals.amount": "hidden"}}


def test_a_rule_of_a_newer_version_hides_the_field() -> None:
    made = rules.created(TENANT, draft(READS, deals={"amount": "read_only"}), EVERYTHING)
    newer: dict[str, dict[str, str]] = {"deals": {"amount": "blurred"}}
    assert rules.rights_by(replace(made, fields=newer)).fields == {"deals": {"amount": "hidden"}}


@pytest.mark.parametrize(
    ("having", "rule"),
    [
        ([Rights(READS, {"deals": {"amount": "hidden"}})], "hidden"),
        ([Rights(READS, {"deals": {"amount": "hidden"}}), Rights(READS)], None),
        (
            [Rights(READS, {"deals": {"amount": "hidden"}}), Rights({"people:read": "all"})],
            "hidden",
        ),
        (
            [
                Rights(READS, {"deals": {"amount": "hidden"}}),
                Rights(READS, {"deals": {"amount": "masked"}}),
            ],
            "masked",
        ),
        # Read through the one, written through the other, which keeps it.
        ([Rights(WRITES, {"deals": {"amount": "hidden"}}), Rights(READS)], "read_only"),
        ([Rights(WRITES, {"deals": {"amount": "hidden"}}), Rights(WRITES)], None),
        # What one may not change anyway has no rule for changing it.
        ([Rights(READS, {"deals": {"amount": "read_only"}})], None),
        ([Rights(WRITES, {"deals": {"amount": "read_only"}})], "read_only"),
    ],
)
def test_of_several_roles_the_least_strict_rule_counts(
    having: list[Rights], rule: FieldRule | None
) -> None:
    assert rules_of(having).get("deals", {}).get("amount") == rule


@given(st.lists(roles, max_size=3), roles)
def test_another_role_never_closes_a_field(having: list[Rights], another: Rights) -> None:
    before, after = rules_of(having), rules_of([*having, another])
    held = {name for role in having for name in role.permissions}
    for resource, kept in after.items():
        for field, rule in kept.items():
            if f"{resource}:read" in held and (rule != "read_only" or f"{resource}:write" in held):
                was = before.get(resource, {}).get(field)
                assert STRICTNESS.index(rule) <= STRICTNESS.index(was)


@given(roles, st.lists(roles, min_size=1, max_size=3))
def test_whoever_gets_no_more_than_somebody_holds_sees_no_more(
    held: Rights, given: list[Rights]
) -> None:
    holder = Rights(held.permissions, rules_of([held]))
    wanted = Rights({k: v for role in given for k, v in role.permissions.items()}, rules_of(given))
    if wanted.permissions.keys() - holder.permissions.keys() or opened_beyond(wanted, holder):
        return
    for resource, kept in holder.fields.items():
        for field, rule in kept.items():
            sees = f"{resource}:read" in wanted.permissions
            if sees and rule in ("masked", "hidden"):
                given_rule = wanted.fields.get(resource, {}).get(field)
                assert STRICTNESS.index(given_rule) >= STRICTNESS.index(rule)


def test_nobody_shows_what_they_do_not_see() -> None:
    held = Rights(WRITES, {"people": {"phones": "masked"}, "deals": {"amount": "read_only"}})
    same: dict[str, Any] = {"people": {"phones": "masked"}, "deals": {"amount": "read_only"}}
    assert rules.created(TENANT, draft(WRITES, **same), held).fields == same
    rules.created(TENANT, draft(READS, people={"phones": "hidden"}), held)
    for opened in (same | {"people": {"phones": "read_only"}}, same | {"deals": {}}, {}):
        with pytest.raises(MoreThanOneHolds) as refused:
            rules.created(TENANT, draft(WRITES, **opened), held)
        assert refused.value.field == "fields"


def test_every_business_record_has_fields_that_rules_can_be_made_for() -> None:
    assert {"companies", "people", "touches", "deals", "leads", "spend"} <= RESTRICTABLE.keys()
    assert all("owner" not in fields and "id" not in fields for fields in RESTRICTABLE.values())
    assert RESTRICTABLE["people"]["phones"] == "phone"


# -- told ---------------------------------------------------------------------------

DEFINED = {
    "clerk": Rights(WRITES, {"deals": {"amount": "hidden"}, "people": {"phones": "masked"}}),
    "teller": Rights(READS | {"reports:read": "all"}, {"deals": {"amount": "hidden"}}),
}


def anna(*names: str) -> User:
    return User(id=TENANT, version=1, name="Anna", login="anna", status="active", roles=names)


def explained(permission: str, field: str, *names: str) -> tuple[bool, Any, list[str]]:
    plain = Explanation(allowed=True, reach="all", because=[])
    told = of_field(plain, permission, field, anna(*names), DEFINED)
    return told.allowed, told.field_rule, [f"{each.code} {each.detail}" for each in told.because]


def test_why_a_field_is_kept_or_open() -> None:
    assert explained("deals:read", "amount", "clerk") == (
        False, "hidden", ["field-hidden clerk: hidden"],
    )  # fmt: skip
    assert explained("deals:read", "amount", "clerk", "agent") == (
        True, None, ["field-hidden clerk: hidden", "field-open agent: open"],
    )  # fmt: skip
    assert explained("deals:write", "amount", "clerk", "analyst")[:2] == (False, "read_only")
    assert explained("deals:read", "amount", "clerk", "analyst")[:2] == (True, "read_only")
    assert explained("reports:read", "deals.amount", "teller")[:2] == (False, "hidden")
    for permission, field in (("deals:read", "owner"), ("people:erase", "phones")):
        with pytest.raises(UnknownField):
            explained(permission, field, "clerk")


def test_what_is_kept_names_the_roles_that_keep_it() -> None:
    user = anna("clerk", "teller")
    told = restrictions(rights_of(user.roles, DEFINED).fields, user, DEFINED)
    assert {(each.resource, each.field): (each.rule, each.roles) for each in told} == {
        ("deals", "amount"): ("hidden", ["clerk", "teller"]),
        ("people", "phones"): ("read_only", ["clerk"]),
        ("reports", "deals.amount"): ("hidden", ["clerk", "teller"]),
    }
