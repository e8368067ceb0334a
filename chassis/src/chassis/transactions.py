"""A command's transaction: who changes what, and why; committed whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.database import Connection, Database
from chassis.identity import Identity, system_identity
from chassis.savings import Savings, opening
from chassis.telemetry import traceparent
from events.envelope import Event

__all__ = ["Cause", "Transaction", "Transactions", "Written", "now", "uuid7"]


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something changes; goes into the event's attributes."""

    correlation: str | None = None
    causation: str | None = None
    reason: str | None = None
    origin: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A version of an aggregate that a transaction wrote, and where its event goes."""

    topic: str
    slot: int
    subject: UUID
    version: int

    def token(self) -> str:
        return f"{self.topic}/{self.subject}@{self.version}"


@dataclass(slots=True)
class Transaction:
    """An open transaction on behalf of `identity`; `moment` is the time of its command."""

    connection: Connection
    service: str
    identity: Identity
    cause: Cause
    moment: datetime
    written: list[Written] = field(default_factory=list)

    @property
    def tenant(self) -> UUID:
        return self.identity.tenant

    def read_after(self) -> str:
        """What a reader sends as `Meridian-Read-After` to see all that was written here.

        Events of one partition arrive in order, so the last of each says enough.
        """
        last = {(written.topic, written.slot): written for written in self.written}
        return ", ".join(written.token() for written in last.values())


class Transactions:
    """Opens transactions for one service and wakes its relay when they commit."""

    def __init__(self, service: str, database: Database) -> None:
        self.service = service
        self.database = database
        self._savings = Savings(database)
        self._listeners: list[Callable[[], None]] = []

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every commit that wrote events, in this process."""
        self._listeners.append(listener)

    @asynccontextmanager
    async def begin(
        self, identity: Identity, cause: Cause | None = None
    ) -> AsyncIterator[Transaction]:
        """A transaction on a connection of its own; commits when the block ends well.

        One that only saves one aggregate needs none: see `chassis.savings`.
        """
        cause = cause or Cause(traceparent=traceparent())
        async with opening(self.database, self._savings) as connection:
            transaction = Transaction(
                cast(Connection, connection), self.service, identity, cause, now()
            )
            yield transaction
        self.committed(transaction)

    def reacting(self, connection: Connection, event: Event[Any]) -> Transaction:
        """A transaction on behalf of this service, caused by `event`, inside a consumer's batch."""
        cause = Cause(
            correlation=event.correlationid or str(event.id),
            causation=str(event.id),
            origin=event.origin,
            traceparent=traceparent() or event.traceparent,
        )
        identity = system_identity(event.tenantid, self.service)
        return Transaction(connection, self.service, identity, cause, now())

    def committed(self, transaction: Transaction) -> None:
        """Tell the listeners that `transaction` has committed."""
        if transaction.written:
            for listener in self._listeners:
                listener()


async def wait_or_timeout(event: asyncio.Event, seconds: float) -> None:
    """Return when `event` is set, or after so many seconds; clears it."""
    # Not `wait_for`, which up to Python 3.11 may forget that it was cancelled.
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()
