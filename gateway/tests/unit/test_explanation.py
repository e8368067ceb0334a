"""Why somebody may or may not: every reason that counts is told, and no other."""

from uuid import UUID

import pytest

from events.directory import Department, User
from gateway.directory.access.explanation import Explanation, Place, explained, grants
from gateway.directory.roles.built_in import permissions_of
from gateway.directory.roles.rights import Rights

ROOT, NORTH, HARBOUR, SOUTH = (UUID(int=n) for n in (1, 2, 3, 4))
ANNA, PETR = UUID(int=10), UUID(int=11)
PATHS = {ROOT: (ROOT,), NORTH: (ROOT, NORTH), HARBOUR: (ROOT, NORTH, HARBOUR), SOUTH: (ROOT, SOUTH)}
DEFINED = {"dispatcher": Rights({"deals:read": "department"})}


def department(id: UUID) -> Department:
    return Department(id=id, version=1, name=f"office {id.int}", path=PATHS[id], time_zone="UTC")


def anna(*roles: str, status: str = "active") -> User:
    return User(id=ANNA, version=1, name="Anna", login="anna", status=status, roles=roles)


def explanation(
    permission: str, user: User, owner: UUID | None = None, there: UUID | None = None
) -> Explanation:
    record = None
    if owner is not None or there is not None:
        record = Place(owner, there), department(there) if there is not None else None
    return explained(permission, user, department(NORTH), DEFINED, record)


@pytest.mark.parametrize(
    ("roles", "owner", "there", "allowed", "codes"),
    [
        (["agent"], ANNA, SOUTH, True, ["role-permits", "owns-the-record"]),
        (["agent"], PETR, NORTH, False, ["role-permits", "owned-by-another"]),
        (["agent", "dispatcher"], PETR, NORTH, True, ["role-permits", "record-in-department"]),
        (["manager"], PETR, HARBOUR, True, ["role-permits", "record-below-department"]),
        (
            ["manager"], PETR, SOUTH, False,
            ["role-permits", "owned-by-another", "record-beyond-department"],
        ),
        (
            ["manager"], PETR, None, False,
            ["role-permits", "owned-by-another", "record-beyond-department"],
        ),
        (["analyst"], PETR, SOUTH, True, ["role-permits", "reaches-all"]),
        (["marketer"], ANNA, NORTH, False, ["no-role-permits"]),
        (["manager"], None, None, True, ["role-permits"]),
    ],
)  # fmt: skip
def test_each_case_has_its_reasons(
    roles: list[str], owner: UUID | None, there: UUID | None, allowed: bool, codes: list[str]
) -> None:
    told = explanation("deals:read", anna(*roles), owner, there)
    assert (told.allowed, [each.code for each in told.because]) == (allowed, codes)


def test_who_is_not_active_may_nothing_whatever_the_roles() -> None:
    told = explanation("deals:read", anna("administrator", status="disabled"), ANNA, NORTH)
    assert not told.allowed
    assert [each.code for each in told.because] == [
        "user-not-active", "role-permits", "reaches-all",
    ]  # fmt: skip


def test_of_several_roles_those_that_reach_as_far_are_named() -> None:
    user = anna("agent", "dispatcher", "manager")
    told = {
        grant.permission: grant
        for grant in grants(permissions_of(user.roles, DEFINED), user, DEFINED)
    }
    assert (told["deals:read"].reach, told["deals:read"].roles) == (
        "department", ["dispatcher", "manager"],
    )  # fmt: skip
    assert told["deals:write"].roles == ["manager"]
