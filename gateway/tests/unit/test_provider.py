"""What a provider's groups give and take, and where providers are asked."""

from typing import Any
from uuid import UUID

import pytest

from events.directory import User
from gateway.directory.oidc import provider as rules
from gateway.directory.oidc.provider import GroupRule, IdentityProviderDraft, NoRoleByGroups

HERE, NORTH, SOUTH = UUID(int=1), UUID(int=2), UUID(int=3)
USABLE = {"agent", "manager", "analyst"}


def provider(*groups: GroupRule) -> IdentityProviderDraft:
    return IdentityProviderDraft(
        code="company",
        name="Ромашка",
        issuer="https://login.example.org",
        client_id="meridian",
        groups_claim="groups",
        groups=groups,
    )


def user(*roles: str, **fields: Any) -> User:
    return User(
        id=UUID(int=7), version=3, department=HERE, name="P", login="p", status="active",
        roles=roles, **fields,
    )  # fmt: skip


SALES = GroupRule(group="Sales", roles=("agent",), department=NORTH)
HEADS = GroupRule(group="Heads", roles=("manager", "agent"), department=SOUTH)


def test_groups_give_and_take_the_roles_that_they_name_and_no_other() -> None:
    before = user("analyst", "manager")
    after = rules.placed(before, provider(SALES, HEADS), {"Sales"}, USABLE)
    assert after.roles == ("analyst", "agent")


def test_of_several_departments_the_first_rules_counts() -> None:
    groups = {"Heads", "Sales"}
    assert rules.placed(user(), provider(SALES, HEADS), groups, USABLE).department == NORTH
    assert rules.placed(user(), provider(HEADS, SALES), groups, USABLE).department == SOUTH


def test_groups_that_say_nothing_new_change_nothing() -> None:
    before = user("manager", "analyst", "agent", email="p@example.org")
    groups = {"Heads", "Chess"}
    mapping = provider(GroupRule(group="Heads", roles=("manager", "agent")))
    assert rules.placed(before, mapping, groups, USABLE) == before


def test_without_rules_all_roles_were_given_by_hand() -> None:
    before = user("manager")
    assert rules.placed(before, provider(), {"Sales"}, USABLE) == before


@pytest.mark.parametrize("groups", [set(), {"sales"}, {"Chess"}])
def test_nobody_is_left_without_a_role(groups: set[str]) -> None:
    with pytest.raises(NoRoleByGroups):
        rules.placed(user("agent"), provider(SALES), groups, USABLE)


def test_a_role_that_is_not_in_use_any_more_is_given_to_nobody() -> None:
    retired = GroupRule(group="Sales", roles=("dispatcher", "agent"))
    assert rules.placed(user(), provider(retired), {"Sales"}, USABLE).roles == ("agent",)


@pytest.mark.parametrize(
    ("address", "is_one", "is_one_in_development"),
    [
        ("https://login.example.org", True, True),
        ("https://login.example.org:8443/realms/a", True, True),
        ("http://127.0.0.1:8080", False, True),
        ("http://localhost", False, True),
        ("http://[::1]:8080", False, True),
        ("http://login.example.org", False, False),
        ("http://localhost.example.org", False, False),
        ("http://127.0.0.1@example.org", False, False),
        ("https://user@login.example.org", False, False),
        ("https://login.example.org/ a", False, False),
        ("https://login.example.org/\n", False, False),
        ("https://[::1", False, False),
        ("https:///path", False, False),
        ("ftp://login.example.org", False, False),
        ("", False, False),
    ],
)
def test_a_provider_is_asked_over_https_or_here(
    address: str, is_one: bool, is_one_in_development: bool
) -> None:
    assert rules.is_address(address, loopback=False) is is_one
    assert rules.is_address(address, loopback=True) is is_one_in_development
