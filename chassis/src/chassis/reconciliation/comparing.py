"""A consumer at work: it compares what it has applied with what an owner has published.

Where the sums of a range differ, it takes a snapshot, asks the owner for the keys
and judges them one by one: see `judging` for why that is a proof.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from chassis import telemetry
from chassis.database import Database
from chassis.inbox import Consumer, Replica
from chassis.reconciliation import applied, verdicts
from chassis.reconciliation.applied import Difference, Kept, Reading, Snapshot
from chassis.reconciliation.journalled import MOST_KEYS
from chassis.reconciliation.judging import judge
from chassis.reconciliation.records import (
    NOTHING,
    Answer,
    Cost,
    Digest,
    Question,
    Range,
    Swept,
)
from chassis.settings import PlatformSettings
from chassis.transactions import uuid7
from events.topics import Topic

Ask: TypeAlias = Callable[[Question], Awaitable[Answer | None]]

_PATIENCE_SECONDS = 10.0
"""How long a consumer may be behind what an owner tells of, before the comparison is put off."""
_POLL_SECONDS = 0.1
_AT_ONCE = 16
"""Ranges of which the keys are asked for side by side."""


@dataclass(slots=True)
class _Tally:
    """What a comparison has come to so far, of one reading."""

    as_of: datetime
    hindrance: str | None = None
    found: Counter[str] = field(default_factory=Counter)
    keys: int = 0
    cost: Cost = field(default_factory=Cost)


Tallies: TypeAlias = Mapping[Reading, _Tally]


class Comparing:
    """Compares for all consumers of a service."""

    def __init__(
        self,
        service: str,
        consumers: Iterable[Consumer],
        database: Database,
        settings: PlatformSettings,
        ask: Ask,
    ) -> None:
        self._service = service
        self._database = database
        self._settings = settings
        self._ask = ask
        consumers = tuple(consumers)
        self._readings = [
            _reading(consumer, handler.aggregate.topic)
            for consumer in consumers
            for handler in consumer.handlers
        ]
        self._kept = [kept for consumer in consumers for kept in _kept(consumer)]
        self._differing: set[tuple[str, str]] = set()
        self.owners = {reading.owner for reading in self._readings}

    async def compare(self, swept: Swept, digests: Sequence[Digest]) -> None:
        """Compare everything of one owner, and keep what it comes to.

        `digests` cover all keys, and hold for what was recorded before `swept.as_of`.
        """
        granted = swept.wishes.get(self._service)
        readings = [reading for reading in self._readings if reading.owner == swept.owner]
        tallies = {reading: _Tally(swept.as_of) for reading in readings}
        self._differing = await verdicts.differing(self._database)
        await self._await_caught_up(tallies)
        for first in range(0, len(digests), _AT_ONCE):
            before = sum(tally.cost.rows for tally in tallies.values())
            # One after the other, but for the waiting for answers.
            differing = [
                (digest.range, unequal)
                for digest in digests[first : first + _AT_ONCE]
                if (unequal := await self._compare(digest, tallies))
            ]
            drilling = [self._drill_down(*each, tallies) for each in differing]
            for result in await asyncio.gather(*drilling, return_exceptions=True):
                if isinstance(result, BaseException):
                    raise result
            if granted is None:
                rows = sum(tally.cost.rows for tally in tallies.values()) - before
                await asyncio.sleep(rows / self._settings.reconcile_rows_per_second)
        for reading, tally in tallies.items():
            await verdicts.conclude(
                self._database,
                reading,
                as_of=None if tally.hindrance else tally.as_of,
                granted=granted,
                hindrance=tally.hindrance,
                keys=tally.keys,
                found=tally.found,
                cost=verdicts.Costs(tally.cost, swept.cost),
            )

    async def _await_caught_up(self, tallies: Tallies) -> None:
        """Wait, not for long, until each reading has passed what is to be compared."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for reading, tally in tallies.items():
            while tally.hindrance is None:
                moment = await applied.as_of(self._database, reading)
                if moment is not None and moment >= tally.as_of:
                    break
                if time.monotonic() > deadline:
                    tally.hindrance = (
                        "has never caught up yet"
                        if moment is None
                        else f"is still at {moment.isoformat(timespec='seconds')}"
                    )
                await asyncio.sleep(_POLL_SECONDS)

    async def _compare(self, digest: Digest, tallies: Tallies) -> list[Reading]:
        """Compare one range, of every reading that nothing hinders; those whose sums differ."""
        differing = []
        for reading, tally in tallies.items():
            if tally.hindrance is not None:
                continue
            began = time.monotonic()
            own = await applied.sum_of(self._database, reading, digest.range)
            tally.keys += own.keys
            self._count(tally, own.keys, began)
            if own == digest.topics.get(reading.topic, NOTHING):
                await self._note(reading.consumer, [reading.topic], "", digest.range, (), tally)
            else:
                differing.append(reading)
        for kept in self._kept:
            for reading, tally in tallies.items():
                if (reading.consumer, reading.topic) == (kept.consumer, kept.topics[0]):
                    await self._compare_rows(kept, digest.range, tally)
        return differing

    async def _drill_down(self, span: Range, readings: Sequence[Reading], tallies: Tallies) -> None:
        """Compare key by key, as many keys at a time as an answer may hold."""
        after = span.after
        while after != span.until:
            part = Range(after, span.until)
            shots = await self._snapshots(part, readings, tallies)
            if not shots:
                return
            until = min(shot.until for shot in shots.values())
            question = Question(
                owner=readings[0].owner,
                id=uuid7(),
                range=Range(after, until),
                as_of=min(shot.as_of for shot in shots.values()),
                topics=tuple(sorted({reading.topic for reading in shots})),
            )
            answer = await self._ask(question)
            if answer is None or not after < answer.until <= until:
                for reading in shots:
                    tallies[reading].hindrance = f"{question.owner} does not answer"
                return
            for reading, shot in shots.items():
                tally = tallies[reading]
                tally.cost += Cost(records=1)
                tally.as_of = min(tally.as_of, question.as_of)
                keys = answer.keys.get(reading.topic, [])
                found = judge(reading, keys, shot, answer.until)
                part = Range(after, answer.until)
                await self._note(reading.consumer, [reading.topic], "", part, found, tally)
            after = answer.until

    async def _snapshots(
        self, part: Range, readings: Sequence[Reading], tallies: Tallies
    ) -> dict[Reading, Snapshot]:
        shots: dict[Reading, Snapshot] = {}
        for reading in readings:
            began = time.monotonic()
            shot = await applied.snapshot(self._database, reading, part, MOST_KEYS)
            if shot is None:
                tallies[reading].hindrance = "has never caught up yet"
            else:
                shots[reading] = shot
                self._count(tallies[reading], len(shot.versions), began)
        return shots

    async def _compare_rows(self, kept: Kept, span: Range, tally: _Tally) -> None:
        if tally.hindrance is not None:
            return
        began = time.monotonic()
        found, rows = await applied.strayed(self._database, kept, span)
        self._count(tally, rows, began)
        await self._note(kept.consumer, kept.topics, kept.table.name, span, found, tally)

    async def _note(
        self,
        consumer: str,
        topics: Sequence[str],
        place: str,
        span: Range,
        found: Collection[Difference],
        tally: _Tally,
    ) -> None:
        """Keep what was found in a range; mostly that is nothing, and nothing was known before."""
        tally.found.update(difference.verdict for difference in found)
        if found or (consumer, place) in self._differing:
            self._differing.add((consumer, place))
            await verdicts.note(self._database, consumer, topics, place, span, found)

    def _count(self, tally: _Tally, rows: int, began: float) -> None:
        tally.cost += Cost(rows, (time.monotonic() - began) * 1_000)
        telemetry.RECONCILED_ROWS.labels(self._service).inc(rows)


def _reading(consumer: Consumer, topic: Topic) -> Reading:
    return Reading(consumer.name, topic.name, topic.owner, topic.partitions)


def _kept(consumer: Consumer) -> list[Kept]:
    """The tables that a consumer keeps, each with all topics that feed it."""
    feeding: dict[str, Kept] = {}
    for handler in consumer.handlers:
        for table in handler.tables if isinstance(handler, Replica) else ():
            topics = feeding[table.name].topics if table.name in feeding else ()
            topic = handler.aggregate.topic.name
            feeding[table.name] = Kept(consumer.name, table, (*topics, topic))
    return list(feeding.values())
