"""The rules of a tenant's own roles."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chassis.problems import Problem
from events.values import Reach
from gateway.directory.roles import role as rules
from gateway.directory.roles.built_in import FARTHER, ROLES, beyond, permissions_of, rights_of
from gateway.directory.roles.rights import Rights
from gateway.directory.roles.role import (
    MoreThanOneHolds,
    ReachWithoutOwners,
    RoleCodeFixed,
    RoleCodeTaken,
    RoleDraft,
    UnknownPermission,
    WriteNeedsRead,
)

TENANT = UUID(int=7)
EVERYTHING = Rights(ROLES["administrator"])

permissions = st.dictionaries(
    st.sampled_from(sorted(EVERYTHING.permissions)), st.sampled_from(sorted(FARTHER)), max_size=12
)


def draft(**fields: Any) -> RoleDraft:
    given: dict[str, Any] = {"code": "dispatcher", "name": "Диспетчер", "permissions": {}}
    return RoleDraft(**(given | fields))


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"code": "agent"}, RoleCodeTaken),
        ({"permissions": {"deals:fly": "own"}}, UnknownPermission),
        ({"permissions": {"products:read": "department"}}, ReachWithoutOwners),
        ({"permissions": {"people:read": "all", "people:erase": "own"}}, ReachWithoutOwners),
        ({"permissions": {"deals:write": "own"}}, WriteNeedsRead),
        ({"permissions": {"deals:read": "own", "deals:write": "all"}}, WriteNeedsRead),
    ],
)
def test_what_a_role_cannot_be(fields: dict[str, Any], rule: type[Problem]) -> None:
    with pytest.raises(rule):
        rules.created(TENANT, draft(**fields), EVERYTHING)


def test_nobody_gives_more_than_they_hold() -> None:
    wanted = draft(permissions={"deals:read": "all", "people:read": "own"})
    with pytest.raises(MoreThanOneHolds, match="deals:read"):
        rules.created(TENANT, wanted, rights_of(["manager"]))
    assert rules.created(TENANT, wanted, rights_of(["analyst"])).permissions


def test_a_role_keeps_its_code() -> None:
    role = rules.created(TENANT, draft(), EVERYTHING)
    with pytest.raises(RoleCodeFixed):
        rules.changed(role, draft(code="other"), EVERYTHING)
    assert not rules.changed(role, draft(is_active=False), EVERYTHING).is_active


def test_a_reach_of_a_newer_version_permits_nothing() -> None:
    role = rules.created(TENANT, draft(permissions={"deals:read": "own"}), EVERYTHING)
    newer: dict[str, str] = {**role.permissions, "people:read": "galaxy"}
    assert rules.rights_by(replace(role, permissions=newer)).permissions == {"deals:read": "own"}


@given(permissions, permissions)
def test_what_two_roles_permit_together_goes_beyond_neither_and_no_farther(
    one: dict[str, Reach], other: dict[str, Reach]
) -> None:
    together = permissions_of(["one", "other"], {"one": Rights(one), "other": Rights(other)})
    assert beyond(one, together) == beyond(other, together) == []
    assert all(reach in (one.get(each), other.get(each)) for each, reach in together.items())


@given(permissions)
def test_a_role_of_the_tenant_never_stands_in_for_a_built_in_one(
    defined: dict[str, Reach],
) -> None:
    assert permissions_of(["agent"], {"agent": Rights(defined)}) == dict(
        sorted(ROLES["agent"].items())
    )
