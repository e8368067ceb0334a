"""Projecting aggregates into tables: the newest state of each key is one row.

A batch of events is one statement, whatever its size: the rows travel as one
array per column and are upserted where they are newer than what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Column, MetaData, Table, Uuid
from sqlalchemy.types import NullType

from chassis.database import Connection
from chassis.inbox import Replica
from chassis.seals import SealedTable
from events.envelope import Event
from events.topics import Aggregate
from events.values import Record

State = TypeVar("State", bound=Record)
Literal = str
"""An array as PostgreSQL writes it: `{1,2,NULL}`."""

_KEY = {"tenant": "uuid", "id": "uuid", "version": "bigint"}
_METADATA = MetaData()

# Ordered, so that two batches which lock the same rows meet them in the same order.
_UPSERT = """
insert into {table} ({names}, seal)
select row.*, {seal} from (select {values} from unnest({places}) as given({names})) as row
order by tenant, id
on conflict (tenant, id) do update set {updates}
where {table}.version < excluded.version
"""

_REMOVE = """
delete from {table} as kept
using unnest($1::uuid[], $2::uuid[], $3::bigint[]) as gone(tenant, id, version)
where kept.tenant = gone.tenant and kept.id = gone.id and kept.version < gone.version
"""


def array(values: Sequence[object]) -> Literal:
    """`values` as the literal of an array column; None is NULL."""
    return "{" + ",".join([_WRITTEN.get(type(value), str)(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


# By type: every event of a deal has a dozen of them.
_WRITTEN: Mapping[type, Callable[[Any], str]] = {
    UUID: lambda value: f"{value.int:032x}",
    str: _quoted,
    NoneType: lambda _: "NULL",
}


class Shape:
    """A table that events are projected into: its columns, with their types in SQL.

    Every table begins with `tenant`, `id` and `version`; `columns` are the rest.
    """

    def __init__(self, name: str, columns: Mapping[str, str]) -> None:
        self.name = name
        self.columns = {**_KEY, **columns}
        typed = [
            Column(column, Uuid() if type_ == "uuid" else NullType())
            for column, type_ in self.columns.items()
        ]
        self.table = Table(name, _METADATA, *typed)
        self.sealed = SealedTable(name, tuple(self.columns))

    def upsert(self) -> str:
        """The statement that takes one array per column. Array columns come as literals."""
        places = ", ".join(
            f"${place}::{'text' if type_.endswith('[]') else type_}[]"
            for place, type_ in enumerate(self.columns.values(), start=1)
        )
        names = ", ".join(self.columns)
        values = ", ".join(
            f"{name}::{type_} as {name}" if type_.endswith("[]") else name
            for name, type_ in self.columns.items()
        )
        updates = ", ".join(
            f"{name} = excluded.{name}"
            for name in (*self.columns, "seal")
            if name not in ("tenant", "id")
        )
        return _UPSERT.format(
            table=self.name,
            names=names,
            values=values,
            places=places,
            updates=updates,
            seal=self.sealed.seal("row"),
        )

    def remove(self) -> str:
        """The statement that takes the arrays tenant, id and version of what is gone."""
        return _REMOVE.format(table=self.name)


class Projection(Generic[State]):
    """Aggregates of one kind in the rows of one table.

    `row` gives the values of the shape's own columns for a state, in their order.
    """

    def __init__(
        self, aggregate: Aggregate, shape: Shape, row: Callable[[State], tuple[Any, ...]]
    ) -> None:
        self.aggregate = aggregate
        self.shape = shape
        self._row = row
        self._upsert = shape.upsert()
        self._remove = shape.remove()

    @property
    def replica(self) -> Replica:
        """This projection as a consumer's handler."""
        return Replica(self.aggregate, self.keep, (self.shape.sealed,))

    async def keep(self, connection: Connection, events: Sequence[Event[State]]) -> None:
        """Apply the newest event of each key; one without a state removes the row."""
        kept: list[tuple[Any, ...]] = []
        gone: list[tuple[Any, ...]] = []
        for event in events:
            state = event.data.after
            if state is None:
                gone.append((event.tenantid, UUID(event.subject), event.aggregateversion))
            else:
                kept.append((event.tenantid, state.id, event.aggregateversion, *self._row(state)))
        if kept:
            await connection.execute(self._upsert, *map(list, zip(*kept, strict=True)))
        if gone:
            await connection.execute(self._remove, *map(list, zip(*gone, strict=True)))
