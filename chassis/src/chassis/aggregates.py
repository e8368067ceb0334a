"""The store of one kind of aggregate: loading, saving, listing, always within reach.

A service's `store.py` makes one `AggregateStore` per aggregate and adds the
queries that are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, Table, Uuid, and_, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.access import visible, within_reach
from chassis.database import Database, fetch
from chassis.history import HistoryRequest, state_as_of, versions
from chassis.identity import Identity
from chassis.journal import Step, encoder, save
from chassis.paging import Page, PageRequest
from chassis.problems import Forbidden, InvalidRequest, NotFound
from chassis.removal import remove
from chassis.schema import external_id
from chassis.search import matches
from chassis.transactions import Transaction
from events.topics import Aggregate
from events.values import ExternalId, Record

State = TypeVar("State", bound=Record)


class AggregateStore(Generic[State]):
    """Aggregates of one kind in one table.

    `resource` is the word in permissions (`deals` in `deals:read`); `columns`
    gives the values of the table's own columns for a state; `filters` maps the
    query parameters of lists to columns.
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
    ) -> None:
        self.aggregate = aggregate
        self.table = table
        self.resource = resource
        self.columns = columns
        self.filters = {"owner": "owner", "department": "department", **(filters or {})}
        self.kind = aggregate.topic.name.rpartition(".")[2]
        self._decoder = msgspec.json.Decoder(state)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The query parameters that lists of this kind understand, beside those of paging."""
        search = ("q",) if "search" in self.table.c else ()
        return (*sorted(self.filters), "external_id", *search)

    # -- commands ---------------------------------------------------------------

    async def load(self, transaction: Transaction, id: UUID, *, action: str = "write") -> State:
        """The state of one aggregate, locked until the transaction ends.

        Raises `NotFound` when there is none within reach for `action`.
        """
        found = await self.load_many(transaction, [id], action=action)
        try:
            return found[id]
        except KeyError:
            raise self.not_found(id) from None

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
        """Those of `ids` within reach for reading, not locked: what a command may refer to.

        Who asks for none needs no permission.
        """
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
        """Those of `ids` that exist in the tenant, whether within reach or not."""
        statement = select(self.table.c.id).where(
            self.table.c.tenant == transaction.tenant, self._among(ids)
        )
        return {row["id"] for row in await fetch(transaction.connection, statement)}

    def _among(self, ids: Iterable[UUID]) -> ColumnElement[bool]:
        """One statement however many there are: an array, not a place for each."""
        return self.table.c.id == any_(literal(list(ids), ARRAY(Uuid)))

    async def save(
        self,
        transaction: Transaction,
        verb: str,
        before: State | None,
        after: State,
        *,
        at: datetime | None = None,
    ) -> State:
        """Write `after` as the next version with its event `verb`; returns it as written.

        A state equal to `before` is no change: nothing is written. `at` is when
        it happened in the business, the moment of the command by default.
        """
        if before is not None and after == before:
            return before
        if before is None:
            await self._require_reach(transaction, after)
        step = self.step(transaction, verb, before, after, at=at)
        await save(transaction, self.aggregate, self.table, [step])
        return step.after  # type: ignore[return-value]

    async def save_all(self, transaction: Transaction, steps: list[Step]) -> None:
        """Write many aggregates, each at most once, in one statement."""
        await save(transaction, self.aggregate, self.table, steps)

    async def remove(self, transaction: Transaction, verb: str, before: State) -> int:
        """Delete an aggregate, with the event `verb` as its last version, which is returned.

        Its external ids are free again; its own id is never used again.
        """
        return await remove(transaction, self.aggregate, self.table, verb, before)

    def step(
        self,
        transaction: Transaction,
        verb: str,
        before: State | None,
        after: State,
        *,
        at: datetime | None = None,
    ) -> Step:
        """The next version of an aggregate, ready for `save_all`."""
        version = 1 if before is None else before.version + 1
        stamped = msgspec.structs.replace(after, version=version)
        return Step(verb, before, stamped, self.columns(stamped), at or transaction.moment)

    async def _require_reach(self, transaction: Transaction, record: Record) -> None:
        if not await self.may_hold(transaction, record):
            raise Forbidden("a new record must lie within your own reach", field="department")

    async def may_hold(self, transaction: Transaction, record: Record) -> bool:
        """Whether `record` would lie within the reach of who writes it."""
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
        """Which records have these external ids, whether within reach or not."""
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

    async def read(self, database: Database, identity: Identity, id: UUID) -> tuple[int, str]:
        """(version, state as JSON) of one aggregate; `NotFound` outside the reach."""
        columns = self.table.c
        row = await database.fetch_one(
            select(columns.version, columns.state).where(
                columns.id == id, visible(self.table, identity, f"{self.resource}:read")
            )
        )
        if row is None:
            raise self.not_found(id)
        return row["version"], row["state"]

    async def read_as_of(
        self, database: Database, identity: Identity, id: UUID, at: datetime
    ) -> tuple[int, str]:
        """(version, state as JSON) as it was recorded at `at`, in today's shape.

        Who may read the record as it is now may read what it was; `NotFound` for
        everybody else, and where it did not exist then.
        """
        await self.read(database, identity, id)
        found = await state_as_of(database, self.aggregate, identity.tenant, id, at)
        if found is None:
            raise NotFound(f"there was no {self.kind} {id} at {at.isoformat()}")
        version, state = found
        return version, encoder.encode(self.decode(state)).decode()

    async def history(
        self, database: Database, identity: Identity, id: UUID, request: HistoryRequest
    ) -> Page:
        """One page of the versions of an aggregate, newest first; reach as in `read_as_of`."""
        await self.read(database, identity, id)
        found = await versions(database, self.aggregate, identity.tenant, id, request)
        return request.page(found)

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
            self.table.c[self.filters[name]].in_(
                page.values(name, self.table.c[self.filters[name]])
            )
            for name in page.filters
            if name != "external_id"
        ]
        if page.search:
            if "search" not in self.table.c:
                raise InvalidRequest("this list has no search", field="q")
            wanted.append(and_(*matches(self.table.c.search, page.search)))
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

    async def page(self, database: Database, identity: Identity, page: PageRequest) -> Page:
        """One page of a list, newest first."""
        rows = await database.fetch(self.query(identity, page))
        return page.of([(row["id"], row["state"]) for row in rows])

    def decode(self, state: str | bytes) -> State:
        return self._decoder.decode(state)

    def not_found(self, id: UUID) -> NotFound:
        return NotFound(f"there is no {self.kind} {id}")
