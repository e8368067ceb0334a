"""Access reaches as predicates on rows: `all | department and below | own`.

Every query of an aggregate passes through `visible`. A row belongs to its own
`owner` and `department`; where departments lie in the tree is known from the
replica that directory events keep (`keep_departments`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Table, and_, false, or_, select

from chassis.database import Connection
from chassis.identity import Identity
from chassis.schema import department
from chassis.seals import DEPARTMENT
from events.envelope import Event

Draft = TypeVar("Draft", bound=msgspec.Struct)


def path_text(path: tuple[UUID, ...]) -> str:
    """A department's path as the replica keeps it: `/root/.../id/`."""
    return "/" + "".join(f"{step}/" for step in path)


def placed(draft: Draft, identity: Identity) -> Draft:
    """`draft` with its owner and department: as it says, else whoever makes it and theirs."""
    return msgspec.structs.replace(
        draft,
        owner=draft.owner or identity.user,  # type: ignore[attr-defined]
        department=draft.department or identity.department,  # type: ignore[attr-defined]
    )


def visible(table: Table, identity: Identity, permission: str) -> ColumnElement[bool]:
    """Which rows of `table` this identity reaches with `permission`.

    Raises `Forbidden` when it has no such permission at all.
    """
    columns = table.c
    of_tenant = columns.tenant == identity.tenant
    reach = identity.reach(permission)
    if reach == "all":
        return of_tenant
    own = columns.owner == identity.user if identity.user is not None else false()
    if reach == "department" and identity.department_path:
        below = select(department.c.id).where(
            department.c.tenant == identity.tenant,
            department.c.path.like(path_text(identity.department_path) + "%"),
        )
        return and_(of_tenant, or_(own, columns.department.in_(below)))
    return and_(of_tenant, own)


async def within_reach(
    connection: Connection,
    identity: Identity,
    permission: str,
    *,
    owner: UUID | None,
    department_id: UUID | None,
) -> bool:
    """Whether a record of this owner and department would lie within the reach."""
    reach = identity.reach(permission)
    if reach == "all" or (owner is not None and owner == identity.user):
        return True
    if reach != "department" or department_id is None or not identity.department_path:
        return False
    if department_id == identity.department:
        return True
    found = await connection.fetchval(
        "select path from department where tenant = $1 and id = $2",
        identity.tenant,
        department_id,
    )
    return found is not None and str(found).startswith(path_text(identity.department_path))


_PLACE = f"""
insert into department (tenant, id, version, path, time_zone, seal)
select given.*, {DEPARTMENT.seal("given")}
from (values ($1::uuid, $2::uuid, $3::bigint, $4::text, $5::text))
     as given(tenant, id, version, path, time_zone)
on conflict (tenant, id) do update set version = excluded.version, path = excluded.path,
                                       time_zone = excluded.time_zone, seal = excluded.seal
where department.version < excluded.version
"""  # noqa: S608 - the names of our own columns


async def keep_departments(connection: Connection, events: Sequence[Event[Any]]) -> None:
    """Keep where departments lie, from events whose states have `id`, `path` and `time_zone`."""
    for event in events:
        told = event.data.after
        if told is not None:
            await place_department(
                connection,
                tenant=event.tenantid,
                id=told.id,
                version=event.aggregateversion,
                path=told.path,
                time_zone=told.time_zone,
            )


async def place_department(
    connection: Connection,
    *,
    tenant: UUID,
    id: UUID,
    version: int,
    path: tuple[UUID, ...],
    time_zone: str,
) -> None:
    """Keep where a department lies; an older version than the known one changes nothing."""
    await connection.execute(
        _PLACE,
        tenant,
        id,
        version,
        path_text(path),
        time_zone,
    )
