"""The store of one kind of aggregate: loading, saving, listing, always within reach.

What is read leaves it as far as rules for fields let it be seen (`chassis.fields`); what
commands load is whole.

`Store` is the port. `chassis.aggregates` keeps aggregates as rows of PostgreSQL,
`chassis.mongodb.documents` as documents of MongoDB; a service that runs on both
has an `EitherStore` of the two.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from chassis.database import Database
from chassis.fields import Sight, know, sight_of
from chassis.history import HistoryRequest, Version
from chassis.identity import Identity
from chassis.journal import Step, encoder
from chassis.mongodb.transaction import DocumentTransaction
from chassis.paging import LARGEST_LIMIT, Page, PageRequest
from chassis.problems import Forbidden, InvalidRequest, NotFound, Problem
from chassis.search import searchable, words_of
from chassis.storage import AnyDatabase
from chassis.transactions import Transaction
from events.topics import Aggregate
from events.values import ExternalId, Record

State = TypeVar("State", bound=Record)
Query = TypeVar("Query")

_PARTS_OF_A_SEARCH = 10
"""So many times the largest page is looked through for what is found by the fields one sees."""


class Store(ABC, Generic[State]):
    """Aggregates of one kind.

    `resource` is the word in permissions (`deals` in `deals:read`); `columns`
    gives by what else than its id a state is found; `filters` has the query
    parameters of lists, and by which column each filters: a field of the state has the
    name of the one or the other; those of `single` take one value, all others several.
    `searched` are the fields by whose text states are found.
    """

    single: frozenset[str] = frozenset()

    def __init__(
        self,
        aggregate: Aggregate,
        *,
        state: type[State],
        resource: str,
        columns: Callable[[State], dict[str, Any]],
        filters: Mapping[str, str] | None = None,
        searched: Sequence[str] = (),
    ) -> None:
        assert aggregate.resource in (None, resource), "a resource has one word"
        self.aggregate = aggregate
        self.resource = resource
        self.columns = columns
        self.filters = {"owner": "owner", "department": "department", **(filters or {})}
        self.searched = tuple(searched)
        self.kind = aggregate.topic.name.rpartition(".")[2]
        self._fields = frozenset(state.__struct_fields__)
        self._decoder = msgspec.json.Decoder(state)
        know(aggregate)

    @property
    @abstractmethod
    def filter_types(self) -> Mapping[str, type]:
        """Of what type the values of each filter are: UUID, date, bool or str."""

    # -- commands ---------------------------------------------------------------

    async def load(self, transaction: Transaction, id: UUID, *, action: str = "write") -> State:
        """The state of one aggregate as it is until the transaction ends.

        Raises `NotFound` when there is none within reach for `action`.
        """
        found = await self.load_many(transaction, [id], action=action)
        try:
            return found[id]
        except KeyError:
            raise self.not_found(id) from None

    @abstractmethod
    async def load_many(
        self, transaction: Transaction, ids: Iterable[UUID], *, action: str = "write"
    ) -> dict[UUID, State]:
        """Those of `ids` that lie within reach for `action`.

        Nobody changes them until the transaction ends, or it ends with `VersionLost`.
        """

    @abstractmethod
    async def readable(self, transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, State]:
        """Those of `ids` within reach for reading, not locked: what a command may refer to.

        Who asks for none needs no permission.
        """

    @abstractmethod
    async def existing(self, transaction: Transaction, ids: Iterable[UUID]) -> set[UUID]:
        """Those of `ids` that exist in the tenant, whether within reach or not."""

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
        await self.write(transaction, step)
        return step.after  # type: ignore[return-value]

    @abstractmethod
    async def write(self, transaction: Transaction, step: Step) -> None:
        """Write one step; raises as `chassis.journal.save` does, here or at the end."""

    @abstractmethod
    async def save_all(self, transaction: Transaction, steps: list[Step]) -> Mapping[UUID, Problem]:
        """Write many aggregates, each at most once.

        Returns what could not be written where each is written on its own; where
        all are or none, it raises.
        """

    @abstractmethod
    async def remove(self, transaction: Transaction, verb: str, before: State) -> int:
        """Delete an aggregate, with the event `verb` as its last version, which is returned.

        Its external ids are free again; its own id is never used again.
        """

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

    @abstractmethod
    async def may_hold(self, transaction: Transaction, record: Record) -> bool:
        """Whether `record` would lie within the reach of who writes it."""

    @abstractmethod
    async def named_by(
        self, transaction: Transaction, external_ids: Iterable[ExternalId]
    ) -> dict[ExternalId, UUID]:
        """Which records have these external ids, whether within reach or not."""

    # -- reads ------------------------------------------------------------------

    async def read(self, database: AnyDatabase, identity: Identity, id: UUID) -> tuple[int, str]:
        """(version, state as JSON) of one aggregate; `NotFound` outside the reach."""
        version, state = await self.find(database, identity, id)
        return version, self.seen(identity, state)

    @abstractmethod
    async def find(self, database: AnyDatabase, identity: Identity, id: UUID) -> tuple[int, str]:
        """As `read`, whole."""

    def sight(self, identity: Identity) -> Sight | None:
        """What may be seen of these records; None where nothing restricts it."""
        return sight_of(identity, self.aggregate)

    def seen(self, identity: Identity, state: str) -> str:
        """A state as JSON, as far as it may be seen."""
        sight = self.sight(identity)
        return state if sight is None else sight.state(state)

    async def read_as_of(
        self, database: AnyDatabase, identity: Identity, id: UUID, at: datetime
    ) -> tuple[int, str]:
        """(version, state as JSON) as it was recorded at `at`, in today's shape.

        Who may read the record as it is now may read what it was; `NotFound` for
        everybody else, and where it did not exist then.
        """
        await self.find(database, identity, id)
        found = await self.state_as_of(database, identity.tenant, id, at)
        if found is None:
            raise NotFound(f"there was no {self.kind} {id} at {at.isoformat()}")
        version, state = found
        return version, self.seen(identity, encoder.encode(self.decode(state)).decode())

    async def history(
        self, database: AnyDatabase, identity: Identity, id: UUID, request: HistoryRequest
    ) -> Page:
        """One page of the versions of an aggregate, newest first; reach as in `read_as_of`."""
        await self.find(database, identity, id)
        versions = await self.versions(database, identity.tenant, id, request)
        sight = self.sight(identity)
        if sight is not None:
            versions = [version.seen_with(sight) for version in versions]
        return request.page(versions)

    @abstractmethod
    async def versions(
        self, database: AnyDatabase, tenant: UUID, id: UUID, request: HistoryRequest
    ) -> Sequence[Version]:
        """The versions of a record that `request` asks for, newest first, and one more."""

    @abstractmethod
    async def state_as_of(
        self, database: AnyDatabase, tenant: UUID, id: UUID, at: datetime
    ) -> tuple[int, str] | None:
        """(version, state as JSON) of a record as it was recorded at `at`.

        None where it did not exist then, was deleted, or what it was is not kept.
        """

    async def page(self, database: AnyDatabase, identity: Identity, page: PageRequest) -> Page:
        """One page of a list, newest first."""
        sight = self.sight(identity)
        if sight is None:
            return await self.find_page(database, identity, page)
        for name in page.filters:
            sight.require_seen([self._asked_by(name)], name)
        found = await self._searched_page(database, identity, page, sight)
        return Page([sight.state(state) for state in found.states], found.next_cursor)

    def _asked_by(self, name: str) -> str:
        """The field that a parameter of a list asks by: of its name, else of its column's."""
        if name == "external_id":
            return "external_ids"
        return name if name in self._fields else self.filters[name]

    async def _searched_page(
        self, database: AnyDatabase, identity: Identity, page: PageRequest, sight: Sight
    ) -> Page:
        """A page, found by no other fields than those that are seen."""
        fields = [field for field in self.searched if sight.is_seen(field)]
        if not page.search or len(fields) == len(self.searched):
            return await self.find_page(database, identity, page)
        if not fields:
            sight.require_seen(self.searched, "q")
        words = words_of(self.sought(page.search))
        found: list[tuple[UUID, str]] = []
        part = replace(page, limit=LARGEST_LIMIT)
        # A cursor names what is shown, never what matched by a field that is not seen.
        for _ in range(_PARTS_OF_A_SEARCH):
            candidates = await self.find_page(database, identity, part)
            for state in candidates.states:
                record = self.decode(state)
                text = searchable(record, fields)
                if all(word in text for word in words):
                    found.append((record.id, state))
            if candidates.next_cursor is None or len(found) > page.limit:
                return page.of(found[: page.limit + 1])
            part = replace(part, after=record.id)
        raise InvalidRequest("too much is like this: search for more of it", field="q")

    def sought(self, search: str) -> str:
        """What a search looks for, given what somebody typed."""
        return search

    @abstractmethod
    async def find_page(self, database: AnyDatabase, identity: Identity, page: PageRequest) -> Page:
        """As `page`, of whole states, searched by all fields."""

    def decode(self, state: str | bytes) -> State:
        return self._decoder.decode(state)

    def not_found(self, id: UUID) -> NotFound:
        return NotFound(f"there is no {self.kind} {id}")


def either(where: Transaction | AnyDatabase, postgres: Query, mongodb: Query) -> Query:
    """Of two that do the same, the one for the store where this transaction or database is."""
    on_postgres = (
        not isinstance(where, DocumentTransaction)
        if isinstance(where, Transaction)
        else isinstance(where, Database)
    )
    return postgres if on_postgres else mongodb


class EitherStore(Store[State]):
    """Aggregates of one kind of a service that runs on either database."""

    def __init__(self, postgres: Store[State], mongodb: Store[State], state: type[State]) -> None:
        super().__init__(
            postgres.aggregate,
            state=state,
            resource=postgres.resource,
            columns=postgres.columns,
            filters=postgres.filters,
            searched=postgres.searched,
        )
        self.postgres = postgres
        self.mongodb = mongodb

    def _at(self, where: Transaction | AnyDatabase) -> Store[State]:
        return either(where, self.postgres, self.mongodb)

    @property
    def filter_types(self) -> Mapping[str, type]:
        return self.postgres.filter_types

    async def load_many(
        self, transaction: Transaction, ids: Iterable[UUID], *, action: str = "write"
    ) -> dict[UUID, State]:
        return await self._at(transaction).load_many(transaction, ids, action=action)

    async def readable(self, transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, State]:
        return await self._at(transaction).readable(transaction, ids)

    async def existing(self, transaction: Transaction, ids: Iterable[UUID]) -> set[UUID]:
        return await self._at(transaction).existing(transaction, ids)

    async def write(self, transaction: Transaction, step: Step) -> None:
        await self._at(transaction).write(transaction, step)

    async def save_all(self, transaction: Transaction, steps: list[Step]) -> Mapping[UUID, Problem]:
        return await self._at(transaction).save_all(transaction, steps)

    async def remove(self, transaction: Transaction, verb: str, before: State) -> int:
        return await self._at(transaction).remove(transaction, verb, before)

    def step(
        self,
        transaction: Transaction,
        verb: str,
        before: State | None,
        after: State,
        *,
        at: datetime | None = None,
    ) -> Step:
        return self._at(transaction).step(transaction, verb, before, after, at=at)

    async def may_hold(self, transaction: Transaction, record: Record) -> bool:
        return await self._at(transaction).may_hold(transaction, record)

    async def named_by(
        self, transaction: Transaction, external_ids: Iterable[ExternalId]
    ) -> dict[ExternalId, UUID]:
        return await self._at(transaction).named_by(transaction, external_ids)

    async def find(self, database: AnyDatabase, identity: Identity, id: UUID) -> tuple[int, str]:
        return await self._at(database).find(database, identity, id)

    async def versions(
        self, database: AnyDatabase, tenant: UUID, id: UUID, request: HistoryRequest
    ) -> Sequence[Version]:
        return await self._at(database).versions(database, tenant, id, request)

    async def state_as_of(
        self, database: AnyDatabase, tenant: UUID, id: UUID, at: datetime
    ) -> tuple[int, str] | None:
        return await self._at(database).state_as_of(database, tenant, id, at)

    async def find_page(self, database: AnyDatabase, identity: Identity, page: PageRequest) -> Page:
        return await self._at(database).find_page(database, identity, page)

    def sought(self, search: str) -> str:
        return self.postgres.sought(search)
