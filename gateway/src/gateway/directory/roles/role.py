"""What a tenant's own role is: permissions under a code, beside the built-in roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID, uuid5

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.merge import redrafted
from chassis.problems import Conflict, RuleBroken
from events.directory import Role
from events.values import ExternalId, Name, Reach
from gateway.directory.roles.built_in import (
    CATALOGUES,
    FARTHER,
    OPERATIONS,
    PROVIDERS,
    ROLES,
    beyond,
    is_reach,
)

Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}(?!\n)$")]
Permissions = Annotated[
    dict[str, Reach], Meta(max_length=100, description="`resource:action` and how far it goes")
]

EVERYTHING = ROLES["administrator"]
"""Every permission that there is."""

_OF_NOBODY = frozenset(
    (*CATALOGUES, *OPERATIONS, *PROVIDERS, "channels", "roles", "departments", "tenant")
)
"""Resources whose records have no owner: what goes less far than all of them goes nowhere."""


class RoleDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a role that administrators set; the code only when they create it.

    A role that is not active permits nothing, whoever has it.
    """

    code: Code
    name: Name
    permissions: Permissions
    is_active: bool = True
    external_ids: tuple[ExternalId, ...] = ()


class RoleCodeTaken(Conflict):
    title = "There is a role of this code already"


class RoleCodeFixed(RuleBroken):
    title = "A role keeps its code"


class UnknownPermission(RuleBroken):
    title = "There is no such permission"


class ReachWithoutOwners(RuleBroken):
    title = "These records belong to nobody: all of them or none"


class WriteNeedsRead(RuleBroken):
    title = "Who may write a record may read it"


class MoreThanOneHolds(RuleBroken):
    title = "Nobody gives more than they may do themselves"


class UnknownRole(RuleBroken):
    title = "There is no such role in use"


def permitted_by(role: Role) -> dict[str, Reach]:
    """What a role permits, as far as it is understood here."""
    permissions = role.permissions.items()
    return {permission: reach for permission, reach in permissions if is_reach(reach)}


def role_id(tenant: UUID, code: str) -> UUID:
    """The id of the tenant's role: there is one of each code."""
    return uuid5(tenant, f"role:{code}")


def created(tenant: UUID, draft: RoleDraft, held: Mapping[str, Reach]) -> Role:
    """A new role as drafted, by somebody who holds these permissions."""
    if draft.code in ROLES:
        raise RoleCodeTaken(f"{draft.code!r} is a built-in role", field="code")
    _check(draft, held)
    return Role(id=role_id(tenant, draft.code), version=0, **redrafted(draft))


def changed(role: Role, draft: RoleDraft, held: Mapping[str, Reach]) -> Role:
    """The role with the draft's fields."""
    if draft.code != role.code:
        raise RoleCodeFixed("make another role, and retire this one", field="code")
    _check(draft, held)
    return replace(role, **redrafted(draft))


def _check(draft: RoleDraft, held: Mapping[str, Reach]) -> None:
    permissions = draft.permissions
    for permission, reach in permissions.items():
        if permission not in EVERYTHING:
            raise UnknownPermission(f"{permission!r} is none", field="permissions")
        resource, action = permission.split(":")
        if reach != "all" and (resource in _OF_NOBODY or action == "erase"):
            raise ReachWithoutOwners(f"{permission}: {reach}", field="permissions")
        read = permissions.get(f"{resource}:read")
        if action != "read" and (read is None or FARTHER[read] < FARTHER[reach]):
            raise WriteNeedsRead(f"{permission} needs {resource}:read", field="permissions")
    require_held(permissions, held, "permissions")


def require_held(wanted: Mapping[str, Reach], held: Mapping[str, Reach], field: str) -> None:
    """Raise `MoreThanOneHolds` where what somebody is to get goes farther than what one holds."""
    farther = beyond(wanted, held)
    if farther:
        raise MoreThanOneHolds(f"not held so far: {', '.join(sorted(farther))}", field=field)
