"""The table of built-in roles, read as the product promises it."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.directory import BuiltInRole
from gateway.directory.roles.built_in import (
    ABSENCES,
    BUSINESS,
    DIRECTORY,
    OPERATIONS,
    PROVIDERS,
    ROLES,
    permissions_of,
)

EVERY_ROLE: tuple[BuiltInRole, ...] = get_args(BuiltInRole)
FARTHER = {"own": 0, "department": 1, "all": 2}


def test_every_role_of_the_published_language_is_in_the_table() -> None:
    assert set(ROLES) == set(EVERY_ROLE)


def test_administrators_do_everything_everywhere() -> None:
    everything = {
        f"{resource}:{action}"
        for resource in (*BUSINESS, *DIRECTORY, ABSENCES, *PROVIDERS, *OPERATIONS)
        for action in ("read", "write")
    } | {"people:erase"}
    assert permissions_of(["administrator"]) == dict.fromkeys(sorted(everything), "all")


def test_a_role_of_a_newer_version_permits_nothing() -> None:
    assert permissions_of(["soothsayer"]) == {}
    assert permissions_of(["agent", "soothsayer"]) == permissions_of(["agent"])


@pytest.mark.parametrize("role", EVERY_ROLE)
def test_everybody_knows_the_tenant_and_its_departments(role: BuiltInRole) -> None:
    permissions = permissions_of([role])
    assert permissions["departments:read"] == permissions["tenant:read"] == "all"


@pytest.mark.parametrize("role", [role for role in EVERY_ROLE if role != "administrator"])
@pytest.mark.parametrize("resource", [*DIRECTORY, *PROVIDERS])
def test_only_administrators_change_the_directory(role: BuiltInRole, resource: str) -> None:
    assert f"{resource}:write" not in permissions_of([role])


@pytest.mark.parametrize("role", EVERY_ROLE)
def test_everybody_records_their_own_absences_and_managers_those_of_their_department(
    role: BuiltInRole,
) -> None:
    reaches = {"administrator": "all", "manager": "department"}
    assert permissions_of([role])["absences:write"] == reaches.get(role, "own")


@pytest.mark.parametrize("role", [role for role in EVERY_ROLE if role != "administrator"])
def test_only_administrators_erase_people(role: BuiltInRole) -> None:
    assert "people:erase" not in permissions_of([role])


@pytest.mark.parametrize("role", EVERY_ROLE)
def test_whoever_writes_may_read_as_far(role: BuiltInRole) -> None:
    permissions = permissions_of([role])
    for permission, reach in permissions.items():
        resource, action = permission.split(":")
        if action == "write":
            assert FARTHER[permissions[f"{resource}:read"]] >= FARTHER[reach], permission


def test_agents_change_their_own_and_see_their_departments_customers() -> None:
    permissions = permissions_of(["agent"])
    for resource in ("companies", "people", "touches"):
        assert permissions[f"{resource}:read"] == "department"
        assert permissions[f"{resource}:write"] == "own"
    assert permissions["deals:read"] == permissions["deals:write"] == "own"
    assert "products:write" not in permissions


def test_managers_reach_their_department_and_below() -> None:
    permissions = permissions_of(["manager"])
    assert permissions["deals:write"] == permissions["companies:read"] == "department"
    assert permissions["reports:read"] == "department"
    assert permissions["products:read"] == "all"


def test_marketers_spend_and_see_what_came_of_it() -> None:
    permissions = permissions_of(["marketer"])
    assert permissions["spend:write"] == permissions["reports:read"] == "all"
    assert permissions["people:read"] == "all"
    assert "people:write" not in permissions
    assert "deals:read" not in permissions


def test_analysts_read_everything_and_change_nothing_but_their_absences() -> None:
    permissions = permissions_of(["analyst"])
    assert {f"{resource}:read" for resource in BUSINESS} <= permissions.keys()
    written = [permission for permission in permissions if permission.endswith(":write")]
    assert written == ["absences:write"]


def test_operators_see_no_business_data() -> None:
    permissions = permissions_of(["operator"])
    assert not {permission.split(":")[0] for permission in permissions} & set(BUSINESS)


def test_integrators_read_and_write_all_business_data() -> None:
    permissions = permissions_of(["integrator"])
    for resource in BUSINESS:
        assert permissions[f"{resource}:read"] == permissions[f"{resource}:write"] == "all"


@given(st.lists(st.sampled_from(EVERY_ROLE)))
def test_of_several_roles_the_farther_reach_counts(roles: list[BuiltInRole]) -> None:
    together = permissions_of(roles)
    for role in roles:
        for permission, reach in ROLES[role].items():
            assert FARTHER[together[permission]] >= FARTHER[reach]
    granted = {permission for role in roles for permission in ROLES[role]}
    assert set(together) == granted
