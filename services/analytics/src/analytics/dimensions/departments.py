"""Departments: their names, and where they lie in the tree (for access reaches)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analytics.projection import Projection, Shape
from chassis.access import keep_departments
from chassis.database import Connection
from chassis.inbox import Replica
from chassis.seals import DEPARTMENT as PLACES
from events.catalogue import DEPARTMENT
from events.directory import Department
from events.envelope import Event

SHAPE = Shape("department_dimension", {"name": "text"})


def row(department: Department) -> tuple[Any, ...]:
    return (department.name,)


NAMES = Projection(DEPARTMENT, SHAPE, row)


async def keep(connection: Connection, events: Sequence[Event[Department]]) -> None:
    """Keep the newest name, place and time zone of each department."""
    await NAMES.keep(connection, events)
    await keep_departments(connection, events)


DEPARTMENTS = Replica(DEPARTMENT, keep, (SHAPE.sealed, PLACES))
