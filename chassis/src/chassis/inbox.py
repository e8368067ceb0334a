"""From event to effect: at least once on the wire, exactly once in effect.

`applied(consumer, topic, tenant, key, version)` is written in the transaction
of the effect, so that a duplicate, however late, changes nothing. Three kinds of
handlers are declared as such:

- a `Replica` (projection, report): any higher version applies;
- a `Chronicle` (a log of what was said): every version in turn, from the first that comes;
- a `Reaction` (does something once): every version in turn, from 1.

Where every version counts a gap parks the key until the missing one arrives.

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
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
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
from events.values import Record

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

    @property
    def state(self) -> type[Record]:
        return self.aggregate.state


@dataclass(frozen=True, slots=True)
class Reaction:
    """Does something once, in a transaction of the service's own.

    Every version counts in turn; `react` is called for those that it `concerns`.
    """

    aggregate: Aggregate
    react: Callable[[Transaction, AnyEvent], Awaitable[None]]
    concerns: Callable[[AnyEvent], bool]

    @property
    def state(self) -> type[Record]:
        return self.aggregate.state


class Told(NamedTuple):
    """An event, and the bytes as which it came."""

    event: AnyEvent
    body: bytes


Write: TypeAlias = Callable[[Connection, Sequence[Told]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Chronicle:
    """Keeps every version from the first of its key that comes, in turn.

    What the broker has forgotten before that is missing, and holds nothing up. What a batch
    brings of all topics that are kept with the same `write` is written in one call. Of a
    state no more is decoded than every record has: whatever else an event says is kept,
    and need not be understood.
    """

    aggregate: Aggregate
    write: Write

    @property
    def state(self) -> type[Record]:
        return Record


Handler: TypeAlias = Replica | Chronicle | Reaction
Doing: TypeAlias = Replica | Write | Reaction
"""What is done with events, of one topic or, when they are written down, of several."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """A named reader of topics; one handler for each."""

    name: str
    handlers: tuple[Handler, ...]

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
        self.decoding = Decoding(
            consumer.name, [(handler.aggregate, handler.state) for handler in consumer.handlers]
        )

    async def apply(self, generation: str, read: Read) -> int:
        """Apply one batch in one transaction; returns how many events had an effect.

        Raises one of `PASSING` when it should be tried again.
        """
        async with self._batch(read.bodies) as batch:
            await batch.parking.take_turn(alone=read.is_replayed)
            await batch.keep_undecodable(generation, read.broken)
            await batch.apply(read.events)
        return batch.effects

    async def apply_events(self, events: Iterable[AnyEvent]) -> int:
        """Apply events that are decoded already, as one batch."""
        grouped: dict[str, list[AnyEvent]] = defaultdict(list)
        for event in events:
            grouped[topic_of(event)].append(event)
        async with self._batch({}) as batch:
            await batch.apply(grouped)
        return batch.effects

    async def redrive(self, topic: str, key: Key) -> int:
        """Try the events of a parked key again, in order; how many had an effect.

        What fails again is parked again, with its new error. `NotFound` when the
        key is not parked.
        """
        async with self._batch({}) as batch:
            waiting = await batch.parking.take(topic, key)
            if not waiting:
                raise NotFound(f"{self.consumer.name} has not parked {key[1]} of {topic}")
            events = [self.decoding.decode(topic, body) for body in waiting]
            batch.bodies |= {event.id: body for event, body in zip(events, waiting, strict=True)}
            await batch.apply({topic: events})
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

    def handler_of(self, topic: str) -> Handler:
        """What is done with the events of `topic`."""
        return self._handlers[topic]

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
        self.bodies = dict(bodies)
        self.name = inbox.consumer.name
        self.parking = kept.parking
        self.effects = 0
        self.reacted: list[Transaction] = []

    async def apply(self, events: Mapping[str, Sequence[AnyEvent]]) -> None:
        """Apply events by topic; what is to be written down at once, last."""
        told: dict[Write, list[AnyEvent]] = defaultdict(list)
        for topic, of_topic in events.items():
            handler = self.inbox.handler_of(topic)
            new = await self._new(handler, of_topic)
            if isinstance(handler, Chronicle):
                told[handler.write] += new
            else:
                await self._run(handler, new)
        for write, new in told.items():
            await self._run(write, new)
        # Last, because what failed just now waits with all that is to be forgotten.
        for topic, of_topic in events.items():
            await self.kept.forget(topic, [event for event in of_topic if is_forgetting(event)])

    async def _new(self, handler: Handler, events: Sequence[AnyEvent]) -> list[AnyEvent]:
        """Those of a topic's `events` that `handler` is to get now."""
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
                new += await self._join_parked(of_key, applied.get(key, 0), parked[key])
            elif isinstance(handler, Replica):
                new.append(of_key[-1])
            else:
                first = of_key[0].aggregateversion if isinstance(handler, Chronicle) else 1
                new += await self._in_turn(of_key, applied.get(key, first - 1))
        return new

    # -- what is known of the keys -------------------------------------------------

    async def _mark_applied(self, done: Sequence[AnyEvent]) -> None:
        newest: dict[str, dict[Key, AnyEvent]] = defaultdict(dict)
        for event in done:
            of_topic, key = newest[topic_of(event)], _key(event)
            known = of_topic.get(key)
            if known is None or known.aggregateversion < event.aggregateversion:
                of_topic[key] = event
        for topic, of_topic in newest.items():
            if not await self.kept.mark(topic, of_topic):
                raise LostRace(f"{topic}: applied by another process meanwhile")

    # -- running handlers ------------------------------------------------------------

    async def _run(self, doing: Doing, events: list[AnyEvent]) -> None:
        """Run `events` together; where that fails, one by one, parking what fails alone."""
        if not events:
            return
        done = events if await self._attempt(doing, events) is None else []
        failed: set[tuple[str, Key]] = set()
        for event in events if not done else ():
            key = (topic_of(event), _key(event))
            if key in failed:
                await self.park(event, "waits for an earlier event of its key")
                continue
            error = await self._attempt(doing, [event])
            if error is None:
                done.append(event)
            else:
                failed.add(key)
                log.error("%s parks %s of %s", self.name, event.type, event.subject, exc_info=error)
                await self.park(event, f"{type(error).__name__}: {error}")
        await self._mark_applied(done)
        self.effects += len(done)

    async def _attempt(self, doing: Doing, events: Sequence[AnyEvent]) -> Exception | None:
        """None when all went well; else what failed, with every effect undone."""
        if isinstance(doing, Reaction):
            events = [event for event in events if doing.concerns(event)]
        if not events:
            return None
        reacted: list[Transaction] = []
        try:
            async with self.kept.attempt():
                if isinstance(doing, Replica):
                    await self.kept.keep(doing, events)
                elif isinstance(doing, Reaction):
                    for event in events:
                        with continuing(event.traceparent, f"react {event.type}"):
                            async with self.kept.reacting(self.inbox.by(event), event) as reaction:
                                await doing.react(reaction, event)
                        reacted.append(reaction)
                else:
                    await self.kept.write(doing, [Told(e, self._body(e)) for e in events])
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the handler does wrong, its key parks
            return error
        self.reacted += reacted
        return None

    # -- parking -----------------------------------------------------------------

    def _body(self, event: AnyEvent) -> bytes:
        return self.bodies.get(event.id) or msgspec.json.encode(event)

    async def park(self, event: AnyEvent, error: str, *, gap: bool = False) -> None:
        body = self._body(event)
        await self.parking.put(
            topic_of(event), _key(event), event.aggregateversion, body, error, gap=gap
        )

    async def _in_turn(self, events: list[AnyEvent], applied: int) -> list[AnyEvent]:
        """Those of a key's `events` that follow `applied` without a gap; the rest is parked."""
        ready: list[AnyEvent] = []
        for event in events:
            expected = applied + len(ready) + 1
            if event.aggregateversion == expected:
                ready.append(event)
            else:
                await self.park(event, f"waits for version {expected}", gap=True)
        return ready

    async def _join_parked(
        self, events: list[AnyEvent], applied: int, is_gap: bool
    ) -> list[AnyEvent]:
        """New events of a parked key join it; if only a gap held it and is filled, it goes on."""
        topic, key = topic_of(events[0]), _key(events[0])
        for event in events:
            await self.park(event, "waits for an earlier event", gap=is_gap)
        if not is_gap or await self.parking.first_version(topic, key) != applied + 1:
            return []
        bodies = await self.parking.take(topic, key)
        waiting = [self.inbox.decoding.decode(topic, body) for body in bodies]
        self.bodies |= {event.id: body for event, body in zip(waiting, bodies, strict=True)}
        return await self._in_turn(waiting, applied)

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
