"""What one can do with the feed."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.identity import Identity
from gateway.delivery.log.entry import Selection
from gateway.delivery.log.log import Log
from gateway.delivery.visibility import visibility_of

Standing = Callable[[], Awaitable[Identity]]
"""Who asks, as it is right now; raises `Unauthenticated` once they are nobody any more."""


@dataclass(frozen=True, slots=True)
class Found:
    """Events, each ready JSON, and the sequence to go on after."""

    events: Sequence[bytes]
    after: int
    has_more: bool


async def read_feed(
    log: Log,
    standing: Standing,
    after: int,
    limit: int,
    seconds: float,
    selection: Selection | None,
) -> Found:
    """What comes after a sequence and may be seen, as soon as there is any, or after so long.

    What whoever waits may see is asked anew each time that something has come.
    """
    until = time.monotonic() + seconds
    while True:
        identity = await standing()
        visibility = await visibility_of(log.database, identity)
        portion = await log.read(identity.tenant, after, limit, visibility.reach, selection)
        events = [body for entry in portion.entries if (body := visibility.event(entry))]
        after, left = portion.after, until - time.monotonic()
        if events or left <= 0 or log.has_ended:
            return Found(events, after, portion.has_more)
        if not portion.has_more:
            await log.wait(identity.tenant, after, left)


async def rest(log: Log, tenant: UUID, seconds: float) -> None:
    """Let somebody wait who is to get nothing, until the time is over or the log ends."""
    await log.wait(tenant, _NEVER, seconds)


_NEVER = 2**63 - 1
