"""What a tenant's own role is: permissions under a code, beside the built-in roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID, uuid5

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from chassis.fields import REPORTS
from chassis.identity import understood
from chassis.merge import redrafted
from chassis.problems import Conflict, RuleBroken
from events.directory import Role
from events.values import ExternalId, FieldRule, Name, Reach
from gateway.directory.roles.built_in import (
    CATALOGUES,
    FARTHER,
    OPERATIONS,
    PROVIDERS,
    ROLES,
    beyond,
    is_reach,
)
from gateway.directory.roles.fields import RESTRICTABLE, opened_beyond, rules_of
from gateway.directory.roles.rights import Rights

Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}(?!\n)$")]
Named = Annotated[str, Meta(pattern=r"^[^\u0000]*$")]
Permissions = Annotated[
    dict[Named, Reach], Meta(max_length=100, description="`resource:action` and how far it goes")
]

Fields = Annotated[
    dict[Named, dict[Named, FieldRule]],
    Meta(max_length=100, description="resource -> field -> what is kept from whoever has the role"),
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
    fields: Fields = field(default_factory=dict)
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


class UnknownField(RuleBroken):
    title = "There is no such field, or no rule for it"


class FieldHasNoMask(RuleBroken):
    title = "Only personal data that is text can be masked"


class RuleForNothing(RuleBroken):
    title = "A role has rules for what it reads"


class MoreThanOneHolds(RuleBroken):
    title = "Nobody gives more than they may do themselves"


class UnknownRole(RuleBroken):
    title = "There is no such role in use"


def rights_by(role: Role) -> Rights:
    """What a role lets one do, as far as it is understood here; any other rule hides the field."""
    permissions = role.permissions.items()
    return Rights(
        {permission: reach for permission, reach in permissions if is_reach(reach)},
        understood(role.fields),
    )


def role_id(tenant: UUID, code: str) -> UUID:
    """The id of the tenant's role: there is one of each code."""
    return uuid5(tenant, f"role:{code}")


def created(tenant: UUID, draft: RoleDraft, held: Rights) -> Role:
    """A new role as drafted, by somebody who may do what is `held`."""
    if draft.code in ROLES:
        raise RoleCodeTaken(f"{draft.code!r} is a built-in role", field="code")
    _check(draft, held)
    return Role(id=role_id(tenant, draft.code), version=0, **_drafted(draft))


def changed(role: Role, draft: RoleDraft, held: Rights) -> Role:
    """The role with the draft's fields."""
    if draft.code != role.code:
        raise RoleCodeFixed("make another role, and retire this one", field="code")
    _check(draft, held)
    return replace(role, **_drafted(draft))


def _drafted(draft: RoleDraft) -> dict[str, Any]:
    kept = {resource: fields for resource, fields in draft.fields.items() if fields}
    return redrafted(draft) | {"fields": kept}


def _check(draft: RoleDraft, held: Rights) -> None:
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
    for resource, fields in draft.fields.items():
        for name, rule in fields.items():
            _check_rule(permissions, resource, name, rule)
    given = Rights(permissions, draft.fields)
    require_held(Rights(permissions, rules_of([given])), held, "permissions", "fields")


def _check_rule(
    permissions: Mapping[str, Reach], resource: str, field: str, rule: FieldRule
) -> None:
    place = f"fields.{resource}.{field}"
    masks = RESTRICTABLE.get(resource, {})
    if field not in masks:
        raise UnknownField(f"{resource}.{field} is none", field=place)
    if rule == "masked" and masks[field] is None:
        raise FieldHasNoMask(f"{resource}.{field} can be hidden", field=place)
    # Reports read what the role itself may not.
    if permissions.keys().isdisjoint((f"{resource}:read", f"{REPORTS}:read")):
        raise RuleForNothing(f"this role does not read {resource}", field=place)


def require_held(wanted: Rights, held: Rights, permissions: str, fields: str) -> None:
    """Raise `MoreThanOneHolds` where what somebody is to get goes farther than what one holds.

    The last two say where in the request they get permissions, and where they see fields.
    """
    farther = beyond(wanted.permissions, held.permissions)
    if farther:
        raise MoreThanOneHolds(f"not held so far: {', '.join(sorted(farther))}", field=permissions)
    opened = opened_beyond(wanted, held)
    if opened:
        raise MoreThanOneHolds(f"not open to you: {', '.join(sorted(opened))}", field=fields)
