"""Every query about working time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from chassis.database import Database
from events.directory import Department
from gateway.directory.departments.store import departments


async def with_those_above(
    database: Database, tenant: UUID, ids: Iterable[UUID]
) -> Mapping[UUID, Department]:
    """These departments and all above them, within anybody's reach or not: calendars come down."""
    rows = await database.pool.fetch(
        """select state from departments where tenant = $1 and id in (
               select unnest(string_to_array(trim(both '/' from path), '/')::uuid[])
               from department where tenant = $1 and id = any($2))""",
        tenant,
        list(ids),
    )
    found = [departments.decode(row["state"]) for row in rows]
    return {department.id: department for department in found}
