"""Why somebody may or may not do something: the same reasons that services decide by, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from events.directory import Department, User
from events.values import Reach
from gateway.directory.roles.built_in import FARTHER, permissions_of

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
]


class Grant(Struct, kw_only=True):
    """A permission, how far it goes, and the roles that give it so far."""

    permission: str
    reach: Reach
    roles: list[str]


class Access(Struct, kw_only=True):
    """What one may do, by permission; `department_path` lists the ids from the root to one's own.

    Of a program's key they are those that the key permits.
    """

    user: UUID
    roles: list[str]
    department_path: list[UUID]
    grants: list[Grant]


class Question(Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether `user` may do what `permission` names, with one record if `record` is given."""

    user: UUID
    permission: Annotated[str, Meta(max_length=100, pattern=r"^[a-z-]+:[a-z-]+(?!\n)$")]
    record: UUID | None = None


class Because(Struct, kw_only=True):
    """One reason; `code` is stable, `detail` for people."""

    code: Code
    detail: str


class Explanation(Struct, kw_only=True):
    """Whether it is allowed, how far the permission goes, and every reason that counted."""

    allowed: bool
    reach: Reach | None
    because: list[Because]


class Place(Struct):
    """Whose a record is, and where: all that its reach is decided by."""

    owner: UUID | None = None
    department: UUID | None = None


Defined = Mapping[str, Mapping[str, Reach]]
"""What the tenant's own roles permit, by their codes."""


def grants(permissions: Mapping[str, Reach], user: User, defined: Defined) -> list[Grant]:
    """Each of `permissions`, with the roles of the user that reach as far at least."""
    return [
        Grant(permission=permission, reach=reach, roles=_giving(user, permission, reach, defined))
        for permission, reach in permissions.items()
    ]


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
