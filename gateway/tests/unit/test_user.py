"""The rules of users: who may be called what, and who stays an administrator."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from chassis.problems import Problem
from events.directory import User, UserStatus
from gateway.directory.roles.built_in import rights_of
from gateway.directory.roles.rights import Rights
from gateway.directory.roles.role import MoreThanOneHolds, UnknownRole
from gateway.directory.users import user as rules
from gateway.directory.users.user import (
    ActivationNeedsInvitation,
    Colleagues,
    DisabledStaysOutside,
    EmailTaken,
    LoginTaken,
    TenantNeedsAdministrator,
    UnknownDepartment,
    UnknownManager,
    UserDraft,
)

HERE = UUID(int=1)
ANNA = UUID(int=10)


def draft(**fields: Any) -> UserDraft:
    given: dict[str, Any] = {
        "name": "Пётр",
        "login": "petr",
        "roles": ("agent",),
        "department": HERE,
    }
    return UserDraft(**(given | fields))


def anna() -> User:
    return rules.welcomed(
        ANNA,
        name="Анна",
        login="anna",
        email="Anna@Example.ru",
        department=HERE,
        roles=("administrator",),
        language="ru",
    )


def office() -> Colleagues:
    """Anna, the only administrator, in the only department."""
    colleagues = Colleagues({}, {}, {HERE}, set(), {}, rights_of(["administrator"]))
    colleagues.admit(anna())
    return colleagues


def test_a_new_user_is_invited_and_owns_their_own_record() -> None:
    user = rules.invited(UUID(int=2), draft())
    assert user.status == "invited"
    assert user.owner == user.id


def test_a_role_named_twice_is_one_role() -> None:
    user = rules.invited(UUID(int=2), draft(roles=("agent", "analyst", "agent")))
    assert user.roles == ("agent", "analyst")


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"login": "ANNA"}, LoginTaken),
        ({"login": "ａｎｎａ"}, LoginTaken),
        ({"email": "anna@example.RU"}, EmailTaken),
        ({"department": UUID(int=99)}, UnknownDepartment),
        ({"manager": UUID(int=99)}, UnknownManager),
        ({"manager": UUID(int=2)}, UnknownManager),
    ],
)
def test_a_user_fits_in_with_the_colleagues(fields: dict[str, Any], refusal: type[Problem]) -> None:
    with pytest.raises(refusal):
        office().admit(rules.invited(UUID(int=2), draft(**fields)))


def test_a_login_that_was_given_up_is_free_for_the_next() -> None:
    colleagues = office()
    petr = colleagues.admit(rules.invited(UUID(int=2), draft()))
    colleagues.admit(rules.changed(petr, draft(login="peter")))
    colleagues.admit(rules.invited(UUID(int=3), draft()))


@pytest.mark.parametrize("login", ["", "two words", "newline\n", "tab\t", "x" * 151])
def test_a_login_is_one_word(login: str) -> None:
    body = {"name": "A", "login": login, "roles": ["agent"], "department": str(HERE)}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body, UserDraft)


def test_somebody_without_any_role_is_nobody() -> None:
    body = {"name": "A", "login": "a", "roles": [], "department": str(HERE)}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body, UserDraft)


def test_a_role_is_a_built_in_one_or_one_of_the_tenant() -> None:
    colleagues = office()
    with pytest.raises(UnknownRole, match="'king'"):
        colleagues.admit(rules.invited(UUID(int=2), draft(roles=("agent", "king"))))
    colleagues.roles = {"king": Rights({"deals:read": "all"})}
    colleagues.admit(rules.invited(UUID(int=2), draft(roles=("agent", "king"))))


def test_a_role_that_somebody_has_stays_when_it_is_no_longer_in_use() -> None:
    colleagues = office()
    king = rules.invited(UUID(int=2), draft(roles=("agent", "king")))
    colleagues.admit(king, king)
    with pytest.raises(UnknownRole):
        colleagues.admit(king)


def test_nobody_makes_anybody_more_than_they_are() -> None:
    colleagues = office()
    colleagues.held = rights_of(["manager"])
    user = rules.invited(UUID(int=2), draft(roles=("agent",)))
    colleagues.admit(user)
    with pytest.raises(MoreThanOneHolds):
        colleagues.admit(replace(user, roles=("agent", "administrator")), user)


def test_accepting_an_invitation_makes_active() -> None:
    assert rules.activated(rules.invited(UUID(int=2), draft())).status == "active"
    assert rules.activated(anna()) == anna()


def test_a_disabled_user_accepts_nothing() -> None:
    disabled = rules.in_status(anna(), "disabled", has_password=True)
    with pytest.raises(DisabledStaysOutside):
        rules.activated(disabled)


@pytest.mark.parametrize(
    ("before", "after", "has_password", "is_allowed"),
    [
        ("invited", "disabled", False, True),
        ("active", "disabled", True, True),
        ("disabled", "active", True, True),
        ("disabled", "active", False, False),
        ("disabled", "invited", False, True),
        ("invited", "active", False, False),
        ("active", "invited", True, False),
    ],
)
def test_nobody_but_the_user_makes_an_invited_one_active(
    before: UserStatus, after: UserStatus, has_password: bool, is_allowed: bool
) -> None:
    user = msgspec.structs.replace(anna(), status=before)
    if is_allowed:
        assert rules.in_status(user, after, has_password=has_password).status == after
    else:
        with pytest.raises(ActivationNeedsInvitation):
            rules.in_status(user, after, has_password=has_password)


@pytest.mark.parametrize("loss", [{"status": "disabled"}, {"roles": ("agent",)}])
def test_a_tenant_keeps_an_administrator(loss: dict[str, Any]) -> None:
    with pytest.raises(TenantNeedsAdministrator):
        office().admit(msgspec.structs.replace(anna(), **loss))


def test_one_of_two_administrators_may_go() -> None:
    colleagues = office()
    colleagues.admit(msgspec.structs.replace(anna(), id=UUID(int=2), login="b", email=None))
    colleagues.admit(rules.in_status(anna(), "disabled", has_password=True))
    assert colleagues.administrators == {UUID(int=2)}
