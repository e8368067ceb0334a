"""Tides: up to when everything that an owner committed has reached the broker.

A consumer that has read all that the broker holds knows nothing of what an owner
has committed and not yet sent. So each owner's worker says, twice a second, up
to when its outbox is empty: its tide. A tide is one number, and only the last
one counts, so it is kept where Kafka keeps such numbers: as the offset that the
group `crm.tide` has committed in the first partition of the owner's first topic,
in microseconds since 1970. No log grows by it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.cancellation import no_strays, to_its_end
from chassis.database import PASSING_FAILURES, Connection, Database
from chassis.kafka import BROKER_FAILURES, end
from chassis.settings import PlatformSettings
from events.topics import owned_by

log = logging.getLogger(__name__)

GROUP = "crm.tide"
EVERY_SECONDS = 0.4

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def place_of(owner: str) -> TopicPartition:
    """Where the tide of `owner` is committed."""
    return TopicPartition(owned_by(owner)[0].name, 0)


async def committed(connection: Connection) -> datetime:
    """A moment before which everything that is ever recorded is committed by now.

    What is read after this statement includes it: a transaction that is still open
    bounds the moment by its start, and what begins later records later times.
    """
    moment: datetime = await connection.fetchval(
        """select least(clock_timestamp(), min(xact_start)) from pg_stat_activity
           where datname = current_database() and backend_xid is not null
                 and pid <> pg_backend_pid()"""
    )
    return moment


async def measured(database: Database) -> datetime:
    """The tide of the owner of `database` at this moment.

    Two statements, in this order: what was committed before the first is seen by
    the second.
    """
    async with database.pool.acquire() as connection:
        tide: datetime = await connection.fetchval(
            "select least($1::timestamptz, (select min(recordedtime) from outbox))",
            await committed(connection),
        )
        return tide


class Tides:
    """Writes and reads tides on one connection to the broker."""

    def __init__(self, settings: PlatformSettings) -> None:
        self._client = AIOKafkaConsumer(
            bootstrap_servers=settings.kafka,
            group_id=GROUP,
            enable_auto_commit=False,
            request_timeout_ms=5_000,
        )

    async def start(self) -> None:
        """Connect; raises `BROKER_FAILURES`."""
        await to_its_end(self._client.start())

    async def stop(self) -> None:
        await end(self._client)

    async def keep_writing(self, owner: str, database: Database) -> None:
        """Write the tide of `owner` until cancelled."""
        place = place_of(owner)
        # Only what is assigned can be committed; its records are of no interest here.
        self._client.assign([place])
        self._client.pause(place)
        while True:
            try:
                with no_strays():
                    tide = await measured(database)
                    await self._client.commit({place: (tide - _EPOCH) // _MICROSECOND})
            except (*PASSING_FAILURES, *BROKER_FAILURES) as error:
                log.info("the tide waits: %s", error)
            await asyncio.sleep(EVERY_SECONDS)

    async def lowest(self, owners: Iterable[str]) -> datetime | None:
        """The lowest tide of `owners`; None while one has not said any. `BROKER_FAILURES`."""
        tides: list[int] = []
        for owner in owners:
            tide: int | None = await self._client.committed(place_of(owner))
            if tide is None:
                return None
            tides.append(tide)
        return _EPOCH + min(tides) * _MICROSECOND
