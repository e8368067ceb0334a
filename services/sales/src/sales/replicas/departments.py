"""Where departments lie in the tree and which time they keep, from the directory's events."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.access import place_department
from chassis.database import Connection
from chassis.inbox import Replica
from chassis.transactions import Transaction
from events.catalogue import DEPARTMENT
from events.directory import Department
from events.envelope import Event
from sales.local_time import LocalTime


async def keep(connection: Connection, events: Sequence[Event[Department]]) -> None:
    """Keep the newest state of each department."""
    for event in events:
        department = event.data.after
        if department is not None:
            await place_department(
                connection,
                tenant=event.tenantid,
                id=department.id,
                version=event.aggregateversion,
                path=department.path,
                time_zone=department.time_zone,
            )


async def local_time(transaction: Transaction) -> LocalTime:
    """The calendars of the tenant's departments."""
    rows = await transaction.connection.fetch(
        "select id, time_zone from department where tenant = $1", transaction.tenant
    )
    return LocalTime({row["id"]: row["time_zone"] for row in rows})


DEPARTMENTS = Replica(DEPARTMENT, keep)
