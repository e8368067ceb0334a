"""Reconciliation at work in a service: one process of it at a time, in one generation.

The service sweeps what it owns, and compares what its consumers follow, each
whenever its owner has swept.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis import telemetry
from chassis.database import PASSING_FAILURES, Database
from chassis.inbox import Consumer
from chassis.kafka import BROKER_FAILURES
from chassis.leases import Turn
from chassis.reconciliation import verdicts
from chassis.reconciliation.applied import VERDICTS
from chassis.reconciliation.channel import Channel
from chassis.reconciliation.comparing import Comparing
from chassis.reconciliation.publishing import Publishing
from chassis.reconciliation.records import (
    Answer,
    Digest,
    Question,
    Record,
    Swept,
    Wish,
)
from chassis.reconciliation.tiling import Tiling
from chassis.settings import PlatformSettings
from events.topics import owned_by

log = logging.getLogger(__name__)

_TURN = "reconciliation"
_ANSWER_SECONDS = 10.0
_LOOK_SECONDS = 0.5
_WISH_AGAIN_SECONDS = 15.0
_REPEAT_SECONDS = 30.0
"""How long a consumer that lacks digests waits before it asks for all of them once more."""
_MEASURED_SECONDS = 5.0


class _TurnIsOver(Exception):
    """Another process has it now."""


class Reconciler:
    """Reconciles for a service; `run` until cancelled."""

    def __init__(
        self,
        service: str,
        owner: str,
        consumers: Sequence[Consumer],
        database: Database,
        settings: PlatformSettings,
    ) -> None:
        self._service = service
        self._owner = owner
        self._consumers = consumers
        self._database = database
        self._settings = settings
        self._turn = Turn(database, _TURN, settings.relay_lease_seconds)

    async def run(self) -> None:
        """Take one's turn when it comes; failures of the store or the broker are waited out."""
        measuring = asyncio.create_task(self._keep_measuring())
        try:
            while True:
                try:
                    if await self._turn.take():
                        await self._work()
                except _TurnIsOver:
                    log.info("another process reconciles now")
                except (*BROKER_FAILURES, *PASSING_FAILURES) as error:
                    log.warning("reconciliation waits: %s", error)
                except Exception:
                    # Whatever it is, the service goes on without.
                    log.exception("reconciliation pauses for what it does not understand")
                await asyncio.sleep(self._settings.relay_lease_seconds / 3)
        finally:
            measuring.cancel()
            with suppress(*PASSING_FAILURES, TimeoutError):
                async with asyncio.timeout(2):
                    await self._turn.release()

    async def _work(self) -> None:
        """Reconcile as long as it is this process's turn; raises what ends that."""
        channel = Channel(self._service, self._settings)
        try:
            await channel.open()
            session = Session(
                self._service,
                self._owner,
                self._consumers,
                self._database,
                self._settings,
                channel,
            )
            work = [self._keep_turn(), *session.work()]
            tasks = [asyncio.create_task(each) for each in work]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()
        finally:
            await channel.close()

    async def _keep_turn(self) -> None:
        while True:
            await asyncio.sleep(self._settings.relay_lease_seconds / 3)
            if not await self._turn.take():
                raise _TurnIsOver

    async def _keep_measuring(self) -> None:
        """Every process tells what was found, whoever has found it."""
        while True:
            try:
                await self._measure()
            except PASSING_FAILURES as error:
                log.info("reconciliation cannot be measured: %s", error)
            await asyncio.sleep(_MEASURED_SECONDS)

    async def _measure(self) -> None:
        concluded = await verdicts.conclusions(self._database)
        for consumer in self._consumers:
            own = [conclusion for conclusion in concluded if conclusion.consumer == consumer.name]
            found: Counter[str] = Counter(dict.fromkeys(VERDICTS, 0))
            for conclusion in own:
                found.update(conclusion.found)
            for verdict, count in found.items():
                telemetry.DIFFERENCES.labels(consumer.name, verdict).set(count)
            proven = [conclusion.as_of for conclusion in own if conclusion.as_of is not None]
            if len(proven) == len(consumer.handlers):
                age = (datetime.now(UTC) - min(proven)).total_seconds()
                telemetry.RECONCILED_AGE.labels(consumer.name).set(max(age, 0.0))


class Session:
    """What one process knows during its turn."""

    def __init__(
        self,
        service: str,
        owner: str,
        consumers: Iterable[Consumer],
        database: Database,
        settings: PlatformSettings,
        channel: Channel,
    ) -> None:
        self._service = service
        self._owner = owner
        self._database = database
        self._channel = channel
        self._publishing = Publishing(owner, service, database, settings, channel.send)
        self._comparing = Comparing(service, consumers, database, settings, self._ask)
        self._tilings = {followed: Tiling() for followed in self._comparing.owners}
        self._swept: dict[str, tuple[Swept, tuple[Digest, ...]]] = {}
        self._has_swept = asyncio.Event()
        self._granted: dict[str, datetime] = {}
        self._passed_on: dict[str, tuple[datetime, float]] = {}
        self._may_repeat: dict[str, float] = {}
        self._asked: dict[UUID, asyncio.Future[Answer]] = {}

    def work(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What is to be done side by side; none of it ends by itself."""
        yield self._keep_reading()
        if owned_by(self._owner):
            yield self._publishing.run()
        if self._comparing.owners:
            yield self._keep_comparing()
            yield self._keep_wishing()

    async def _keep_reading(self) -> None:
        async for record, is_old in self._channel.records():
            await self._take(record, is_old=is_old)

    async def _take(self, record: Record, *, is_old: bool) -> None:
        match record:
            case Digest():
                if record.owner in self._tilings:
                    self._tilings[record.owner].put(record)
                if record.owner == self._owner and is_old:
                    self._publishing.remember(record)
            case Swept() if record.owner in self._tilings:
                await self._take_swept(record)
            case Wish() if record.owner == self._owner:
                self._publishing.grant(record)
            case Question() if record.owner == self._owner:
                await self._publishing.answer(record)
            case Answer():
                answering = self._asked.pop(record.id, None)
                if answering is not None and not answering.done():
                    answering.set_result(record)

    async def _take_swept(self, swept: Swept) -> None:
        """Let everything of an owner be compared, if its digests have all arrived."""
        tiling = self._tilings[swept.owner]
        digests = tiling.whole()
        if digests is not None and tiling.root() == swept.root:
            self._swept[swept.owner] = swept, digests
            self._has_swept.set()
        elif self._may_repeat.get(swept.owner, 0.0) < asyncio.get_running_loop().time():
            self._may_repeat[swept.owner] = asyncio.get_running_loop().time() + _REPEAT_SECONDS
            await self._wish(swept.owner, swept.as_of, everything=True)
            self._passed_on.pop(swept.owner, None)

    async def _keep_comparing(self) -> None:
        while True:
            await self._has_swept.wait()
            self._has_swept.clear()
            while self._swept:
                owner = next(iter(self._swept))
                swept, digests = self._swept.pop(owner)
                await self._comparing.compare(swept, digests)
                if self._service in swept.wishes:
                    self._granted[owner] = swept.wishes[self._service]

    async def _keep_wishing(self) -> None:
        """Pass on to the owners what an operator wishes, until it is granted."""
        while True:
            wanted = await verdicts.last_wish(self._database)
            if wanted is not None:
                for owner in self._comparing.owners:
                    await self._pass_on(owner, wanted)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _pass_on(self, owner: str, wanted: datetime) -> None:
        now = asyncio.get_running_loop().time()
        if owner in self._granted and self._granted[owner] >= wanted:
            return
        last, since = self._passed_on.get(owner, (None, 0.0))
        if last != wanted or now > since + _WISH_AGAIN_SECONDS:
            self._passed_on[owner] = wanted, now
            await self._wish(owner, wanted)

    async def _wish(self, owner: str, wanted: datetime, *, everything: bool = False) -> None:
        await self._channel.send(
            Wish(owner=owner, service=self._service, wanted=wanted, everything=everything)
        )

    async def _ask(self, question: Question) -> Answer | None:
        """What the owner answers; None when it does not."""
        answering: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[question.id] = answering
        try:
            await self._channel.send(question)
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await answering
        except TimeoutError:
            return None
        finally:
            self._asked.pop(question.id, None)
