"""Rules for fields: which there can be, which hold for somebody, and who may give what.

A role may hide a field, mask it, or leave it to be read only. Of several roles the least
strict rule counts, as the farthest reach does: a role without a rule for a field opens it,
and built-in roles have none. A field may be changed by whom a role that lets them write
leaves it without a rule. Reports have rules of their own: those of the roles that permit
them, for every field that they count by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chassis.fields import REPORTS, is_seen
from chassis.identity import FieldRules
from events.catalogue import AGGREGATES
from events.topics import Mask
from events.values import FieldRule
from gateway.directory.roles.rights import Rights

_OPEN_TO_ALL = frozenset(("id", "version", "owner", "department"))
"""What names a record, and what its reach is decided by."""

RESTRICTABLE: Mapping[str, Mapping[str, Mask | None]] = {
    aggregate.resource: {
        field: aggregate.masks.get(field)
        for field in aggregate.state.__struct_fields__
        if field not in _OPEN_TO_ALL
    }
    for aggregate in AGGREGATES
    if aggregate.resource is not None
}
"""Resource -> each field that there may be a rule for, and how it is masked, if it can be."""

_STRICTNESS: Mapping[FieldRule | None, int] = {None: 0, "read_only": 1, "masked": 2, "hidden": 3}


def rule_of(role: Rights, resource: str, field: str) -> FieldRule | None:
    """What a role keeps of a field."""
    return role.fields.get(resource, {}).get(field)


def rules_of(roles: Sequence[Rights]) -> FieldRules:
    """The rules that hold for whoever has these roles together."""
    named = {
        (resource, field)
        for role in roles
        for resource, fields in role.fields.items()
        for field in fields
    }
    rules: dict[str, dict[str, FieldRule]] = {}
    for resource, field in sorted(named):
        rule = _together(roles, resource, field)
        if rule is not None:
            rules.setdefault(resource, {})[field] = rule
        reported = _least(roles, f"{REPORTS}:read", resource, field)
        if reported is not None and not is_seen(reported):
            rules.setdefault(REPORTS, {})[f"{resource}.{field}"] = reported
    return rules


def _together(roles: Sequence[Rights], resource: str, field: str) -> FieldRule | None:
    seen = _least(roles, f"{resource}:read", resource, field)
    if not is_seen(seen):
        return seen
    write = f"{resource}:write"
    may_write = any(write in role.permissions for role in roles)
    is_kept = may_write and _least(roles, write, resource, field) is not None
    return "read_only" if is_kept else None


def _least(roles: Iterable[Rights], permission: str, resource: str, field: str) -> FieldRule | None:
    """The least strict of the rules of the roles that give `permission`; None where none does."""
    giving = (role for role in roles if permission in role.permissions)
    rules = (rule_of(role, resource, field) for role in giving)
    return min(rules, key=_STRICTNESS.__getitem__, default=None)


def opened_beyond(wanted: Rights, held: Rights) -> list[str]:
    """The fields of which `wanted`, rules that hold for somebody, opens more than `held` does."""
    beyond = []
    for resource, fields in held.fields.items():
        reads = f"{resource}:read" in wanted.permissions
        writes = f"{resource}:write" in wanted.permissions
        for field, kept in fields.items():
            given = rule_of(wanted, resource, field)
            shows_more = not is_seen(kept) and _STRICTNESS[given] < _STRICTNESS[kept]
            if (reads and shows_more) or (writes and given is None):
                beyond.append(f"{resource}.{field}")
    return beyond
