"""One turn: a process sends for one webhook for a while, several records at once.

A record's next event is sent only after the one before was accepted. Nothing is sent later than
the lease of the turn allows, and nothing is written down once the turn is another's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from prometheus_client import Counter

from chassis.database import PASSING_FAILURES, Connection, Database
from chassis.problems import CursorExpired
from chassis.transactions import now
from events.envelope import CONTENT_TYPE
from gateway.delivery.feed.feed import selection_of
from gateway.delivery.log.log import Log
from gateway.delivery.log.store import entry_at
from gateway.delivery.visibility import Visibility, visibility_of
from gateway.delivery.webhooks import condition, queue, turns
from gateway.delivery.webhooks.delivery import Due, State, Wanted, delivery_id, read, test_event
from gateway.delivery.webhooks.outgoing import Outgoing
from gateway.delivery.webhooks.schedule import Attempt, Schedule
from gateway.delivery.webhooks.signature import signed
from gateway.delivery.webhooks.webhook import Kept, suspension
from gateway.directory.standings import standing_of
from gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

ATTEMPTS = Counter("meridian_webhook_attempts_total", "Deliveries tried, by outcome", ("outcome",))
DISABLED = Counter("meridian_webhooks_disabled_total", "Webhooks that were switched off for good")

TURN_SECONDS = 5.0
MARGIN_SECONDS = 5.0
_LOOK_SECONDS = 0.5
_READ_AT_ONCE = 200
_SUSPENDED = timedelta(seconds=5)
_NOT_UNDERSTOOD = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Means:
    """What all turns of a process send with; `attempts` bounds them together."""

    log: Log
    outgoing: Outgoing
    settings: GatewaySettings
    schedule: Schedule
    attempts: asyncio.Semaphore
    stopping: asyncio.Event

    @property
    def lease(self) -> timedelta:
        """Longer than a turn with the last attempt of it."""
        return timedelta(seconds=TURN_SECONDS + 2 * self.settings.webhook_seconds + MARGIN_SECONDS)

    @property
    def database(self) -> Database:
        return self.log.database


class TurnAtWork:
    """Works a turn that was taken at a moment of the monotonic clock, or a little later."""

    def __init__(self, means: Means, turn: turns.Turn, taken: float) -> None:
        self._means = means
        self._turn = turn
        self._ends = taken + TURN_SECONDS
        self._last_attempt = taken + TURN_SECONDS + means.settings.webhook_seconds
        self._is_ours = True
        self._rest: timedelta | None = None
        self._reads_on = True
        self._visibility: Visibility | None = None
        self._seen_at = float("-inf")

    @property
    def _webhook(self) -> Kept:
        return self._turn.webhook

    async def run(self) -> None:
        """Send until nothing is due or the turn is over; then it is anybody's."""
        under_way: dict[UUID, asyncio.Task[None]] = {}
        try:
            while True:
                if not self._is_over():
                    await self._start(under_way)
                if not under_way:
                    break
                await asyncio.wait(
                    under_way.values(),
                    timeout=_LOOK_SECONDS,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for subject in [one for one, task in under_way.items() if task.done()]:
                    await under_way.pop(subject)
        except PASSING_FAILURES as error:
            log.warning("a webhook waits: %s", error, extra=self._about())
        except Exception:
            log.exception("a webhook waits for what is not understood", extra=self._about())
            self._rest = _NOT_UNDERSTOOD
        finally:
            for task in under_way.values():
                task.cancel()
            await asyncio.gather(*under_way.values(), return_exceptions=True)
            await self._end()

    async def _end(self) -> None:
        try:
            async with self._held() as connection:
                if connection is not None:
                    await turns.end_turn(
                        connection, self._turn, self._rest, reads_on=self._reads_on
                    )
        except PASSING_FAILURES as error:
            # The lease ends by itself.
            log.warning("a webhook is not given back: %s", error, extra=self._about())

    def _is_over(self) -> bool:
        is_late = time.monotonic() > self._ends or self._means.stopping.is_set()
        return is_late or self._rest is not None or not self._is_ours

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[Connection | None]:
        """A transaction in which the turn is ours, and the webhook as it is; None if it is not."""
        async with self._means.database.pool.acquire() as connection, connection.transaction():
            turn = await turns.hold(connection, self._turn)
            if turn is None:
                self._is_ours = False
                yield None
            else:
                self._turn = turn
                yield connection

    # -- what is to be sent -----------------------------------------------------------------

    async def _start(self, under_way: dict[UUID, asyncio.Task[None]]) -> None:
        """Begin with what is due, and read on in the log where that is too little."""
        free = self._means.settings.webhook_records - len(under_way)
        if free <= 0:
            return
        await self._look_at_owner()
        found = await self._due(under_way, free)
        while len(found) < free and not self._is_over() and await self._read_on():
            found = await self._due(under_way, free)
        for delivery in found:
            under_way[delivery.subject] = asyncio.create_task(
                self._deliver(delivery, self._visibility)
            )
        if self._visibility is None and not found and self._turn.is_active:
            self._rest = _SUSPENDED

    async def _look_at_owner(self) -> None:
        """What the owner may see, never older than what anybody's rights may be."""
        if time.monotonic() < self._seen_at + self._means.settings.standing_seconds:
            return
        webhook, database = self._webhook, self._means.database
        self._seen_at = time.monotonic()
        owner = await standing_of(database.pool, webhook.tenant, webhook.owner, webhook.api_key)
        why = suspension(webhook.draft.condition, webhook.draft.types, owner)
        if owner is None or why is not None:
            self._visibility = None
        else:
            self._visibility = await visibility_of(database, owner)

    async def _due(self, under_way: dict[UUID, asyncio.Task[None]], most: int) -> list[Due]:
        async with self._held() as connection:
            if connection is None:
                return []
            tests_only = self._visibility is None or not self._turn.is_active
            return await queue.due(
                connection, self._webhook.id, under_way.keys(), most, tests_only=tests_only
            )

    async def _read_on(self) -> bool:
        """Queue what comes next in the log; whether there was anything to read."""
        webhook, cursor, visibility = self._webhook, self._turn.cursor, self._visibility
        if visibility is None or not self._turn.is_active:
            return False
        room = await self._room()
        self._reads_on = room > 0
        if not self._reads_on:
            return False
        selection = selection_of(webhook.draft.types)
        try:
            portion = await self._means.log.read(
                webhook.tenant, cursor, min(room, _READ_AT_ONCE), visibility.reach, selection
            )
        except CursorExpired:
            await self._miss(cursor)
            return True
        if portion.after == cursor:
            return False
        wanted = []
        for entry in portion.entries:
            body = visibility.event(entry)
            if body is None:
                continue
            event, after = read(body)
            if condition.holds(webhook.draft.condition, entry.topic, after):
                id = delivery_id(webhook.id, event)
                wanted.append(Wanted(id, entry.sequence, entry.type, entry.subject, entry.version))
        async with self._held() as connection:
            # What was chosen by what is no longer said of the webhook is chosen anew.
            if connection is not None and self._webhook.version == webhook.version:
                await queue.want(connection, webhook.id, wanted)
                await turns.read_on(connection, webhook.id, portion.after)
                self._turn = self._turn.read_to(portion.after)
        return True

    async def _room(self) -> int:
        most = self._means.settings.webhook_waiting
        async with self._means.database.pool.acquire() as connection:
            return most - await queue.waiting(connection, self._webhook.id, most)

    async def _miss(self, cursor: int) -> None:
        """Go on where the log begins, and say that something may be missing."""
        first = (await self._means.log.bounds(self._webhook.tenant)).first
        log.warning("a webhook has missed what the log forgot", extra=self._about())
        async with self._held() as connection:
            if connection is not None:
                await turns.note_missed(connection, self._webhook.id, cursor, first)
                await turns.read_on(connection, self._webhook.id, first - 1)
                self._turn = self._turn.read_to(first - 1)

    # -- sending it --------------------------------------------------------------------------

    async def _deliver(self, delivery: Due, visibility: Visibility | None) -> None:
        async with self._means.attempts:
            body = await self._body(delivery, visibility)
            if isinstance(body, str):
                await self._leave(delivery, body)
            elif time.monotonic() < self._last_attempt:
                attempt = await self._send(delivery, body)
                ATTEMPTS.labels(attempt.verdict).inc()
                await self._write_down(delivery, attempt)

    async def _body(self, delivery: Due, visibility: Visibility | None) -> bytes | State:
        """What is sent, as the owner may see it now, or why nothing is."""
        webhook = self._webhook
        if delivery.sequence is None:
            return test_event(webhook.tenant, webhook.id, delivery.id, now())
        assert visibility is not None, "nothing but tests is sent for nobody"
        entry = await entry_at(self._means.database.pool, webhook.tenant, delivery.sequence)
        if entry is None:
            return "forgotten"
        return visibility.event(entry) or "withheld"

    async def _send(self, delivery: Due, body: bytes) -> Attempt:
        draft = self._webhook.draft
        headers = signed(self._turn.secrets, str(delivery.id), int(time.time()), body)
        headers["Content-Type"] = CONTENT_TYPE
        if draft.basic is not None:
            pair = f"{draft.basic.user}:{draft.basic.password}".encode()
            headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        return await self._means.outgoing.send(draft.url, headers, body)

    async def _leave(self, delivery: Due, state: State) -> None:
        async with self._held() as connection:
            if connection is None:
                return
            if state == "forgotten" and delivery.sequence is not None:
                place = delivery.sequence
                await turns.note_missed(connection, self._webhook.id, place - 1, place + 1)
            await queue.finish(connection, self._webhook.id, delivery, state, None)

    async def _write_down(self, delivery: Due, attempt: Attempt) -> None:
        async with self._held() as connection:
            if connection is None:
                return
            id = self._webhook.id
            if attempt.verdict == "accepted":
                await queue.finish(connection, id, delivery, "delivered", attempt)
            elif delivery.sequence is None:
                await queue.finish(connection, id, delivery, "failed", attempt)
            else:
                await self._fail(connection, delivery, attempt)

    async def _fail(self, connection: Connection, delivery: Due, attempt: Attempt) -> None:
        schedule = self._means.schedule
        asked = schedule.asked_pause(attempt, now())
        pause = max(schedule.pause_after(delivery.failures + 1), asked)
        failing = await queue.put_off(connection, self._webhook.id, delivery, attempt, pause)
        if asked:
            self._rest = asked
        if attempt.verdict == "gone":
            await self._disable(connection, "the receiver says that it is gone (410)")
        elif failing >= schedule.days:
            await self._disable(
                connection, f"delivery {delivery.id} has failed for {failing.days} days"
            )

    async def _disable(self, connection: Connection, reason: str) -> None:
        await turns.disable(connection, self._webhook.id, reason)
        DISABLED.inc()
        log.error("a webhook is switched off: %s", reason, extra=self._about())

    def _about(self) -> dict[str, str]:
        return {"tenant": str(self._webhook.tenant), "webhook": str(self._webhook.id)}
