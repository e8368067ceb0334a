"""A batch of a consumer on PostgreSQL: one transaction, with savepoints for its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from chassis.database import Connection
from chassis.decoding import AnyEvent, Delivery
from chassis.erasure import forget_waiting
from chassis.inbox import Replica
from chassis.parking import Key, Parking, columns
from chassis.transactions import By, Transaction, now


class PostgresBatch:
    """One open transaction of a consumer."""

    def __init__(self, connection: Connection, consumer: str) -> None:
        self.parking = Parking(connection, consumer)
        self._connection = connection
        self._consumer = consumer

    async def keep(self, replica: Replica, events: Sequence[AnyEvent]) -> None:
        await replica.apply(self._connection, events)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        async with self._connection.transaction():
            yield

    @asynccontextmanager
    async def reacting(self, by: By, event: AnyEvent) -> AsyncIterator[Transaction]:  # noqa: ARG002
        yield Transaction(self._connection, by.service, by.identity, by.cause, now())

    async def applied(self, topic: str, keys: list[Key]) -> dict[Key, int]:
        rows = await self._connection.fetch(
            """select a.tenant, a.key, a.version from applied a
               join unnest($3::uuid[], $4::uuid[]) as wanted(tenant, key)
                    on a.tenant = wanted.tenant and a.key = wanted.key
               where a.consumer = $1 and a.topic = $2
               order by a.tenant, a.key for update of a""",
            self._consumer,
            topic,
            *columns(keys),
        )
        return {(row["tenant"], row["key"]): row["version"] for row in rows}

    async def mark(self, topic: str, newest: Mapping[Key, AnyEvent]) -> bool:
        marked = await self._connection.fetch(
            """insert into applied (consumer, topic, tenant, key, version, removed)
               select $1, $2, * from unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::boolean[])
               on conflict (consumer, topic, tenant, key)
               do update set version = excluded.version, removed = excluded.removed
               where applied.version < excluded.version
               returning 1""",
            self._consumer,
            topic,
            *columns(newest),
            [event.aggregateversion for event in newest.values()],
            [event.data.after is None for event in newest.values()],
        )
        return len(marked) == len(newest)

    async def skip(self, topic: str, key: Key, version: int) -> None:
        await self._connection.execute(
            """insert into applied (consumer, topic, tenant, key, version)
               values ($1, $2, $3, $4, $5)
               on conflict (consumer, topic, tenant, key)
               do update set version = excluded.version where applied.version < excluded.version""",
            self._consumer,
            topic,
            *key,
            version,
        )

    async def keep_undecodable(self, generation: str, delivery: Delivery, error: str) -> None:
        await self._connection.execute(
            """insert into undecodable
               (consumer, generation, topic, partition, kafka_offset, value, error)
               values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing""",
            self._consumer,
            generation,
            delivery.topic,
            delivery.partition,
            delivery.offset,
            delivery.value,
            error[:2_000],
        )

    async def forget(self, topic: str, events: Sequence[AnyEvent]) -> None:
        await forget_waiting(self._connection, self._consumer, topic, events)
