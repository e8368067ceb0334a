"""What an identity provider is: where people of a tenant prove who they are (OpenID Connect).

A provider's groups give roles, and a department. Of a user's roles a sign-in sets
those that a rule of the provider mentions; all others were given by hand, and stay.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.merge import redrafted
from chassis.problems import Conflict, Forbidden, RuleBroken
from events.directory import User
from events.values import Name
from gateway.directory.roles.rights import Rights
from gateway.directory.roles.role import EVERYTHING, Code, UnknownRole, require_held
from gateway.directory.users.user import RoleName, UnknownDepartment

Scope = Annotated[str, Meta(max_length=100, pattern=r"^[!#-\[\]-~]+(?!\n)$")]


class GroupRule(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What members of a group get; of several departments the first rule's counts."""

    group: Annotated[str, Meta(min_length=1, max_length=300)]
    roles: Annotated[tuple[RoleName, ...], Meta(max_length=20)] = ()
    department: UUID | None = None


class Definition(Struct, kw_only=True, forbid_unknown_fields=True):
    """What administrators say of a provider, but for the secret.

    `code` is what signing in calls it. `groups_claim` names the claim that lists
    somebody's groups. Who is not known yet by subject or verified address is let in
    where `admits_unknown`, into `default_department` unless a group names one.
    """

    code: Code
    name: Name
    issuer: Annotated[str, Meta(max_length=500)]
    client_id: Annotated[str, Meta(min_length=1, max_length=300)]
    scopes: Annotated[tuple[Scope, ...], Meta(max_length=20)] = ("openid", "profile", "email")
    groups_claim: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    groups: Annotated[tuple[GroupRule, ...], Meta(max_length=500)] = ()
    default_department: UUID | None = None
    admits_unknown: bool = False
    is_active: bool = True


class IdentityProviderDraft(Definition, kw_only=True, forbid_unknown_fields=True):
    """A provider as it is written; the secret is never shown again. Public clients have none."""

    client_secret: Annotated[str, Meta(min_length=1, max_length=1_000)] | None = None


class IdentityProvider(Definition, kw_only=True):
    """A provider as it is shown."""

    id: UUID
    has_client_secret: bool
    changed: datetime
    changed_by: UUID | None


class IdentityProviders(Struct, kw_only=True):
    """The providers of a tenant, by their codes."""

    items: list[IdentityProvider]


class Provider(Struct, frozen=True, kw_only=True):
    """A provider as signing in needs it, with its secret."""

    tenant: UUID
    id: UUID
    draft: IdentityProviderDraft
    changed: datetime
    changed_by: UUID | None

    def shown(self) -> IdentityProvider:
        fields = redrafted(self.draft)
        secret = fields.pop("client_secret")
        return IdentityProvider(
            id=self.id,
            has_client_secret=secret is not None,
            changed=self.changed,
            changed_by=self.changed_by,
            **fields,
        )


class ProviderCodeTaken(Conflict):
    title = "There is a provider of this code already"


class IssuerNotPossible(RuleBroken):
    title = "An issuer is an https address"


class ScopeNeeded(RuleBroken):
    title = "OpenID Connect needs the scope openid"


class GroupsNeedClaim(RuleBroken):
    title = "Groups come in a claim"


class NewcomersNeedPlace(RuleBroken):
    title = "Who is let in anew needs a department, and a role by a group"


class NoRoleByGroups(Forbidden):
    title = "The provider's groups give no role here"


def check(
    draft: IdentityProviderDraft,
    *,
    held: Rights,
    roles: Collection[str],
    departments: Collection[UUID],
    loopback: bool,
) -> None:
    """Raise the rule that forbids a provider as drafted.

    `roles` are those that groups may give, and `held` is what whoever asks may do.
    Who controls a provider can sign in there as anybody: nobody gives more than they
    hold means here that they hold everything.
    """
    require_held(Rights(EVERYTHING), held, "issuer", "issuer")
    if not is_address(draft.issuer, loopback=loopback) or urlsplit(draft.issuer).query:
        raise IssuerNotPossible(f"{draft.issuer!r} is none", field="issuer")
    if "openid" not in draft.scopes:
        raise ScopeNeeded("add it to the others", field="scopes")
    if draft.groups and draft.groups_claim is None:
        raise GroupsNeedClaim("name the claim that lists them", field="groups_claim")
    for rule in draft.groups:
        for role in rule.roles:
            if role not in roles:
                raise UnknownRole(f"{role!r} is none", field="groups")
    named = [("groups", rule.department) for rule in draft.groups]
    for field, department in (*named, ("default_department", draft.default_department)):
        if department is not None and department not in departments:
            raise UnknownDepartment(f"there is no department {department}", field=field)
    if draft.admits_unknown and (draft.default_department is None or not managed(draft)):
        raise NewcomersNeedPlace(
            "name a default department and a group's role", field="admits_unknown"
        )


def is_address(text: str, *, loopback: bool) -> bool:
    """Whether a provider is asked at this address: over https, or here where `loopback` is."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or "#" in text or not _is_plain(text):
        return False
    return parts.scheme == "https" or (loopback and parts.scheme == "http" and _is_here(host))


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def placed(
    user: User, definition: Definition, groups: Collection[str], usable: Collection[str]
) -> User:
    """The user in the roles and the department that `groups` give.

    Roles that are not `usable` any more are given to nobody. Raises `NoRoleByGroups`
    where no role is left.
    """
    rules = [rule for rule in definition.groups if rule.group in groups]
    given = {role for rule in rules for role in rule.roles if role in usable}
    taken = managed(definition) - given
    kept = [role for role in user.roles if role not in taken]
    roles = tuple(dict.fromkeys([*kept, *sorted(given)]))
    if not roles:
        raise NoRoleByGroups("ask an administrator which groups do")
    named = (rule.department for rule in rules if rule.department is not None)
    return replace(user, roles=roles, department=next(named, user.department))


def managed(definition: Definition) -> set[str]:
    """The roles that this provider's groups give and take."""
    return {role for rule in definition.groups for role in rule.roles}
