"""What the chassis asks of the database of a service, whichever it is.

One port, two stores: `chassis.postgres` and `chassis.mongodb`. The scheme of the
database's URL chooses. What an aggregate asks of its own store is in
`chassis.stores`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar
from uuid import UUID

from chassis.database import Database
from events.topics import Topic

if TYPE_CHECKING:
    from chassis.decoding import AnyEvent, Delivery
    from chassis.inbox import Replica
    from chassis.mongodb.database import MongoDatabase
    from chassis.parking import Key, ParkedKey
    from chassis.replay import Wanted
    from chassis.transactions import By, Transaction

AnyDatabase: TypeAlias = "Database | MongoDatabase"
Slot: TypeAlias = tuple[str, int]
Place: TypeAlias = tuple[str, int]
"""(topic, partition)"""

Chosen = TypeVar("Chosen")


class Row(Protocol):
    """A row of the journal, by the names of its columns."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: kept for whoever repeats it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Parking(Protocol):
    """The parked keys of one consumer, inside a batch."""

    async def take_turn(self, *, alone: bool) -> None: ...
    async def held(self, topic: str, keys: list[Key]) -> dict[Key, bool]: ...
    async def put(
        self, topic: str, key: Key, version: int, body: bytes, error: str, *, gap: bool
    ) -> None: ...
    async def first_version(self, topic: str, key: Key) -> int | None: ...
    async def take(self, topic: str, key: Key) -> list[bytes]: ...
    async def drop(self, topic: str, key: Key, by: str, reason: str) -> int | None: ...


class Batch(Protocol):
    """One batch of a consumer: its effects, and what is kept of them."""

    @property
    def parking(self) -> Parking: ...

    async def keep(self, replica: Replica, events: Sequence[AnyEvent]) -> None:
        """Let `replica` apply its events."""

    def attempt(self) -> AbstractAsyncContextManager[None]:
        """A part of the batch; where it fails, it has had no effect that a repetition misses."""

    def reacting(self, by: By, event: AnyEvent) -> AbstractAsyncContextManager[Transaction]:
        """The transaction of a reaction to `event`, written when the block ends well."""

    async def applied(self, topic: str, keys: list[Key]) -> dict[Key, int]:
        """The version up to which each of `keys` is applied, where any is."""

    async def mark(self, topic: str, newest: Mapping[Key, AnyEvent]) -> bool:
        """Note these events as applied; False when one was already, or a later one."""

    async def skip(self, topic: str, key: Key, version: int) -> None:
        """Count `version` as applied, without any effect."""

    async def keep_undecodable(self, generation: str, delivery: Delivery, error: str) -> None: ...

    async def forget(self, topic: str, events: Sequence[AnyEvent]) -> None:
        """Take out of what waits, or was laid aside, what these events erase there."""


class Slots(Protocol):
    """The slots of one owner's relays, leased on the database's clock."""

    async def renew(self, yielding: Collection[Slot]) -> tuple[list[Slot], list[Slot]]:
        """Give back `yielding`, keep one's own, take what is free of one's share.

        Those that were kept, and those that were taken.
        """

    @property
    def share(self) -> int:
        """How many slots each of the relays that are alive may hold, as of the last `renew`."""

    async def release(self) -> None: ...


class Storage(Protocol):
    """A service's database as the chassis uses it."""

    async def ping(self) -> None: ...

    async def keep_house(self, remembered: timedelta) -> None:
        """What is to be done now and then; answers older than `remembered` are forgotten."""

    # -- commands -----------------------------------------------------------------

    def transaction(self, by: By) -> AbstractAsyncContextManager[Transaction]:
        """A transaction of its own; commits when the block ends well."""

    async def claim(self, transaction: Transaction, key: str, request: bytes) -> Answer | None:
        """None when the Idempotency-Key is new; what the same request was answered before.

        `request` is a digest. `IdempotencyKeyReused` when it differs.
        """

    async def remember(self, transaction: Transaction, key: str, answer: Answer) -> None:
        """Keep the answer under a claimed key, with what `transaction` writes."""

    # -- outbox and journal ---------------------------------------------------------

    def slots(self, topics: Sequence[Topic], lease: timedelta) -> Slots: ...

    async def next_rows(
        self, of: Collection[Slot], most: int, under_way: Sequence[int] = ()
    ) -> Sequence[Row]:
        """The oldest rows of the journal in the slots `of` that are not acknowledged.

        Without those at the positions `under_way`. `body` is bytes.
        """

    async def acknowledged(self, positions: Sequence[int], generation: str) -> None:
        """Send these no more, unless they were queued again for a later generation."""

    async def queue_newest(self, keys: Sequence[tuple[Any, Any]]) -> None:
        """Queue the newest event of each (tenant, subject), as rows of the journal name them."""

    async def waiting(self) -> tuple[int, float]:
        """How many rows wait to be sent, and the age of the oldest in seconds."""

    async def tide(self) -> datetime:
        """Up to when everything that was committed is acknowledged."""

    async def fallen(self, generation: str, ends: Mapping[Slot, int]) -> set[Slot]:
        """The slots that end below where they ended before in `generation`; notes higher ends."""

    async def refill(self, generation: str) -> int:
        """Queue what a generation must remember; 0 when it is the one filled last."""

    async def last_position(self) -> int: ...

    async def journal_rows(
        self, wanted: Wanted, after: int, last: int, most: int
    ) -> Sequence[Row]: ...

    # -- consumers ------------------------------------------------------------------

    def batch(self, consumer: str) -> AbstractAsyncContextManager[Batch]: ...

    async def note_progress(self, consumer: str, reached: Mapping[Place, datetime]) -> None:
        """Everything up to these moments is applied; earlier ones change nothing."""

    async def progress(self, consumer: str) -> tuple[datetime | None, int]:
        """The earliest of these moments, and how many keys are parked."""

    async def parked_keys(self, tenant: UUID | None, most: int) -> list[ParkedKey]: ...

    async def parked_events(
        self, consumer: str, topic: str, tenant: UUID, key: UUID
    ) -> list[bytes]: ...


def slots_of(topics: Sequence[Topic]) -> list[Slot]:
    """Every slot of `topics`."""
    return [(topic.name, n) for topic in topics for n in range(topic.partitions)]


def is_mongodb(url: str) -> bool:
    """Whether a database's URL names a MongoDB."""
    return url.startswith(("mongodb://", "mongodb+srv://"))


def database_at(url: str, connections: int, topics: Sequence[Topic]) -> AnyDatabase:
    """The database at `url`, still to be opened; `topics` are those its service publishes."""
    if not is_mongodb(url):
        return Database(url, connections)
    # Services on PostgreSQL need not know the driver.
    from chassis.mongodb.database import MongoDatabase

    return MongoDatabase(url, connections, topics)


def storage_of(database: AnyDatabase) -> Storage:
    """The chassis' side of `database`."""
    if isinstance(database, Database):
        from chassis.postgres.storage import PostgresStorage

        return PostgresStorage(database)
    from chassis.mongodb.storage import MongoStorage

    return MongoStorage(database)
