"""The store of one kind of aggregate on PostgreSQL: loading, saving, listing, within reach.

A service's `store.py` makes one `AggregateStore` per aggregate and adds the
queries that are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, Uuid, and_, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.access import visible, within_reach
from chassis.database import Database, fetch
from chassis.history import HistoryRequest, Version, state_as_of, versions
from chassis.identity import Identity
from chassis.journal import Step, save
from chassis.paging import Page, PageRequest
from chassis.problems import Problem
from chassis.removal import remove
from chassis.schema import external_id
from chassis.search import matches
from chassis.storage import AnyDatabase
from chassis.stores import Store
from chassis.transactions import Transaction
from events.topics import Aggregate
from events.values import ExternalId, Record

State = TypeVar("State", bound=Record)


class AggregateStore(Store[State]):
    """Aggregates of one kind in one table.

    `columns` gives the values of the table's own columns for a state; `filters` maps
    the query parameters of lists to columns; the column `search`, where there is one,
    holds the text of the fields `searched`.
    """

    def __init__(
        self,
        aggregate: Aggregate,
        table: Table,
        *,
        state: type[State],
        resource: str,
        columns: Callable[[State], dict[str, Any]],
        filters: Mapping[str, str] | None = None,
        searched: Sequence[str] = (),
    ) -> None:
        assert bool(searched) == ("search" in table.c), "what is searched stands in one column"
        super().__init__(
            aggregate,
            state=state,
            resource=resource,
            columns=columns,
            filters=filters,
            searched=searched,
        )
        self.table = table

    # -- commands ---------------------------------------------------------------

    async def load_many(
        self, transaction: Transaction, ids: Iterable[UUID], *, action: str = "write"
    ) -> dict[UUID, State]:
        """Those of `ids` that lie within reach for `action`, locked in id order."""
        statement = (
            select(self.table.c.state)
            .where(
                self._among(ids),
                visible(self.table, transaction.identity, f"{self.resource}:{action}"),
            )
            .order_by(self.table.c.id)
            .with_for_update(of=self.table)
        )
        rows = await fetch(transaction.connection, statement)
        states = [self._decoder.decode(row["state"]) for row in rows]
        return {state.id: state for state in states}

    async def readable(self, transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, State]:
        wanted = list(ids)
        if not wanted:
            return {}
        statement = select(self.table.c.state).where(
            self._among(wanted),
            visible(self.table, transaction.identity, f"{self.resource}:read"),
        )
        rows = await fetch(transaction.connection, statement)
        states = [self._decoder.decode(row["state"]) for row in rows]
        return {state.id: state for state in states}

    async def existing(self, transaction: Transaction, ids: Iterable[UUID]) -> set[UUID]:
        statement = select(self.table.c.id).where(
            self.table.c.tenant == transaction.tenant, self._among(ids)
        )
        return {row["id"] for row in await fetch(transaction.connection, statement)}

    def _among(self, ids: Iterable[UUID]) -> ColumnElement[bool]:
        """One statement however many there are: an array, not a place for each."""
        return self.table.c.id == any_(literal(list(ids), ARRAY(Uuid)))

    async def write(self, transaction: Transaction, step: Step) -> None:
        await save(transaction, self.aggregate, self.table, [step])

    async def save_all(self, transaction: Transaction, steps: list[Step]) -> Mapping[UUID, Problem]:
        """All in one statement, or none: nothing is ever returned."""
        await save(transaction, self.aggregate, self.table, steps)
        return {}

    async def remove(self, transaction: Transaction, verb: str, before: State) -> int:
        return await remove(transaction, self.aggregate, self.table, verb, before)

    async def may_hold(self, transaction: Transaction, record: Record) -> bool:
        return await within_reach(
            transaction.connection,
            transaction.identity,
            f"{self.resource}:write",
            owner=record.owner,
            department_id=record.department,
        )

    async def named_by(
        self, transaction: Transaction, external_ids: Iterable[ExternalId]
    ) -> dict[ExternalId, UUID]:
        wanted = list(external_ids)
        if not wanted:
            return {}
        rows = await transaction.connection.fetch(
            """select e.system, e.type, e.id, e.record
               from unnest($3::text[], $4::text[], $5::text[]) as given(system, type, id)
               join external_id e on e.tenant = $1 and e.aggregate = $2
                    and e.system = given.system and e.type = given.type and e.id = given.id""",
            transaction.tenant,
            self.kind,
            [item.system for item in wanted],
            [item.type for item in wanted],
            [item.id for item in wanted],
        )
        return {ExternalId(row["system"], row["type"], row["id"]): row["record"] for row in rows}

    # -- reads ------------------------------------------------------------------

    async def find(self, database: AnyDatabase, identity: Identity, id: UUID) -> tuple[int, str]:
        columns = self.table.c
        row = await tables(database).fetch_one(
            select(columns.version, columns.state).where(
                columns.id == id, visible(self.table, identity, f"{self.resource}:read")
            )
        )
        if row is None:
            raise self.not_found(id)
        return row["version"], row["state"]

    async def versions(
        self, database: AnyDatabase, tenant: UUID, id: UUID, request: HistoryRequest
    ) -> list[Version]:
        return await versions(tables(database), self.aggregate, tenant, id, request)

    async def state_as_of(
        self, database: AnyDatabase, tenant: UUID, id: UUID, at: datetime
    ) -> tuple[int, str] | None:
        return await state_as_of(tables(database), self.aggregate, tenant, id, at)

    @cached_property
    def filter_types(self) -> Mapping[str, type]:
        columns = self.table.c
        return {name: columns[column].type.python_type for name, column in self.filters.items()}

    def query(self, identity: Identity, page: PageRequest) -> Select[Any]:
        """The select of one page: within reach, filtered, searched, after the cursor."""
        columns = self.table.c
        statement = select(columns.id, columns.state).where(
            visible(self.table, identity, f"{self.resource}:read"), *self.conditions(page)
        )
        return page.ordered(statement, columns.id)

    def conditions(self, page: PageRequest) -> list[ColumnElement[bool]]:
        """What the filters and the search of `page` ask of a row."""
        wanted: list[ColumnElement[bool]] = [
            self.table.c[self.filters[name]].in_(page.values(name, self.filter_types[name]))
            for name in page.filters
            if name != "external_id"
        ]
        if page.search:
            wanted.append(and_(*matches(self.table.c.search, self.sought(page.search))))
        if "external_id" in page.filters:
            wanted.append(self.table.c.id.in_(self._with_external_id(page)))
        return wanted

    def _with_external_id(self, page: PageRequest) -> Select[Any]:
        system, type_, id_ = page.external_id()
        columns = external_id.c
        return select(columns.record).where(
            columns.tenant == self.table.c.tenant,
            columns.aggregate == self.kind,
            columns.system == system,
            columns.type == type_,
            columns.id == id_,
        )

    async def find_page(self, database: AnyDatabase, identity: Identity, page: PageRequest) -> Page:
        rows = await tables(database).fetch(self.query(identity, page))
        return page.of([(row["id"], row["state"]) for row in rows])


def tables(database: AnyDatabase) -> Database:
    """The same database, known to be PostgreSQL."""
    assert isinstance(database, Database), "these aggregates are rows of PostgreSQL"
    return database
