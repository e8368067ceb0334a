"""Every query of absences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Date, Text, Uuid, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.access import visible
from chassis.aggregates import AggregateStore
from chassis.database import Database, fetch
from chassis.schema import aggregate_table, metadata
from chassis.transactions import Transaction
from events.catalogue import ABSENCE
from events.directory import Absence
from gateway.directory.absences.absence import Staff
from gateway.directory.users.store import users

TABLE = aggregate_table(
    "absences",
    metadata,
    Column("kind", Text),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("deputy", Uuid),
)


class AbsenceStore(AggregateStore[Absence]):
    """Absences; each belongs to who is absent."""

    async def staff(
        self, transaction: Transaction, owners: Iterable[UUID], deputies: Iterable[UUID]
    ) -> Staff:
        """What the rules need to know of those who are absent, and of those who stand in."""
        people = users.table.c
        within_reach = select(people.id, people.department).where(
            people.id == any_(literal(list(owners), ARRAY(Uuid))),
            visible(users.table, transaction.identity, "absences:write"),
        )
        offices = await fetch(transaction.connection, within_reach)
        rows = await transaction.connection.fetch(
            "select state from absences where tenant = $1 and owner = any($2)",
            transaction.tenant,
            [row["id"] for row in offices],
        )
        known: dict[UUID | None, dict[UUID, Absence]] = {}
        for row in rows:
            absence = self.decode(row["state"])
            known.setdefault(absence.owner, {})[absence.id] = absence
        return Staff(
            offices={row["id"]: row["department"] for row in offices},
            deputies=await users.readable(transaction, deputies),
            absences=known,
        )

    async def not_over(
        self, transaction: Transaction, owners: Iterable[UUID], day: date
    ) -> list[Absence]:
        """The absences of these users that do not end before a day, locked in id order."""
        rows = await transaction.connection.fetch(
            """select state from absences
               where tenant = $1 and owner = any($2) and ends_on >= $3
               order by id for update""",
            transaction.tenant,
            list(owners),
            day,
        )
        return [self.decode(row["state"]) for row in rows]

    async def owners(self, transaction: Transaction, ids: Iterable[UUID]) -> set[UUID]:
        """Who is absent in these absences, whether within reach or not."""
        rows = await transaction.connection.fetch(
            "select distinct owner from absences where tenant = $1 and id = any($2)",
            transaction.tenant,
            list(ids),
        )
        return {row["owner"] for row in rows}

    async def around(
        self, database: Database, tenant: UUID, day: date
    ) -> list[tuple[Absence, str]]:
        """The absences of a tenant on a day anywhere on earth, with the time zones they are in."""
        rows = await database.pool.fetch(
            """select a.state, d.time_zone
               from absences a join department d on d.tenant = a.tenant and d.id = a.department
               where a.tenant = $1 and a.starts_on <= $2::date + 1 and a.ends_on >= $2::date - 1""",
            tenant,
            day,
        )
        return [(self.decode(row["state"]), row["time_zone"]) for row in rows]


def columns(absence: Absence) -> dict[str, Any]:
    """What queries filter absences by."""
    return {
        "kind": absence.kind,
        "starts_on": absence.starts_on,
        "ends_on": absence.ends_on,
        "deputy": absence.deputy,
    }


absences = AbsenceStore(
    ABSENCE,
    TABLE,
    state=Absence,
    resource="absences",
    columns=columns,
    filters={"kind": "kind", "deputy": "deputy"},
)
