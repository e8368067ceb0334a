"""What the databases and the broker hold when everything has come to rest."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

import analytics.app
import contacts.app
import gateway.app
import marketing.app
import sales.app
from analytics.consumer import PROJECTIONS
from chassis.service import Service
from cli.torture.nemesis.duplicates import MARK
from events.topics import TOPICS

SERVICES: tuple[Service, ...] = (
    contacts.app.SERVICE,
    sales.app.SERVICE,
    marketing.app.SERVICE,
    analytics.app.SERVICE,
    gateway.app.SERVICE,
)
CONSUMERS: Mapping[str, tuple[str, ...]] = {
    consumer.name: consumer.topics for service in SERVICES for consumer in service.consumers
}
"""Which topics each consumer reads."""

_READ_SECONDS = 300

Subject: TypeAlias = tuple[str, UUID, UUID]
"""(topic, tenant, aggregate id)"""
Row: TypeAlias = Mapping[str, Any]


class Entry(msgspec.Struct, kw_only=True):
    """One row of a journal; `state` is what the aggregate was after it, None when it was gone."""

    tenant: UUID
    topic: str
    subject: UUID
    version: int
    type: str
    actor: str
    marker: str
    cause: str | None = None
    changed: dict[str, Any] = {}
    state: dict[str, Any] | None = None

    @property
    def of(self) -> Subject:
        return self.topic, self.tenant, self.subject

    @property
    def verb(self) -> str:
        return self.type.split(".")[-2]

    @property
    def is_reaction(self) -> bool:
        return self.actor.startswith("system:")


@dataclass(slots=True)
class Evidence:
    """Everything that the checks look at, beside the history."""

    journal: list[Entry] = field(default_factory=list)
    """Of all owners, each owner's in its order."""
    records: dict[tuple[UUID, UUID], tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """(tenant, id) -> (version, state) in the owners' own tables."""
    applied: dict[tuple[str, Subject], int] = field(default_factory=dict)
    """(consumer, subject) -> version"""
    projections: dict[str, dict[tuple[UUID, UUID], Row]] = field(default_factory=dict)
    """Table -> (tenant, id) -> row, in analytics."""
    departments: dict[str, dict[tuple[UUID, UUID], Row]] = field(default_factory=dict)
    """Service -> (tenant, id) -> row of its replica of departments."""
    waiting: dict[str, int] = field(default_factory=dict)
    """`sales: parked` and the like -> how many."""
    last_words: dict[Subject, int] = field(default_factory=dict)
    """The version of each key's last record in the broker, duplicates left out."""


class _Change(msgspec.Struct):
    after: dict[str, Any] | None = None
    changed: dict[str, Any] = {}


class _Body(msgspec.Struct):
    data: _Change
    actor: str | None = None
    correlationid: str | None = None
    causationid: str | None = None


_bodies = msgspec.json.Decoder(_Body)


async def gathered(databases: Mapping[str, str], kafka: str) -> Evidence:
    """Read everything; `databases` are the addresses of the services' databases."""
    found = Evidence()
    for service in SERVICES:
        connection = await asyncpg.connect(databases[service.name])
        try:
            await _read_owner(found, connection)
            await _read_consumers(found, service.name, connection)
            if service is analytics.app.SERVICE:
                for table in PROJECTIONS:
                    found.projections[table] = await _rows(connection, table)
        finally:
            await connection.close()
    found.last_words = await last_words(kafka)
    return found


async def behind(databases: Mapping[str, str]) -> list[str]:
    """What is still on its way, in words: outboxes that are not empty, versions not applied."""
    newest: dict[Subject, int] = {}
    applied: dict[tuple[str, Subject], int] = {}
    lacking: list[str] = []
    for service in SERVICES:
        connection = await asyncpg.connect(databases[service.name])
        try:
            if count := await connection.fetchval("select count(*) from outbox"):
                lacking.append(f"{count} rows in the outbox of {service.name}")
            rows = await connection.fetch(
                """select topic, tenant, subject, max(version) as version from journal
                   group by topic, tenant, subject"""
            )
            newest |= {(r["topic"], r["tenant"], r["subject"]): r["version"] for r in rows}
            applied |= await _applied(connection)
        finally:
            await connection.close()
    for consumer, topics in CONSUMERS.items():
        late = sum(
            applied.get((consumer, subject), 0) < version
            for subject, version in newest.items()
            if subject[0] in topics
        )
        if late:
            lacking.append(f"{late} keys not applied by {consumer}")
    return lacking


async def _read_owner(found: Evidence, connection: asyncpg.Connection[Any]) -> None:
    async with connection.transaction():
        async for row in connection.cursor(
            """select tenant, topic, subject, version, type, body from journal order by position""",
            prefetch=1_000,
        ):
            found.journal.append(_entry(row))
    for table in await _aggregates(connection):
        rows = await connection.fetch(f'select tenant, id, version, state from "{table}"')  # noqa: S608 - our own table
        found.records |= {
            (row["tenant"], row["id"]): (row["version"], msgspec.json.decode(row["state"]))
            for row in rows
        }


def _entry(row: asyncpg.Record) -> Entry:
    body = _bodies.decode(row["body"])
    return Entry(
        tenant=row["tenant"],
        topic=row["topic"],
        subject=row["subject"],
        version=row["version"],
        type=row["type"],
        actor=body.actor or "",
        marker=body.correlationid or "",
        cause=body.causationid,
        changed=body.data.changed,
        state=body.data.after,
    )


async def _aggregates(connection: asyncpg.Connection[Any]) -> list[str]:
    """The tables of aggregates: those with a version and a state."""
    rows = await connection.fetch(
        """select table_name from information_schema.columns
           where table_schema = 'public' and column_name in ('tenant', 'id', 'version', 'state')
           group by table_name having count(*) = 4"""
    )
    return [row["table_name"] for row in rows]


async def _read_consumers(
    found: Evidence, service: str, connection: asyncpg.Connection[Any]
) -> None:
    found.applied |= await _applied(connection)
    found.departments[service] = await _rows(connection, "department")
    for table in ("outbox", "parked", "parked_key", "undecodable"):
        found.waiting[f"{service}: {table}"] = await connection.fetchval(
            f"select count(*) from {table}"  # noqa: S608 - one of those above
        )


async def _applied(connection: asyncpg.Connection[Any]) -> dict[tuple[str, Subject], int]:
    rows = await connection.fetch("select consumer, topic, tenant, key, version from applied")
    return {
        (row["consumer"], (row["topic"], row["tenant"], row["key"])): row["version"] for row in rows
    }


async def _rows(connection: asyncpg.Connection[Any], table: str) -> dict[tuple[UUID, UUID], Row]:
    rows = await connection.fetch(f"select * from {table}")  # noqa: S608 - our own table
    return {(row["tenant"], row["id"]): dict(row) for row in rows}


class _Sent(msgspec.Struct):
    aggregateversion: int
    tenantid: UUID
    subject: UUID


async def last_words(kafka: str) -> dict[Subject, int]:
    """The version of each key's last record in the live topics, duplicates left out."""
    places = [TopicPartition(t.name, number) for t in TOPICS for number in range(t.partitions)]
    reader = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    decoder = msgspec.json.Decoder(_Sent)
    found: dict[Subject, int] = {}
    await reader.start()
    try:
        begins = await reader.beginning_offsets(places)
        left = {
            place: end
            for place, end in (await reader.end_offsets(places)).items()
            if end > begins[place]
        }
        reader.assign(list(left))
        for place in left:
            reader.seek(place, begins[place])
        async with asyncio.timeout(_READ_SECONDS):
            while left:
                fetched = await reader.getmany(timeout_ms=500)
                for place, records in fetched.items():
                    for record in records:
                        if MARK not in record.headers and record.value is not None:
                            sent = decoder.decode(record.value)
                            subject = (place.topic, sent.tenantid, sent.subject)
                            found[subject] = sent.aggregateversion
                    if records and records[-1].offset + 1 >= left.get(place, 0):
                        left.pop(place, None)
    finally:
        await reader.stop()
    return found


def newest(journal: Sequence[Entry]) -> dict[Subject, Entry]:
    """The last version of every subject."""
    last: dict[Subject, Entry] = {}
    for entry in journal:
        known = last.get(entry.of)
        if known is None or known.version < entry.version:
            last[entry.of] = entry
    return last
