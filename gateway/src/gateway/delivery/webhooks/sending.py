"""Gives webhooks their turns; several gateways share them, no two send for one at once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from chassis.database import PASSING_FAILURES
from chassis.settings import ServiceSettings
from chassis.transactions import Transactions, now, uuid7, wait_or_timeout
from gateway.delivery.log.log import Log
from gateway.delivery.webhooks import queue, turns
from gateway.delivery.webhooks.destination import Egress
from gateway.delivery.webhooks.outgoing import opened_outgoing
from gateway.delivery.webhooks.schedule import Schedule
from gateway.delivery.webhooks.turn import Means, TurnAtWork
from gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

_AT_ONCE = 32
"""Webhooks that one process sends for."""
_LOOK_SECONDS = 1.0
_LAST_SECONDS = 5.0
"""For what is under way when the process ends."""
_FORGOTTEN_AT_ONCE = 5_000


class Dispatcher:
    """Takes webhooks that have something to send, those first that have waited longest."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._turns: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()

    @property
    def egress(self) -> Egress:
        """Where webhooks may go."""
        return self._means.outgoing.egress

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send until the process is to end, or cancelled."""
        try:
            while not self._means.stopping.is_set():
                try:
                    await self._take()
                except PASSING_FAILURES as error:
                    log.warning("webhooks wait: %s", error)
                except Exception:
                    log.exception("webhooks wait for what is not understood")
                await wait_or_timeout(self._wake, _LOOK_SECONDS)
        finally:
            await self._finish()

    async def _take(self) -> None:
        free = _AT_ONCE - len(self._turns)
        if free <= 0:
            return
        # What the database believes is never less than what is believed here.
        taken = time.monotonic()
        taken_turns = await turns.take_turns(self._means.database, uuid7(), self._means.lease, free)
        for turn in taken_turns:
            task = asyncio.create_task(TurnAtWork(self._means, turn, taken).run())
            self._turns.add(task)
            task.add_done_callback(self._done)

    def _done(self, turn: asyncio.Task[None]) -> None:
        self._turns.discard(turn)
        self._wake.set()

    async def _finish(self) -> None:
        under_way = set(self._turns)
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=_LAST_SECONDS)
            for turn in late:
                turn.cancel()
            await asyncio.gather(*late, return_exceptions=True)


@asynccontextmanager
async def sending_webhooks(
    log_: Log, settings: GatewaySettings, stopping: asyncio.Event
) -> AsyncIterator[Dispatcher]:
    """A dispatcher at work for the length of the block."""
    async with opened_outgoing(settings) as outgoing:
        schedule = Schedule(
            timedelta(seconds=settings.webhook_pause_seconds),
            timedelta(seconds=settings.webhook_longest_pause_seconds),
            timedelta(days=settings.webhook_failing_days),
        )
        attempts = asyncio.Semaphore(settings.webhook_attempts)
        dispatcher = Dispatcher(Means(log_, outgoing, settings, schedule, attempts, stopping))
        log_.on_news(dispatcher.wake)
        running = asyncio.create_task(dispatcher.run())
        try:
            yield dispatcher
        finally:
            stopping.set()
            dispatcher.wake()
            await asyncio.gather(running, return_exceptions=True)


async def forget_deliveries(transactions: Transactions, settings: ServiceSettings) -> None:
    """Forget what became of deliveries more than `webhook_log_days` ago."""
    assert isinstance(settings, GatewaySettings)
    before = now() - timedelta(days=settings.webhook_log_days)
    database = transactions.database
    while await queue.forget(database, before, _FORGOTTEN_AT_ONCE) == _FORGOTTEN_AT_ONCE:
        pass
