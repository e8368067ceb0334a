"""Who waits for the log is woken as it commits, whichever process wrote: one connection listens."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from chassis.database import PASSING_FAILURES, Database
from gateway.delivery.log import store

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 1.0
_ALIVE_SECONDS = 10.0
"""How often it is asked whether the connection still holds."""


class Ears:
    """Hears that something was written; `is_open` is False while it may miss some."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._listeners: list[Callable[[], None]] = []
        self.is_open = False

    def on_news(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something was written of any tenant."""
        self._listeners.append(listener)

    @contextmanager
    def listening(self, tenant: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever something was written of `tenant`."""
        woken = asyncio.Event()
        self._waiting[tenant].add(woken)
        try:
            yield woken
        finally:
            self._waiting[tenant].discard(woken)
            if not self._waiting[tenant]:
                del self._waiting[tenant]

    def wake_all(self) -> None:
        for tenant in list(self._waiting):
            self._wake(tenant)

    def _wake(self, tenant: UUID) -> None:
        for woken in self._waiting.get(tenant, ()):
            woken.set()

    def _heard(self, _connection: Any, _process: int, _channel: str, notice: str) -> None:
        for listener in self._listeners:
            listener()
        if not notice:
            self.wake_all()
        for tenant in filter(None, notice.split(",")):
            self._wake(UUID(tenant))

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen()
            except (*PASSING_FAILURES, TimeoutError) as error:
                log.warning("the log is looked at now and then only: %s", error)
            self.is_open = False
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _listen(self) -> None:
        connection = await self._database.connection()
        try:
            await store.listen(connection, self._heard)
            self.is_open = True
            # What was written before is heard of by nobody.
            self.wake_all()
            while True:
                await asyncio.sleep(_ALIVE_SECONDS)
                await connection.fetchval("select 1", timeout=_ALIVE_SECONDS)
        finally:
            connection.terminate()
