"""Every query of members."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Text, cast, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from chassis.access import path_text, visible
from chassis.database import Database
from chassis.identity import Identity
from chassis.journal import encoder
from chassis.schema import department as places
from events.directory import Department, User
from gateway.directory.presence.presence import MembersRequest
from gateway.directory.users.store import users


async def members(
    database: Database, identity: Identity, department: Department, asked: MembersRequest
) -> list[User]:
    """Those of a department whom one may see: as many as a page has, and one more."""
    columns = users.table.c
    knowing = encoder.encode({"skills": asked.skills, "languages": asked.languages}).decode()
    statement = select(columns.id, columns.state).where(
        visible(users.table, identity, "users:read"),
        columns.status != "disabled",
        _within(department, below=asked.below),
    )
    if asked.skills or asked.languages:
        # Users of earlier versions lack these fields, and contain nothing.
        statement = statement.where(
            cast(columns.state, JSONB).op("@>")(cast(literal(knowing, Text), JSONB))
        )
    rows = await database.fetch(asked.page.ordered(statement, columns.id))
    return [users.decode(row["state"]) for row in rows]


def _within(department: Department, *, below: bool) -> ColumnElement[bool]:
    """Where members work."""
    column = users.table.c.department
    if not below:
        return column == department.id
    return column.in_(
        select(places.c.id).where(
            places.c.tenant == users.table.c.tenant,
            places.c.path.like(path_text(department.path) + "%"),
        )
    )
