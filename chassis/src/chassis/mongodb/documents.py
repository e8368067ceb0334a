"""The store of one kind of aggregate on MongoDB: one document is one aggregate."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from chassis.history import HistoryRequest, Version, version_of_event
from chassis.identity import Identity
from chassis.journal import Step, encoder
from chassis.mongodb.collecting import collect_subject
from chassis.mongodb.database import Document, Documents, MongoDatabase, Where, side_by_side
from chassis.mongodb.names import external_id_of, external_id_text, kept, key_of, parts_of
from chassis.mongodb.reaches import within, within_reach
from chassis.mongodb.transaction import DocumentTransaction, Staged
from chassis.mongodb.writing import (
    LOADED,
    flush,
    note_written,
    noted,
    stage,
    staged,
    staged_end,
    write,
)
from chassis.paging import Page, PageRequest
from chassis.problems import Problem, VersionLost
from chassis.search import words_of
from chassis.storage import AnyDatabase
from chassis.stores import Store
from chassis.transactions import Transaction
from events.topics import Aggregate
from events.values import ExternalId, Record

State = TypeVar("State", bound=Record)

_OF_ALL = ("tenant", "owner", "department", "external_ids", "state")


class DocumentStore(Store[State]):
    """Aggregates of one kind in one collection.

    `columns` gives the fields, beside the state, by which documents are found;
    `filters` maps the query parameters of lists to them. Those of `typed` are
    no plain text.
    """

    def __init__(
        self,
        aggregate: Aggregate,
        *,
        state: type[State],
        resource: str,
        columns: Callable[[State], dict[str, Any]],
        fields: tuple[str, ...],
        filters: Mapping[str, str] | None = None,
        searched: Sequence[str] = (),
        typed: Mapping[str, type] | None = None,
    ) -> None:
        assert bool(searched) == ("search" in fields), "what is searched stands in one field"
        super().__init__(
            aggregate,
            state=state,
            resource=resource,
            columns=columns,
            filters=filters,
            searched=searched,
        )
        self.fields = fields
        self._typed = {"owner": UUID, "department": UUID, **(typed or {})}

    # -- commands ---------------------------------------------------------------

    async def load_many(
        self, transaction: Transaction, ids: Iterable[UUID], *, action: str = "write"
    ) -> dict[UUID, State]:
        command = documents_of(transaction)
        reach = await within(command.database, command.identity, f"{self.resource}:{action}")
        return await self.load_where(command, {**self._among(transaction.tenant, ids), **reach})

    async def load_where(self, transaction: DocumentTransaction, where: Where) -> dict[UUID, State]:
        """The states that match, in id order; writing one of them checks that it is the same."""
        found = await transaction.database[self.kind].find(
            where, fields=("state", *LOADED), order=[("_id", 1)]
        )
        for document in found:
            noted(transaction, document)
        return self._states(found)

    async def readable(self, transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, State]:
        wanted = list(ids)
        if not wanted:
            return {}
        command = documents_of(transaction)
        reach = await within(command.database, command.identity, f"{self.resource}:read")
        where = {**self._among(transaction.tenant, wanted), **reach}
        return self._states(await command.database[self.kind].find(where, fields=("state",)))

    async def existing(self, transaction: Transaction, ids: Iterable[UUID]) -> set[UUID]:
        where = {
            **self._among(transaction.tenant, ids),
            "tenant": str(transaction.tenant),
        }
        found = await documents_of(transaction).database[self.kind].find(where, fields=("_id",))
        return {UUID(parts_of(document["_id"])[1]) for document in found}

    def _among(self, tenant: UUID, ids: Iterable[UUID]) -> dict[str, Any]:
        keys = [key_of(tenant, id) for id in ids]
        return {"_id": keys[0] if len(keys) == 1 else {"$in": keys}}

    def _states(self, found: Iterable[Document]) -> dict[UUID, State]:
        states = [self.decode(document["state"]) for document in found]
        return {state.id: state for state in states}

    async def write(self, transaction: Transaction, step: Step) -> None:
        """Stage the step: it is written when the transaction ends."""
        command = documents_of(transaction)
        stage(command, staged(command, self.aggregate, step))

    async def save_all(self, transaction: Transaction, steps: list[Step]) -> Mapping[UUID, Problem]:
        """Write each on its own; returns what became of those that could not be."""
        command = documents_of(transaction)
        await flush(command)

        async def written(step: Step) -> Problem | None:
            return await self._write_alone(command, step)

        problems = await side_by_side(written, steps)
        refused = zip(steps, problems, strict=True)
        return {step.after.id: problem for step, problem in refused if problem is not None}

    async def _write_alone(self, transaction: DocumentTransaction, step: Step) -> Problem | None:
        try:
            alone = staged(transaction, self.aggregate, step)
            await write(transaction, alone)
        except VersionLost as lost:
            if not await self._was_made(transaction, step):
                return lost
        except Problem as problem:
            return problem
        note_written(transaction, alone)
        return None

    async def _was_made(self, transaction: DocumentTransaction, step: Step) -> bool:
        """Whether an earlier try under the same Idempotency-Key has made this record."""
        claim = transaction.kept.claim
        if claim is None or step.before is not None:
            return False
        made = {"_id": key_of(transaction.tenant, step.after.id), "made_by": str(claim.seed)}
        documents = transaction.database[self.kind]
        return await documents.find_one(made, fields=("_id",)) is not None

    async def remove(self, transaction: Transaction, verb: str, before: State) -> int:
        """Stage the end: what is left of the document says which versions there were."""
        command = documents_of(transaction)
        end = self.staged_end(command, verb, before.id, before.version + 1, before.external_ids)
        stage(command, end)
        return end.version

    def staged_end(
        self,
        transaction: DocumentTransaction,
        verb: str,
        id: UUID,
        version: int,
        external_ids: tuple[ExternalId, ...],
    ) -> Staged:
        return staged_end(
            transaction,
            self.aggregate,
            verb,
            id,
            version,
            cleared=(*_OF_ALL, *self.fields),
            given_back=external_ids,
        )

    async def may_hold(self, transaction: Transaction, record: Record) -> bool:
        return await within_reach(
            documents_of(transaction).database,
            transaction.identity,
            f"{self.resource}:write",
            owner=record.owner,
            department_id=record.department,
        )

    async def named_by(
        self, transaction: Transaction, external_ids: Iterable[ExternalId]
    ) -> dict[ExternalId, UUID]:
        wanted = {external_id_text(item) for item in external_ids}
        if not wanted:
            return {}
        named = {"tenant": str(transaction.tenant), "external_ids": {"$in": sorted(wanted)}}
        found = (
            await documents_of(transaction)
            .database[self.kind]
            .find(named, fields=("external_ids",))
        )
        return {
            external_id_of(text): UUID(parts_of(document["_id"])[1])
            for document in found
            for text in document["external_ids"]
            if text in wanted
        }

    # -- reads ------------------------------------------------------------------

    async def find(self, database: AnyDatabase, identity: Identity, id: UUID) -> tuple[int, str]:
        reach = await within(mongodb(database), identity, f"{self.resource}:read")
        found = await self._documents(database).find_one(
            {"_id": key_of(identity.tenant, id), **reach}, fields=("version", "state")
        )
        if found is None:
            raise self.not_found(id)
        return found["version"], found["state"]

    async def versions(
        self, database: AnyDatabase, tenant: UUID, id: UUID, request: HistoryRequest
    ) -> list[Version]:
        rows = await self._journal(
            database, tenant, id, {"version": {"$lt": request.below}}, request.limit + 1
        )
        return [version_of_event(row["body"], row["recordedtime"], self.aggregate) for row in rows]

    async def state_as_of(
        self, database: AnyDatabase, tenant: UUID, id: UUID, at: datetime
    ) -> tuple[int, str] | None:
        for row in await self._journal(database, tenant, id, {"recordedtime": {"$lte": at}}, 1):
            state = msgspec.json.decode(row["body"])["data"]["after"]
            if state is not None:
                return row["version"], encoder.encode(state).decode()
        return None

    async def _journal(
        self, database: AnyDatabase, tenant: UUID, id: UUID, condition: Where, most: int
    ) -> list[Document]:
        """The newest of the versions that fulfil a condition, newest first."""
        await collect_subject(mongodb(database), tenant, id)
        of_subject = {
            "tenant": str(tenant),
            "subject": str(id),
            "topic": self.aggregate.topic.name,
        }
        return await mongodb(database)["journal"].find(
            {**of_subject, **condition}, order=[("version", -1)], limit=most
        )

    async def find_page(self, database: AnyDatabase, identity: Identity, page: PageRequest) -> Page:
        reach = await within(mongodb(database), identity, f"{self.resource}:read")
        wanted = [reach, *self.conditions(page)]
        if page.after is not None:
            wanted.append({"_id": {"$lt": key_of(identity.tenant, page.after)}})
        found = await self._documents(database).find(
            # The tenant stands alone too: every index begins with it.
            {"tenant": str(identity.tenant), "$and": wanted},
            fields=("state",),
            order=[("_id", -1)],
            limit=page.limit + 1,
        )
        return page.of([(UUID(parts_of(row["_id"])[1]), row["state"]) for row in found])

    @cached_property
    def filter_types(self) -> Mapping[str, type]:
        return {name: self._typed.get(field, str) for name, field in self.filters.items()}

    def conditions(self, page: PageRequest) -> list[dict[str, Any]]:
        """What the filters and the search of `page` ask of a document."""
        wanted: list[dict[str, Any]] = []
        for name in page.filters:
            if name == "external_id":
                text = external_id_text(ExternalId(*page.external_id()))
                wanted.append({"external_ids": text})
            else:
                field = self.filters[name]
                values = page.values(name, self.filter_types[name])
                wanted.append({field: {"$in": [kept(value) for value in values]}})
        if page.search:
            wanted += matching(self.sought(page.search))
        return wanted

    def _documents(self, database: AnyDatabase) -> Documents:
        return mongodb(database)[self.kind]


def matching(search: str) -> list[dict[str, Any]]:
    """That every word of `search` occurs in a field `search` of `folded` text."""
    return [{"search": {"$regex": re.escape(word)}} for word in words_of(search)]


def documents_of(transaction: Transaction) -> DocumentTransaction:
    """The same transaction, known to be on MongoDB."""
    assert isinstance(transaction, DocumentTransaction), "these aggregates are documents"
    return transaction


def mongodb(database: AnyDatabase) -> MongoDatabase:
    """The same database, known to be MongoDB."""
    assert isinstance(database, MongoDatabase), "these aggregates are documents of MongoDB"
    return database
