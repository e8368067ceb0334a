"""Why somebody may or may not do something: the same reasons that services decide by, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from chassis.fields import REPORTS
from chassis.identity import FieldRules
from events.directory import Department, User
from events.values import FieldRule, Reach
from gateway.directory.roles.built_in import FARTHER, named, permissions_of, rights_of
from gateway.directory.roles.fields import RESTRICTABLE, rule_of
from gateway.directory.roles.rights import Defined
from gateway.directory.roles.role import UnknownField

Code = Literal[
    "user-not-active",
    "no-role-permits",
    "role-permits",
    "reaches-all",
    "owns-the-record",
    "owned-by-another",
    "record-in-department",
    "record-below-department",
    "record-beyond-department",
    "field-open",
    "field-read-only",
    "field-masked",
    "field-hidden",
]

FIELD_CODES: Mapping[FieldRule | None, Code] = {
    None: "field-open",
    "read_only": "field-read-only",
    "masked": "field-masked",
    "hidden": "field-hidden",
}


class Grant(Struct, kw_only=True):
    """A permission, how far it goes, and the roles that give it so far."""

    permission: str
    reach: Reach
    roles: list[str]


class Restriction(Struct, kw_only=True):
    """What is kept from one of a field, and the roles that keep it.

    Under the resource `reports`, fields are called as `deals.amount`.
    """

    resource: str
    field: str
    rule: FieldRule
    roles: list[str]


class Access(Struct, kw_only=True):
    """What one may do, by permission; `department_path` lists the ids from the root to one's own.

    Of a program's key they are those that the key permits. A field that is not among
    `fields` is open as far as its resource is.
    """

    user: UUID
    roles: list[str]
    department_path: list[UUID]
    grants: list[Grant]
    fields: list[Restriction]


class Question(Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether `user` may do what `permission` names, with one record if `record` is given.

    With `field`, whether they see that field as it is, or may change it; of reports
    it is called as `deals.amount`.
    """

    user: UUID
    permission: Annotated[str, Meta(max_length=100, pattern=r"^[a-z-]+:[a-z-]+(?!\n)$")]
    record: UUID | None = None
    field: Annotated[str, Meta(max_length=100)] | None = None


class Because(Struct, kw_only=True):
    """One reason; `code` is stable, `detail` for people."""

    code: Code
    detail: str


class Explanation(Struct, kw_only=True):
    """Whether it is allowed, how far the permission goes, and every reason that counted.

    `field_rule` is what is kept of the field that was asked about.
    """

    allowed: bool
    reach: Reach | None
    because: list[Because]
    field_rule: FieldRule | None = None


class Place(Struct):
    """Whose a record is, and where: all that its reach is decided by."""

    owner: UUID | None = None
    department: UUID | None = None


def grants(permissions: Mapping[str, Reach], user: User, defined: Defined) -> list[Grant]:
    """Each of `permissions`, with the roles of the user that reach as far at least."""
    return [
        Grant(permission=permission, reach=reach, roles=_giving(user, permission, reach, defined))
        for permission, reach in permissions.items()
    ]


def restrictions(rules: FieldRules, user: User, defined: Defined) -> list[Restriction]:
    """Each of `rules`, with the roles of the user that have one for the field."""
    return [
        Restriction(
            resource=resource,
            field=field,
            rule=rule,
            roles=[
                role
                for role in user.roles
                if rule_of(named(role, defined), *_place_of(resource, field)) is not None
            ],
        )
        for resource, fields in rules.items()
        for field, rule in fields.items()
    ]


def _place_of(resource: str, field: str) -> tuple[str, str]:
    """(resource, field) of a field of a record; reports call it by both."""
    if resource != REPORTS:
        return resource, field
    of, _, name = field.partition(".")
    return of, name


def of_field(
    explanation: Explanation, permission: str, field: str, user: User, defined: Defined
) -> Explanation:
    """The explanation with what the user's roles make of a field.

    Raises `UnknownField` where there is none that the permission is about.
    """
    resource, action = permission.split(":")
    place = _place_of(resource, field)
    if place[1] not in RESTRICTABLE.get(place[0], {}) or action not in ("read", "write"):
        raise UnknownField(f"no rules of {permission} are about {field}", field="field")
    rule = rights_of(user.roles, defined).fields.get(resource, {}).get(field)
    because = [
        Because(code=FIELD_CODES[kept], detail=f"{role}: {(kept or 'open').replace('_', ' ')}")
        for role in user.roles
        if permission in (rights := named(role, defined)).permissions
        for kept in (rule_of(rights, *place),)
    ]
    is_open = rule is None or (rule == "read_only" and action == "read")
    return Explanation(
        allowed=explanation.allowed and is_open,
        reach=explanation.reach,
        because=[*explanation.because, *because],
        field_rule=rule,
    )


def explained(
    permission: str,
    user: User,
    department: Department,
    defined: Defined,
    record: tuple[Place, Department | None] | None,
) -> Explanation:
    """The answer, of a user of `department`; `record` is its place and the department there."""
    reach = permissions_of(user.roles, defined).get(permission)
    because: list[Because] = []
    if user.status != "active":
        because.append(Because(code="user-not-active", detail=f"{user.name} is {user.status}"))
    if reach is None:
        roles = ", ".join(user.roles)
        because.append(
            Because(code="no-role-permits", detail=f"{permission} is in none of {roles}")
        )
        return Explanation(allowed=False, reach=None, because=because)
    given = ", ".join(_giving(user, permission, reach, defined))
    because.append(Because(code="role-permits", detail=f"{given}: {permission}, {reach}"))
    is_active = user.status == "active"
    if record is None:
        return Explanation(allowed=is_active, reach=reach, because=because)
    is_reached, why = _reached(reach, user, department, *record)
    return Explanation(allowed=is_active and is_reached, reach=reach, because=[*because, *why])


def _giving(user: User, permission: str, reach: Reach, defined: Defined) -> list[str]:
    giving = []
    for role in user.roles:
        has = permissions_of([role], defined).get(permission)
        if has is not None and FARTHER[has] >= FARTHER[reach]:
            giving.append(role)
    return giving


def _reached(
    reach: Reach, user: User, department: Department, place: Place, there: Department | None
) -> tuple[bool, list[Because]]:
    if reach == "all":
        return True, [Because(code="reaches-all", detail="every record of the tenant")]
    if place.owner == user.id:
        return True, [Because(code="owns-the-record", detail=f"{user.name} is its owner")]
    not_own = Because(code="owned-by-another", detail=f"its owner is {place.owner or 'nobody'}")
    if reach == "own":
        return False, [not_own]
    if there is None:
        where: Code = "record-beyond-department"
        detail = "it lies in no department"
    elif there.id == department.id:
        where, detail = "record-in-department", f"it lies in {there.name}"
    elif department.id in there.path:
        where = "record-below-department"
        detail = f"it lies in {there.name}, below {department.name}"
    else:
        where = "record-beyond-department"
        detail = f"it lies in {there.name}, not below {department.name}"
    is_within = where != "record-beyond-department"
    because = Because(code=where, detail=detail)
    return is_within, [because] if is_within else [not_own, because]
