"""From event to effect: at least once on the wire, exactly once in effect.

`applied(consumer, topic, tenant, key, version)` is written in the transaction
of the effect, so that a duplicate, however late, changes nothing. Two kinds of
handlers are declared as such:

- a `Replica` (projection, report): any higher version applies;
- a `Reaction` (does something once): every version in turn; a gap parks the key
  until the missing version arrives.

A batch is one transaction (on MongoDB: steps that can be repeated, in an order
that loses none). A failure of infrastructure undoes it whole and is
raised, to be tried again; a deterministic failure is isolated by a savepoint and
its key is parked: this event and all later ones of the key wait for an operator.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from chassis.database import PASSING_FAILURES, Connection
from chassis.decoding import AnyEvent, Decoding, Delivery, Read, id_of, topic_of
from chassis.erasure import is_forgetting
from chassis.parking import Key
from chassis.problems import Conflict, ExternalIdTaken, NotFound, VersionLost
from chassis.seals import SealedTable
from chassis.storage import Batch
from chassis.telemetry import continuing
from chassis.transactions import By, Transaction, Transactions
from events.topics import Aggregate

if TYPE_CHECKING:
    from chassis.mongodb.database import MongoDatabase

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Replica:
    """Keeps what others' aggregates are: `apply` gets the newest event of each key.

    `tables` are those in which it keeps one row for each aggregate, until that is removed.
    `apply_documents` does the same in a service that runs on MongoDB too. There
    an older version than the one that is kept changes nothing.
    """

    aggregate: Aggregate
    apply: Callable[[Connection, Sequence[AnyEvent]], Awaitable[None]]
    tables: tuple[SealedTable, ...] = ()
    apply_documents: Callable[[MongoDatabase, Sequence[AnyEvent]], Awaitable[None]] | None = None


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


class LostRace(Exception):
    """Another process applied the same events meanwhile."""


PASSING = (*PASSING_FAILURES, LostRace, VersionLost, ExternalIdTaken)
"""Failures after which the batch is tried again, whole."""


class AnotherEventWaits(Conflict):
    title = "Another event of this key waits first"


class Inbox:
    """Applies the batches of one consumer."""

    def __init__(self, consumer: Consumer, transactions: Transactions) -> None:
        self.consumer = consumer
        self._transactions = transactions
        self._handlers = {h.aggregate.topic.name: h for h in consumer.handlers}
        aggregates = [handler.aggregate for handler in consumer.handlers]
        self.decoding = Decoding(consumer.name, aggregates)

    async def apply(self, generation: str, read: Read) -> int:
        """Apply one batch in one transaction; returns how many events had an effect.

        Raises one of `PASSING` when it should be tried again.
        """
        async with self._batch(read.bodies) as batch:
            await batch.parking.take_turn(alone=read.is_replayed)
            await batch.keep_undecodable(generation, read.broken)
            for topic, of_topic in read.events.items():
                await batch.apply(self._handlers[topic], of_topic)
        return batch.effects

    async def apply_events(self, events: Iterable[AnyEvent]) -> int:
        """Apply events that are decoded already, as one batch."""
        grouped: dict[str, list[AnyEvent]] = defaultdict(list)
        for event in events:
            grouped[topic_of(event)].append(event)
        async with self._batch({}) as batch:
            for topic, of_topic in grouped.items():
                await batch.apply(self._handlers[topic], of_topic)
        return batch.effects

    async def redrive(self, topic: str, key: Key) -> int:
        """Try the events of a parked key again, in order; how many had an effect.

        What fails again is parked again, with its new error. `NotFound` when the
        key is not parked.
        """
        bodies: dict[UUID, bytes] = {}
        async with self._batch(bodies) as batch:
            waiting = await batch.parking.take(topic, key)
            if not waiting:
                raise NotFound(f"{self.consumer.name} has not parked {key[1]} of {topic}")
            events = [self.decoding.decode(topic, body) for body in waiting]
            bodies |= {event.id: body for event, body in zip(events, waiting, strict=True)}
            await batch.apply(self._handlers[topic], events)
        return batch.effects

    async def discard(
        self, topic: str, key: Key, by: str, reason: str, *, meant: int | None = None
    ) -> int:
        """Never apply the first event of a parked key, and try those behind it; its version.

        The event stays readable in `discarded`, with who decided so and why. `AnotherEventWaits`
        when `meant` is another version than its own.
        """
        async with self._batch({}) as batch:
            await batch.parking.held(topic, [key])
            first = await batch.parking.first_version(topic, key)
            if first is not None and meant not in (None, first):
                raise AnotherEventWaits(f"version {first} waits before all others", version=first)
            version = await batch.parking.drop(topic, key, by, reason)
            if version is None:
                raise NotFound(f"{self.consumer.name} has not parked {key[1]} of {topic}")
            await batch.kept.skip(topic, key, version)
            last = await batch.parking.first_version(topic, key) is None
            if last:
                await batch.parking.take(topic, key)
        if not last:
            await self.redrive(topic, key)
        return version

    @asynccontextmanager
    async def _batch(self, bodies: Mapping[UUID, bytes]) -> AsyncIterator[_Batch]:
        """One transaction; `bodies` has the events as they came, by their ids."""
        async with self._transactions.storage.batch(self.consumer.name) as kept:
            batch = _Batch(self, kept, bodies)
            yield batch
        for transaction in batch.reacted:
            self._transactions.committed(transaction)

    def by(self, event: AnyEvent) -> By:
        """Who reacts to `event`."""
        return self._transactions.reacting_to(event)


def _key(event: AnyEvent) -> Key:
    return event.tenantid, id_of(event.subject)


class _Batch:
    """One transaction of an inbox."""

    def __init__(self, inbox: Inbox, kept: Batch, bodies: Mapping[UUID, bytes]) -> None:
        self.inbox = inbox
        self.kept = kept
        self.bodies = bodies
        self.name = inbox.consumer.name
        self.parking = kept.parking
        self.effects = 0
        self.reacted: list[Transaction] = []

    async def apply(self, handler: Replica | Reaction, events: list[AnyEvent]) -> None:
        by_key: dict[Key, list[AnyEvent]] = defaultdict(list)
        for event in events:
            by_key[_key(event)].append(event)
        topic = handler.aggregate.topic.name
        # By number: comparing ids as such takes longer than all else that is done with them.
        keys = sorted(by_key, key=lambda key: (key[0].int, key[1].int))
        parked = await self.parking.held(topic, keys)
        applied = await self.kept.applied(topic, keys)
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
        if new:
            done = await self._run(handler, new)
            await self._mark_applied(topic, done)
            self.effects += len(done)
        # Last, because what failed just now waits with all that is to be forgotten.
        await self.kept.forget(topic, [event for event in events if is_forgetting(event)])

    # -- what is known of the keys -------------------------------------------------

    async def _mark_applied(self, topic: str, done: Sequence[AnyEvent]) -> None:
        newest: dict[Key, AnyEvent] = {}
        for event in done:
            key = _key(event)
            known = newest.get(key)
            if known is None or known.aggregateversion < event.aggregateversion:
                newest[key] = event
        if not await self.kept.mark(topic, newest):
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
            key = _key(event)
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
            async with self.kept.attempt():
                if isinstance(handler, Replica):
                    await self.kept.keep(handler, events)
                else:
                    for event in events:
                        with continuing(event.traceparent, f"react {event.type}"):
                            async with self.kept.reacting(self.inbox.by(event), event) as reaction:
                                await handler.react(reaction, event)
                        reacted.append(reaction)
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
        key = _key(event)
        body = self.bodies.get(event.id) or msgspec.json.encode(event)
        topic = handler.aggregate.topic.name
        await self.parking.put(topic, key, event.aggregateversion, body, error, gap=gap)

    async def _in_turn(
        self, handler: Replica | Reaction, events: list[AnyEvent], applied: int
    ) -> list[AnyEvent]:
        """Those of a key's `events` that follow `applied` without a gap; the rest is parked."""
        ready: list[AnyEvent] = []
        for event in events:
            expected = applied + len(ready) + 1
            if event.aggregateversion == expected:
                ready.append(event)
            else:
                await self.park(handler, event, f"waits for version {expected}", gap=True)
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
        if not parked[key] or await self.parking.first_version(topic, key) != applied + 1:
            return []
        bodies = await self.parking.take(topic, key)
        waiting = [self.inbox.decoding.decode(topic, body) for body in bodies]
        return await self._in_turn(handler, waiting, applied)

    async def keep_undecodable(
        self, generation: str, broken: Sequence[tuple[Delivery, str]]
    ) -> None:
        for delivery, error in broken:
            log.error("%s cannot decode %s", self.name, delivery.topic, extra={"error": error})
            await self.kept.keep_undecodable(generation, delivery, error)


def _fresh(events: list[AnyEvent], applied: int) -> list[AnyEvent]:
    """The events after version `applied`, in order, each version once."""
    if len(events) == 1:
        return events if events[0].aggregateversion > applied else []
    by_version = {e.aggregateversion: e for e in events if e.aggregateversion > applied}
    return [by_version[version] for version in sorted(by_version)]
