"""The worker of a service: relays, consumes, and starts anew when the broker is another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

from chassis.cancellation import no_strays, to_its_end
from chassis.consumers import Subscription
from chassis.database import PASSING_FAILURES, Database
from chassis.generations import Genesis, refill
from chassis.inbox import Consumer
from chassis.kafka import BROKER_FAILURES, admin, make_topics
from chassis.reconciliation.reconciler import Reconciler
from chassis.relay import Relay
from chassis.settings import PlatformSettings
from chassis.tides import Tides
from chassis.transactions import Transactions
from chassis.watermarks import Watermarks
from events.topics import RECONCILIATION, owned_by, replay_topic

log = logging.getLogger(__name__)

_HOUSEKEEPING_SECONDS = 3_600


class Worker:
    """Runs a service's relay and consumers in the broker's current generation."""

    def __init__(
        self,
        service: str,
        owner: str,
        consumers: Sequence[Consumer],
        transactions: Transactions,
        settings: PlatformSettings,
    ) -> None:
        self._service = service
        self._owner = owner
        self._consumers = consumers
        self._transactions = transactions
        self._settings = settings
        self._topics = owned_by(owner)
        self._relay = Relay(service, self._topics, transactions.any_database, settings)
        self._genesis = Genesis(settings)
        self._subscriptions: list[Subscription] = []
        self.generation: str | None = None
        self.has_been_ready = False
        transactions.on_commit(self._relay.wake)

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_house())
                tasks.create_task(self._follow_generations())
        finally:
            await self._genesis.close()

    def missing(self) -> list[str]:
        """What is not yet there, in words; nothing when the worker is at work."""
        if self.generation is None:
            return ["the broker's generation is not known yet"]
        if len(self._subscriptions) < len(self._consumers):
            return ["the consumers are still to be started"]
        missing = [what for s in self._subscriptions if (what := s.missing()) is not None]
        self.has_been_ready = self.has_been_ready or not missing
        return missing

    async def _follow_generations(self) -> None:
        while True:
            try:
                with no_strays():
                    generation = await self._genesis.begin()
                    queued = await refill(self._transactions.any_database, generation)
                    if queued:
                        log.info("refilling generation %s with %d events", generation, queued)
                    await self._work_in(generation)
                log.warning("the broker is another: generation %s is over", generation)
            except (*BROKER_FAILURES, *PASSING_FAILURES) as error:
                log.warning("the worker waits for the broker: %s", error)
                await self._genesis.close()
                await asyncio.sleep(0.2)

    async def _work_in(self, generation: str) -> None:
        """Relay and consume until the broker's generation is another."""
        tides = Tides(self._settings)
        watermarks = Watermarks(self._topics, self._transactions.any_database, self._settings)
        relaying = asyncio.create_task(self._relay.run(generation))
        working = [relaying]
        async with AsyncExitStack() as at_the_end:
            at_the_end.push_async_callback(watermarks.close)
            at_the_end.push_async_callback(tides.stop)
            at_the_end.push_async_callback(self._come_to_rest, working)
            await self._make_own_topics()
            await tides.start()
            if self._topics:
                database = self._transactions.any_database
                working.append(asyncio.create_task(tides.keep_writing(self._owner, database)))
            subscriptions = [
                Subscription(consumer, self._transactions, self._settings, generation, tides)
                for consumer in self._consumers
            ]
            self._subscriptions = subscriptions
            # Whoever waits for a group that does not come about must notice what else happens.
            joining = [asyncio.create_task(subscription.start()) for subscription in subscriptions]
            working += joining
            while await self._is_still(generation, watermarks):
                if waited_for := [task for task in joining if not task.done()]:
                    await asyncio.wait(waited_for, timeout=self._settings.generation_check_seconds)
                else:
                    if self.generation is None:
                        working += self._reconciling()
                    self.generation = generation
                    await asyncio.sleep(self._settings.generation_check_seconds)
                for task in (relaying, *joining):
                    if task.done():
                        task.result()
                for subscription in subscriptions:
                    subscription.require_reading()

    async def _come_to_rest(self, working: Sequence[asyncio.Task[None]]) -> None:
        await to_its_end(self._rest(working))

    async def _rest(self, working: Sequence[asyncio.Task[None]]) -> None:
        self.generation = None
        for task in working:
            task.cancel()
        # What is still connecting ends before it is stopped.
        await asyncio.gather(*working, return_exceptions=True)
        await asyncio.gather(*(s.stop() for s in self._subscriptions), return_exceptions=True)
        self._subscriptions = []

    def _reconciling(self) -> list[asyncio.Task[None]]:
        """The reconciler at work; none on MongoDB, where nothing is reconciled yet."""
        database = self._transactions.any_database
        if not isinstance(database, Database):
            return []
        reconciler = Reconciler(
            self._service, self._owner, self._consumers, database, self._settings
        )
        return [asyncio.create_task(reconciler.run())]

    async def _make_own_topics(self) -> None:
        topics = [replay_topic(consumer.name) for consumer in self._consumers]
        async with admin(self._settings) as client:
            await make_topics(client, [RECONCILIATION, *topics], self._settings)

    async def _is_still(self, generation: str, watermarks: Watermarks) -> bool:
        """Whether the broker remembers this generation, and all of the own topics.

        Its absence proves nothing yet.
        """
        try:
            if await self._genesis.current() != generation:
                return False
            lost = await watermarks.lost(generation)
            if lost:
                log.error("the broker has lost records of %s", ", ".join(lost))
                await self._genesis.end(generation)
            return not lost
        except BROKER_FAILURES as error:
            log.warning("the broker does not answer: %s", error)
            await self._genesis.close()
            await watermarks.close()
        except PASSING_FAILURES as error:
            log.warning("cannot look whether the broker has lost anything: %s", error)
        return True

    async def _keep_house(self) -> None:
        """Prepare the journal for what comes, forget old idempotency keys."""
        while True:
            try:
                remembered = timedelta(days=self._settings.idempotency_days)
                await self._transactions.storage.keep_house(remembered)
            except PASSING_FAILURES as error:
                log.warning("housekeeping waits: %s", error)
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
