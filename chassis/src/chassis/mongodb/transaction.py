"""A command on MongoDB: what it decides is staged, and written when its block ends well.

Nothing is written before the rules have had their say, so that a command that
fails leaves nothing. Each aggregate is then one update of its own document, in
the order of staging; what must survive a crash between two of them is made to
be repeated. What is staged is not read back by the transaction itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from chassis.storage import Answer
from chassis.transactions import By, Transaction, now, uuid7
from events.envelope import Event
from events.topics import Aggregate
from events.values import ExternalId

if TYPE_CHECKING:
    from chassis.mongodb.database import MongoDatabase


@dataclass(frozen=True, slots=True)
class Claim:
    """An Idempotency-Key under which a command runs.

    `seed` is the id of the first record that it makes, however often it is tried.
    """

    id: str
    request: str
    seed: UUID


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is known of a document beside its state: when its version was recorded, what waits."""

    recorded: datetime | None
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """One version of one aggregate, ready to be written.

    `fields` are set, those `cleared` taken away; external ids are claimed before
    (`taken`) and free after (`given_back`).
    """

    aggregate: Aggregate
    key: str
    event: Event[Any]
    body: bytes
    slot: int
    fields: dict[str, Any]
    cleared: tuple[str, ...] = ()
    taken: tuple[ExternalId, ...] = ()
    given_back: tuple[ExternalId, ...] = ()

    @property
    def version(self) -> int:
        return self.event.aggregateversion


@dataclass(slots=True)
class _Kept:
    """What a transaction keeps while it is open."""

    staged: list[Staged] = field(default_factory=list)
    loaded: dict[str, Loaded] = field(default_factory=dict)
    claim: Claim | None = None
    answer: Answer | None = None
    turns: AsyncExitStack = field(default_factory=AsyncExitStack)
    last: list[Callable[[], Awaitable[object]]] = field(default_factory=list)


class DocumentTransaction(Transaction):
    """An open transaction on MongoDB; `event` is what it reacts to, if it does."""

    def __init__(self, database: MongoDatabase, by: By, event: UUID | None = None) -> None:
        self.service = by.service
        self.identity = by.identity
        self.cause = by.cause
        self.moment = now()
        self.written = []
        self.item = 0
        self.database = database
        self.event = event
        self.kept = _Kept()

    def new_id(self) -> UUID:
        claim = self.kept.claim
        return uuid7() if claim is None else UUID(int=claim.seed.int + self.item)

    def label(self, event: Event[Any]) -> str | None:
        """What a document that this reaction writes remembers: which event did what to it."""
        return f"{self.event}/{event.type.split('.')[3]}" if self.event is not None else None

    async def changes_since(self, subject: UUID, version: int) -> list[tuple[str, dict[str, Any]]]:
        """As `chassis.journal.changes_since`."""
        from chassis.mongodb.collecting import collect_subject

        await collect_subject(self.database, self.tenant, subject)
        rows = await self.database["journal"].find(
            {
                "tenant": str(self.tenant),
                "subject": str(subject),
                "version": {"$gt": version},
            },
            order=[("version", 1)],
        )
        events = [msgspec.json.decode(row["body"]) for row in rows]
        return [(event.get("actor"), event["data"].get("changed", {})) for event in events]
