"""From event to effect: at least once on the wire, exactly once in effect.

`applied(consumer, topic, tenant, key, version)` is written in the transaction
of the effect, so that a duplicate, however late, changes nothing. Two kinds of
handlers are declared as such:

- a `Replica` (projection, report): any higher version applies;
- a `Reaction` (does something once): every version in turn; a gap parks the key
  until the missing version arrives.

A batch is one transaction. A failure of infrastructure undoes it whole and is
raised, to be tried again; a deterministic failure is isolated by a savepoint and
its key is parked: this event and all later ones of the key wait for an operator.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from chassis.database import PASSING_FAILURES, Connection
from chassis.problems import ExternalIdTaken, VersionLost
from chassis.telemetry import continuing
from chassis.transactions import Transaction, Transactions
from events.envelope import Event, partition_key
from events.topics import Aggregate

log = logging.getLogger(__name__)

AnyEvent: TypeAlias = Event[Any]
Key: TypeAlias = tuple[UUID, UUID]
"""(tenant, aggregate id)"""


@dataclass(frozen=True, slots=True)
class Replica:
    """Keeps what others' aggregates are: `apply` gets the newest event of each key."""

    aggregate: Aggregate
    apply: Callable[[Connection, Sequence[AnyEvent]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reaction:
    """Does something once, in a transaction of the service's own.

    Every version counts in turn; `react` is called for those that it `concerns`.
    """

    aggregate: Aggregate
    react: Callable[[Transaction, AnyEvent], Awaitable[None]]
    concerns: Callable[[AnyEvent], bool]


@dataclass(frozen=True, slots=True)
class Consumer:
    """A named reader of topics; one handler for each."""

    name: str
    handlers: tuple[Replica | Reaction, ...]

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(handler.aggregate.topic.name for handler in self.handlers)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record as it came from the broker."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


class LostRace(Exception):
    """Another process applied the same events meanwhile."""


PASSING = (*PASSING_FAILURES, LostRace, VersionLost, ExternalIdTaken)
"""Failures after which the batch is tried again, whole."""


class Inbox:
    """Applies the batches of one consumer."""

    def __init__(self, consumer: Consumer, transactions: Transactions) -> None:
        self.consumer = consumer
        self._transactions = transactions
        self._handlers = {h.aggregate.topic.name: h for h in consumer.handlers}
        self._decoders = {
            topic: msgspec.json.Decoder(Event[handler.aggregate.state])  # type: ignore[name-defined]
            for topic, handler in self._handlers.items()
        }

    async def apply(self, generation: str, deliveries: Sequence[Delivery]) -> int:
        """Apply one batch in one transaction; returns how many events had an effect.

        Raises one of `PASSING` when it should be tried again.
        """
        events, broken = self._decoded(deliveries)
        return await self._apply(events, broken, generation)

    async def apply_events(self, events: Iterable[AnyEvent]) -> int:
        """Apply events that are decoded already (a replay, a test), as one batch."""
        grouped: dict[str, list[AnyEvent]] = defaultdict(list)
        for event in events:
            grouped[event.type.rsplit(".", 2)[0]].append(event)
        return await self._apply(grouped, [], "")

    async def _apply(
        self,
        events: dict[str, list[AnyEvent]],
        broken: Sequence[tuple[Delivery, str]],
        generation: str,
    ) -> int:
        async with self._transactions.database.pool.acquire() as connection:
            async with connection.transaction():
                batch = _Batch(self, connection)
                await batch.keep_undecodable(generation, broken)
                for topic, of_topic in events.items():
                    await batch.apply(self._handlers[topic], of_topic)
            for transaction in batch.reacted:
                self._transactions.committed(transaction)
        return batch.effects

    def transaction(self, connection: Connection, event: AnyEvent) -> Transaction:
        return self._transactions.reacting(connection, event)

    def decode(self, topic: str, value: bytes) -> AnyEvent:
        """An event of `topic`; ValueError (as msgspec raises it) when it is none."""
        event: AnyEvent = self._decoders[topic].decode(value)
        aggregate = self._handlers[topic].aggregate
        if not event.type.startswith(topic + ".") or not event.type.endswith(
            f".v{aggregate.major}"
        ):
            raise ValueError(f"type {event.type} does not belong to {topic} v{aggregate.major}")
        UUID(event.subject)
        return event

    def _event(self, delivery: Delivery) -> AnyEvent:
        if delivery.value is None:
            raise ValueError("the record has no value")
        event = self.decode(delivery.topic, delivery.value)
        if delivery.key != partition_key(event.tenantid, event.subject):
            raise ValueError("the record's key is not that of its event")
        return event

    def _decoded(
        self, deliveries: Sequence[Delivery]
    ) -> tuple[dict[str, list[AnyEvent]], list[tuple[Delivery, str]]]:
        events: dict[str, list[AnyEvent]] = defaultdict(list)
        broken: list[tuple[Delivery, str]] = []
        for delivery in deliveries:
            try:
                events[delivery.topic].append(self._event(delivery))
            except (ValueError, RecursionError) as error:
                broken.append((delivery, f"{type(error).__name__}: {error}"))
        return events, broken


class _Batch:
    """One transaction of an inbox."""

    def __init__(self, inbox: Inbox, connection: Connection) -> None:
        self.inbox = inbox
        self.connection = connection
        self.name = inbox.consumer.name
        self.effects = 0
        self.reacted: list[Transaction] = []

    async def apply(self, handler: Replica | Reaction, events: list[AnyEvent]) -> None:
        by_key: dict[Key, list[AnyEvent]] = defaultdict(list)
        for event in events:
            by_key[event.tenantid, UUID(event.subject)].append(event)
        topic = handler.aggregate.topic.name
        keys = sorted(by_key)
        applied = await self._applied(topic, keys)
        parked = await self._parked(topic, keys)
        new: list[AnyEvent] = []
        for key in keys:
            of_key = _fresh(by_key[key], applied.get(key, 0))
            if not of_key:
                continue
            if key in parked:
                new += await self._join_parked(handler, key, of_key, applied.get(key, 0), parked)
            elif isinstance(handler, Replica):
                new.append(of_key[-1])
            else:
                new += await self._in_turn(handler, of_key, applied.get(key, 0))
        if not new:
            return
        done = await self._run(handler, new)
        await self._mark_applied(topic, done)
        self.effects += len(done)

    # -- what is known of the keys -------------------------------------------------

    async def _applied(self, topic: str, keys: list[Key]) -> dict[Key, int]:
        rows = await self.connection.fetch(
            """select a.tenant, a.key, a.version from applied a
               join unnest($3::uuid[], $4::uuid[]) as wanted(tenant, key)
                    on a.tenant = wanted.tenant and a.key = wanted.key
               where a.consumer = $1 and a.topic = $2
               order by a.tenant, a.key for update of a""",
            self.name,
            topic,
            *_columns(keys),
        )
        return {(row["tenant"], row["key"]): row["version"] for row in rows}

    async def _parked(self, topic: str, keys: list[Key]) -> dict[Key, bool]:
        """Which keys are parked; True where only a gap holds them."""
        rows = await self.connection.fetch(
            """select tenant, key, bool_and(gap) as gap from parked
               where consumer = $1 and topic = $2 and (tenant, key) in (
                   select * from unnest($3::uuid[], $4::uuid[]))
               group by tenant, key""",
            self.name,
            topic,
            *_columns(keys),
        )
        return {(row["tenant"], row["key"]): row["gap"] for row in rows}

    async def _mark_applied(self, topic: str, done: Sequence[AnyEvent]) -> None:
        newest: dict[Key, int] = {}
        for event in done:
            key = (event.tenantid, UUID(event.subject))
            newest[key] = max(newest.get(key, 0), event.aggregateversion)
        marked = await self.connection.fetch(
            """insert into applied (consumer, topic, tenant, key, version)
               select $1, $2, * from unnest($3::uuid[], $4::uuid[], $5::bigint[])
               on conflict (consumer, topic, tenant, key)
               do update set version = excluded.version where applied.version < excluded.version
               returning 1""",
            self.name,
            topic,
            *_columns(newest),
            list(newest.values()),
        )
        if len(marked) != len(newest):
            raise LostRace(f"{topic}: applied by another process meanwhile")

    # -- running handlers ------------------------------------------------------------

    async def _run(self, handler: Replica | Reaction, events: list[AnyEvent]) -> list[AnyEvent]:
        """Run `events` together; where that fails, one by one, parking what fails alone."""
        error = await self._attempt(handler, events)
        if error is None:
            return events
        done: list[AnyEvent] = []
        failed: set[Key] = set()
        for event in events:
            key = (event.tenantid, UUID(event.subject))
            if key in failed:
                await self.park(handler, event, "waits for an earlier event of its key")
                continue
            error = await self._attempt(handler, [event])
            if error is None:
                done.append(event)
            else:
                failed.add(key)
                log.error("%s parks %s of %s", self.name, event.type, event.subject, exc_info=error)
                await self.park(handler, event, f"{type(error).__name__}: {error}")
        return done

    async def _attempt(
        self, handler: Replica | Reaction, events: Sequence[AnyEvent]
    ) -> Exception | None:
        """None when all went well; else what failed, with every effect undone."""
        if isinstance(handler, Reaction):
            events = [event for event in events if handler.concerns(event)]
        if not events:
            return None
        reacted: list[Transaction] = []
        try:
            async with self.connection.transaction():
                if isinstance(handler, Replica):
                    await handler.apply(self.connection, events)
                else:
                    for event in events:
                        with continuing(event.traceparent, f"react {event.type}"):
                            transaction = self.inbox.transaction(self.connection, event)
                            await handler.react(transaction, event)
                        reacted.append(transaction)
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the handler does wrong, its key parks
            return error
        self.reacted += reacted
        return None

    # -- parking -----------------------------------------------------------------

    async def park(
        self, handler: Replica | Reaction, event: AnyEvent, error: str, *, gap: bool = False
    ) -> None:
        await self.connection.execute(
            """insert into parked (consumer, topic, tenant, key, version, body, error, gap)
               values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing""",
            self.name,
            handler.aggregate.topic.name,
            event.tenantid,
            UUID(event.subject),
            event.aggregateversion,
            msgspec.json.encode(event),
            error[:2_000],
            gap,
        )

    async def _in_turn(
        self, handler: Replica | Reaction, events: list[AnyEvent], applied: int
    ) -> list[AnyEvent]:
        """Those of a key's `events` that follow `applied` without a gap; the rest is parked."""
        ready: list[AnyEvent] = []
        for event in events:
            if event.aggregateversion == applied + len(ready) + 1:
                ready.append(event)
            else:
                await self.park(
                    handler, event, f"waits for version {applied + len(ready) + 1}", gap=True
                )
        return ready

    async def _join_parked(
        self,
        handler: Replica | Reaction,
        key: Key,
        events: list[AnyEvent],
        applied: int,
        parked: dict[Key, bool],
    ) -> list[AnyEvent]:
        """New events of a parked key join it; if only a gap held it and is filled, it goes on."""
        topic = handler.aggregate.topic.name
        for event in events:
            await self.park(handler, event, "waits for an earlier event", gap=parked[key])
        if not parked[key]:
            return []
        rows = await self.connection.fetch(
            """select body from parked where consumer = $1 and topic = $2 and tenant = $3
               and key = $4 and version > $5 order by version""",
            self.name,
            topic,
            *key,
            applied,
        )
        waiting = [self.inbox.decode(topic, row["body"]) for row in rows]
        if waiting[0].aggregateversion != applied + 1:
            return []
        await self.connection.execute(
            """delete from parked where consumer = $1 and topic = $2 and tenant = $3
               and key = $4""",
            self.name,
            topic,
            *key,
        )
        return await self._in_turn(handler, waiting, applied)

    async def keep_undecodable(
        self, generation: str, broken: Sequence[tuple[Delivery, str]]
    ) -> None:
        for delivery, error in broken:
            log.error("%s cannot decode %s", self.name, delivery.topic, extra={"error": error})
            await self.connection.execute(
                """insert into undecodable
                   (consumer, generation, topic, partition, kafka_offset, value, error)
                   values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing""",
                self.name,
                generation,
                delivery.topic,
                delivery.partition,
                delivery.offset,
                delivery.value,
                error[:2_000],
            )


def _fresh(events: list[AnyEvent], applied: int) -> list[AnyEvent]:
    """The events after version `applied`, in order, each version once."""
    by_version = {e.aggregateversion: e for e in events if e.aggregateversion > applied}
    return [by_version[version] for version in sorted(by_version)]


def _columns(keys: Iterable[Key]) -> tuple[list[UUID], list[UUID]]:
    listed = list(keys)
    return [tenant for tenant, _ in listed], [key for _, key in listed]
