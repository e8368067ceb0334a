"""Access reaches as predicates on documents, and the replica of departments they go by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.access import path_text, within_reach_at_sight
from chassis.identity import Identity
from chassis.mongodb.database import AlreadyThere, MongoDatabase
from chassis.mongodb.names import key_of
from events.envelope import Event


async def within(database: MongoDatabase, identity: Identity, permission: str) -> dict[str, Any]:
    """Which documents this identity reaches with `permission`, as a part of a query.

    Raises `Forbidden` when it has no such permission at all.
    """
    of_tenant = {"tenant": str(identity.tenant)}
    reach = identity.reach(permission)
    if reach == "all":
        return of_tenant
    own = {"owner": str(identity.user) if identity.user is not None else ""}
    if reach == "department" and identity.department_path:
        below = {"department": {"$in": await _below(database, identity)}}
        return {**of_tenant, "$or": [own, below]}
    return {**of_tenant, **own}


async def _below(database: MongoDatabase, identity: Identity) -> list[str]:
    """The departments at and below that of `identity`, as far as they are known."""
    path = "^" + re.escape(path_text(identity.department_path))
    found = await database["department"].find(
        {"tenant": str(identity.tenant), "path": {"$regex": path}}, fields=("id",)
    )
    return [department["id"] for department in found]


async def within_reach(
    database: MongoDatabase,
    identity: Identity,
    permission: str,
    *,
    owner: UUID | None,
    department_id: UUID | None,
) -> bool:
    """Whether a record of this owner and department would lie within the reach."""
    is_within = within_reach_at_sight(identity, permission, owner, department_id)
    if is_within is not None or department_id is None:
        return bool(is_within)
    found = await database["department"].find_one({"_id": key_of(identity.tenant, department_id)})
    return found is not None and found["path"].startswith(path_text(identity.department_path))


async def keep_departments(database: MongoDatabase, events: Sequence[Event[Any]]) -> None:
    """Keep where departments lie, from events whose states have `id`, `path` and `time_zone`."""
    for event in events:
        told = event.data.after
        if told is not None:
            await place_department(
                database,
                tenant=event.tenantid,
                id=told.id,
                version=event.aggregateversion,
                path=told.path,
                time_zone=told.time_zone,
            )


async def place_department(
    database: MongoDatabase,
    *,
    tenant: UUID,
    id: UUID,
    version: int,
    path: tuple[UUID, ...],
    time_zone: str,
) -> None:
    """Keep where a department lies; an older version than the known one changes nothing."""
    known = {
        "tenant": str(tenant),
        "id": str(id),
        "version": version,
        "path": path_text(path),
        "time_zone": time_zone,
    }
    older = {"_id": key_of(tenant, id), "version": {"$lt": version}}
    try:
        await database["department"].update(older, {"$set": known}, upsert=True)
    except AlreadyThere:
        return
