"""The built-in roles: what each may read and write, and how far.

A permission is `resource:action`; its reach is `all`, `department` (one's own
and every one below it) or `own` (records whose owner one is). What a role does
not name is denied; of several roles the farther reach counts.

| | customers and touches | deals | leads | catalogues | marketing | reports | facts |
|---|---|---|---|---|---|---|---|
| administrator | all | all | all | all | all | all | all |
| manager | department | department | department | read | read | department | read department |
| agent | read department, write own | own | own | read | read, not spend | own | read department |
| marketer | read all | - | all | read | all | all | read all |
| analyst | read all | read all | read all | read | read all | all | read all |
| operator | - | - | - | - | - | - | - |
| integrator | all | all | all | all | all | all | all |

Agents read their department's customers and touches, so that whoever picks up
the telephone knows what was said before, and nobody enters a customer twice;
they change their own. Operators see and mend what waits in consumers, which may
show them what customers' records hold. Everybody knows the tenant and its
departments, everybody but operators the users and roles. Only administrators
write those, see by which identity providers people come in, and erase people,
which nobody can undo. Everybody records their own absences, managers those of their
department too, administrators all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeGuard

from events.values import Reach
from gateway.directory.roles.fields import rules_of
from gateway.directory.roles.rights import Defined, Rights

CUSTOMERS = ("companies", "people", "touches")
DEALS = ("deals",)
LEADS = ("leads",)
CATALOGUES = ("pipelines", "products", "reasons")
MARKETING = ("channels", "campaigns", "spend", "forms")
REPORTS = ("reports",)
OPERATIONS = ("operations",)
FACTS = ("facts",)
DIRECTORY = ("users", "roles", "departments", "tenant")
ABSENCES = "absences"
PROVIDERS = ("identity-providers",)

ERASURE: Mapping[str, Reach] = {"people:erase": "all"}

BUSINESS = (*CUSTOMERS, *DEALS, *LEADS, *CATALOGUES, *MARKETING, *REPORTS, *FACTS)

FARTHER: Mapping[Reach, int] = {"own": 0, "department": 1, "all": 2}


def _read(reach: Reach, *resources: str) -> dict[str, Reach]:
    return {f"{resource}:read": reach for resource in resources}


def _write(reach: Reach, *resources: str) -> dict[str, Reach]:
    """Who may write a record may read it."""
    return _read(reach, *resources) | {f"{resource}:write": reach for resource in resources}


_COLLEAGUES = _read("all", *DIRECTORY) | _write("own", ABSENCES)

ROLES: Mapping[str, Mapping[str, Reach]] = {
    "administrator": {
        **_write("all", *BUSINESS, *DIRECTORY, ABSENCES, *PROVIDERS, *OPERATIONS),
        **ERASURE,
    },
    "manager": _COLLEAGUES
    | _write("department", *CUSTOMERS, *DEALS, *LEADS, ABSENCES)
    | _read("department", *REPORTS, *FACTS)
    | _read("all", *CATALOGUES, *MARKETING),
    "agent": _COLLEAGUES
    | _write("own", *CUSTOMERS, *DEALS, *LEADS)
    | _read("department", *CUSTOMERS, *FACTS)
    | _read("own", *REPORTS)
    | _read("all", *CATALOGUES, "channels", "campaigns", "forms"),
    "marketer": _COLLEAGUES
    | _write("all", *MARKETING, *LEADS)
    | _read("all", *CUSTOMERS, *CATALOGUES, *REPORTS, *FACTS),
    "analyst": _COLLEAGUES | _read("all", *BUSINESS),
    "operator": _write("all", *OPERATIONS)
    | _read("all", "departments", "tenant")
    | _read("own", "users")
    | _write("own", ABSENCES),
    "integrator": _COLLEAGUES | _write("all", *BUSINESS),
}


def named(role: str, defined: Defined = MappingProxyType({})) -> Rights:
    """What the role of this name lets one do, built-in or `defined`; an unknown one nothing."""
    return Rights(ROLES[role]) if role in ROLES else defined.get(role, Rights({}))


def rights_of(roles: Iterable[str], defined: Defined = MappingProxyType({})) -> Rights:
    """What one may do who has these roles: the farthest reaches, the least strict rules."""
    having = [named(role, defined) for role in roles]
    return Rights(_permissions(having), rules_of(having))


def permissions_of(
    roles: Iterable[str], defined: Defined = MappingProxyType({})
) -> dict[str, Reach]:
    """What these roles together permit, sorted by name."""
    return _permissions(named(role, defined) for role in roles)


def _permissions(roles: Iterable[Rights]) -> dict[str, Reach]:
    permissions: dict[str, Reach] = {}
    for role in roles:
        for permission, reach in role.permissions.items():
            known = permissions.get(permission)
            if known is None or FARTHER[reach] > FARTHER[known]:
                permissions[permission] = reach
    return dict(sorted(permissions.items()))


def is_reach(text: str) -> TypeGuard[Reach]:
    """Whether this version knows such a reach."""
    return text in FARTHER


def nearer(one: Reach, other: Reach) -> Reach:
    """The reach that goes less far."""
    return one if FARTHER[one] < FARTHER[other] else other


def beyond(wanted: Mapping[str, Reach], held: Mapping[str, Reach]) -> list[str]:
    """The permissions of `wanted` that go farther than those `held`."""
    farther = []
    for permission, reach in wanted.items():
        has = held.get(permission)
        if has is None or FARTHER[reach] > FARTHER[has]:
            farther.append(permission)
    return farther
