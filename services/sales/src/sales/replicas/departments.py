"""Where departments lie in the tree and which time they keep, from the directory's events."""

from __future__ import annotations

from chassis.access import keep_departments
from chassis.inbox import Replica
from chassis.seals import DEPARTMENT as PLACES
from chassis.transactions import Transaction
from events.catalogue import DEPARTMENT
from sales.local_time import LocalTime


async def local_time(transaction: Transaction) -> LocalTime:
    """The calendars of the tenant's departments."""
    rows = await transaction.connection.fetch(
        "select id, time_zone from department where tenant = $1", transaction.tenant
    )
    return LocalTime({row["id"]: row["time_zone"] for row in rows})


DEPARTMENTS = Replica(DEPARTMENT, keep_departments, (PLACES,))
