"""What one can ask about access, a function per question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from chassis.aggregates import AggregateStore
from chassis.database import Database
from chassis.identity import Identity, system_identity
from chassis.problems import Forbidden, NotFound, Unavailable
from events.directory import Department
from gateway.delivery.facts.store import facts
from gateway.directory.absences.store import absences
from gateway.directory.access import explanation as rules
from gateway.directory.access.explanation import Access, Explanation, Place, Question
from gateway.directory.departments.store import departments
from gateway.directory.roles.built_in import REPORTS, ROLES
from gateway.directory.roles.role import UnknownPermission
from gateway.directory.roles.store import in_use, roles
from gateway.directory.tenants.store import tenants
from gateway.directory.users.store import users
from gateway.edge.routing import GATEWAY, OWNERS
from gateway.edge.upstreams import Upstreams

_HERE: Mapping[str, AggregateStore[Any]] = {
    "users": users,
    "departments": departments,
    "roles": roles,
    "tenant": tenants,
    "absences": absences,
    "facts": facts,
}
_ELSEWHERE = {
    resource: service
    for resource, service in OWNERS.items()
    if service != GATEWAY and resource not in REPORTS
}


async def own_access(database: Database, identity: Identity) -> Access:
    """What whoever asks may do."""
    found = await users.standing(database, identity.tenant, identity.user)
    if found is None:
        raise NotFound("this identity belongs to no user")
    user, _ = found
    defined = await in_use(database.pool, identity.tenant)
    return Access(
        user=user.id,
        roles=list(user.roles),
        department_path=list(identity.department_path),
        grants=rules.grants(identity.permissions, user, defined),
        fields=rules.restrictions(identity.fields, user, defined),
    )


async def explain(
    database: Database,
    upstreams: Upstreams,
    identity: Identity,
    signed: str,
    asked: Question,
    seconds: float,
) -> Explanation:
    """Why a user whom one may see may or may not do something, with a record that one may see.

    Raises `NotFound` where either is not within one's own reach, and `Unavailable` when the
    record's service does not answer within so many `seconds`.
    """
    if asked.permission not in ROLES["administrator"]:
        raise UnknownPermission(f"{asked.permission!r} is none", field="permission")
    await users.read(database, identity, asked.user)
    found = await users.standing(database, identity.tenant, asked.user)
    if found is None:
        raise NotFound(f"there is no user {asked.user}")
    place = None
    if asked.record is not None:
        resource = asked.permission.partition(":")[0]
        place = await _place(database, upstreams, identity, signed, resource, asked.record, seconds)
    there = await _department(database, identity.tenant, place)
    defined = await in_use(database.pool, identity.tenant)
    record = (place, there) if place is not None else None
    explanation = rules.explained(asked.permission, *found, defined, record)
    if asked.field is None:
        return explanation
    return rules.of_field(explanation, asked.permission, asked.field, found[0], defined)


async def _place(
    database: Database,
    upstreams: Upstreams,
    identity: Identity,
    signed: str,
    resource: str,
    id: UUID,
    seconds: float,
) -> Place:
    """Whose the record is and where it lies, asked as whoever wants to know."""
    if resource in _HERE:
        _, state = await _HERE[resource].read(database, identity, id)
        body = state.encode()
    elif resource in _ELSEWHERE:
        target = f"/v1/{resource}/{id}"
        upstream = upstreams[_ELSEWHERE[resource]]
        status, body = await upstream.read(target, seconds=seconds, identity=signed)
        if status == 403:
            raise Forbidden(f"this needs the permission {resource}:read")
        if status == 404:
            raise NotFound("there is no such record")
        if status != 200:
            raise Unavailable(f"{_ELSEWHERE[resource]} answers {status}")
    else:
        raise NotFound(f"{resource} has no records")
    return msgspec.json.decode(body, type=Place)


async def _department(database: Database, tenant: UUID, place: Place | None) -> Department | None:
    """The department of a record; reaches count it, whoever may read departments."""
    if place is None or place.department is None:
        return None
    try:
        _, body = await departments.read(
            database, system_identity(tenant, GATEWAY), place.department
        )
    except NotFound:
        return None
    return departments.decode(body)
