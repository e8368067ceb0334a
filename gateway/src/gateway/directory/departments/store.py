"""Every query of departments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text, Uuid

from chassis.access import place_department
from chassis.aggregates import AggregateStore
from chassis.journal import Step
from chassis.problems import Problem
from chassis.schema import aggregate_table, metadata
from chassis.search import searchable
from chassis.transactions import Transaction
from events.catalogue import DEPARTMENT
from events.directory import Department

TABLE = aggregate_table("departments", metadata, Column("parent", Uuid), Column("search", Text))


class DepartmentStore(AggregateStore[Department]):
    """Departments; access reaches see a change with the transaction that makes it."""

    async def save(
        self,
        transaction: Transaction,
        verb: str,
        before: Department | None,
        after: Department,
        *,
        at: datetime | None = None,
    ) -> Department:
        saved = await super().save(transaction, verb, before, after, at=at)
        await _place(transaction, saved)
        return saved

    async def save_all(self, transaction: Transaction, steps: list[Step]) -> Mapping[UUID, Problem]:
        refused = await super().save_all(transaction, steps)
        for step in steps:
            assert isinstance(step.after, Department)
            await _place(transaction, step.after)
        return refused

    async def tree(self, transaction: Transaction) -> dict[UUID, Department]:
        """All departments of the tenant: where one may lie depends on the others."""
        rows = await transaction.connection.fetch(
            "select state from departments where tenant = $1", transaction.tenant
        )
        return {state.id: state for state in (self.decode(row["state"]) for row in rows)}


async def _place(transaction: Transaction, department: Department) -> None:
    await place_department(
        transaction.connection,
        tenant=transaction.tenant,
        id=department.id,
        version=department.version,
        path=department.path,
        time_zone=department.time_zone,
    )


SEARCHED = ("name", "city")


def columns(department: Department) -> dict[str, Any]:
    """What queries filter and search departments by."""
    return {
        "parent": department.parent,
        "search": searchable(department, SEARCHED),
    }


departments = DepartmentStore(
    DEPARTMENT,
    TABLE,
    state=Department,
    resource="departments",
    columns=columns,
    searched=SEARCHED,
    filters={"parent": "parent"},
)
