"""What a user is: somebody who works in one tenant, in a department, in one or more roles."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.problems import Conflict, RuleBroken
from events.directory import BuiltInRole, Languages, User, UserStatus
from events.values import ExternalId, Language, Name, growing
from gateway.directory.roles.built_in import ROLES, rights_of
from gateway.directory.roles.rights import Defined, Rights
from gateway.directory.roles.role import UnknownRole, require_held
from gateway.directory.tags import WrittenSkills, tagged

# The look-aheads refuse a line break, which `$` alone would let end the text. What is white space
# beyond ASCII, regular expressions do not agree on; what nobody sees is no login in any of them.
Login = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=150,
        pattern=r"^[^\s\u0000-\u001f\u007f-\u009f\ufeff]+(?!\s)$",
    ),
]
Email = Annotated[str, Meta(max_length=320, pattern=r"^[^@\s]+@[^@\s]+(?!\s)$")]
RoleName = Annotated[
    str,
    Meta(max_length=60, description="a built-in role, or the code of one's own"),
    growing(BuiltInRole),
]
Roles = Annotated[tuple[RoleName, ...], Meta(min_length=1, max_length=20)]


class UserDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a user that an administrator sets."""

    name: Name
    login: Login
    email: Email | None = None
    roles: Roles
    department: UUID
    manager: UUID | None = None
    language: Language = "en"
    languages: Languages = ()
    skills: WrittenSkills = ()
    external_ids: tuple[ExternalId, ...] = ()


class UserChange(UserDraft, kw_only=True, forbid_unknown_fields=True):
    """What can be changed of a user; nobody but the user makes an invited one active."""

    status: UserStatus


class LoginTaken(Conflict):
    title = "Another user signs in with this login"


class EmailTaken(Conflict):
    title = "Another user has this e-mail address"


class UnknownDepartment(RuleBroken):
    title = "A user works in a department of the same tenant"


class UnknownManager(RuleBroken):
    title = "A user's manager is another user of the same tenant"


class ActivationNeedsInvitation(RuleBroken):
    title = "A user becomes active by accepting an invitation"


class DisabledStaysOutside(RuleBroken):
    title = "A disabled user is invited only after being enabled"


class TenantNeedsAdministrator(RuleBroken):
    title = "A tenant keeps at least one active administrator"


@dataclass(slots=True)
class Colleagues:
    """What of a tenant's directory decides whether a user may be as drafted.

    `logins` and `emails` (folded) map to their users; `administrators` are the
    active ones; `roles` are the tenant's own in use, with what they let one do, and
    `held` is what whoever asks may do.
    """

    logins: dict[str, UUID]
    emails: dict[str, UUID]
    departments: set[UUID]
    administrators: set[UUID]
    roles: Defined
    held: Rights

    def admit(self, user: User, before: User | None = None) -> User:
        """`user`, who from now on is one of them; raises the rule that forbids it."""
        self._check(user)
        self._check_roles(set(user.roles) - set(() if before is None else before.roles))
        for known in (self.logins, self.emails):
            for name in [name for name, owner in known.items() if owner == user.id]:
                del known[name]
        self.logins[folded(user.login)] = user.id
        if user.email is not None:
            self.emails[folded(user.email)] = user.id
        if administers(user):
            self.administrators.add(user.id)
        else:
            self.administrators.discard(user.id)
        return user

    def _check(self, user: User) -> None:
        if self.logins.get(folded(user.login), user.id) != user.id:
            raise LoginTaken(f"{user.login!r} is taken", field="login")
        if user.email is not None and self.emails.get(folded(user.email), user.id) != user.id:
            raise EmailTaken(f"{user.email!r} is taken", field="email")
        if user.department not in self.departments:
            raise UnknownDepartment(f"there is no department {user.department}", field="department")
        if user.manager is not None and (
            user.manager == user.id or user.manager not in self.logins.values()
        ):
            raise UnknownManager(f"{user.manager} cannot be the manager", field="manager")
        if self.administrators == {user.id} and not administers(user):
            raise TenantNeedsAdministrator(f"{user.name} is the last one", field="roles")

    def _check_roles(self, new: Collection[str]) -> None:
        """The roles that somebody is to get; those that one has already stay as they are."""
        for role in sorted(new):
            if role not in ROLES and role not in self.roles:
                raise UnknownRole(f"{role!r} is none", field="roles")
        require_held(rights_of(new, self.roles), self.held, "roles", "roles")


def folded(text: str) -> str:
    """By what logins and addresses are told apart: neither case nor composition counts."""
    return unicodedata.normalize("NFKC", text).casefold()


def administers(user: User) -> bool:
    return user.status == "active" and "administrator" in user.roles


def welcomed(
    id: UUID,
    *,
    name: str,
    login: str,
    email: str | None,
    department: UUID,
    roles: tuple[str, ...],
    language: str,
) -> User:
    """A new user who needs no invitation: a tenant's first, or one whom a provider vouches for."""
    return User(
        id=id,
        version=0,
        owner=id,
        department=department,
        name=name,
        login=login,
        email=email,
        status="active",
        roles=roles,
        language=language,
    )


def invited(id: UUID, draft: UserDraft) -> User:
    """A new user as drafted, who has yet to choose a password; everybody owns their own record."""
    return _with(
        User(id=id, version=0, owner=id, name="", login="", status="invited", roles=()), draft
    )


def changed(user: User, draft: UserDraft) -> User:
    """The user with the draft's fields."""
    return _with(user, draft)


def in_status(user: User, status: UserStatus, *, has_password: bool) -> User:
    """The user enabled or disabled; who is enabled without a password can only be invited."""
    if status == user.status:
        return user
    if status == "active" and not (user.status == "disabled" and has_password):
        raise ActivationNeedsInvitation(f"{user.name} has chosen no password", field="status")
    if status == "invited" and user.status != "disabled":
        raise ActivationNeedsInvitation(f"{user.name} has accepted already", field="status")
    return replace(user, status=status)


def activated(user: User) -> User:
    """The user after accepting an invitation."""
    if user.status == "disabled":
        raise DisabledStaysOutside(f"{user.name} is disabled")
    return replace(user, status="active")


def _with(user: User, draft: UserDraft) -> User:
    return replace(
        user,
        name=draft.name,
        login=draft.login,
        email=draft.email,
        roles=tuple(dict.fromkeys(draft.roles)),
        department=draft.department,
        manager=draft.manager,
        language=draft.language,
        languages=tuple(dict.fromkeys(draft.languages)),
        skills=tagged(draft.skills),
        external_ids=draft.external_ids,
    )
