"""Saving aggregates together with their events, in one statement.

The journal rows are selected from the aggregate's own RETURNING: a lost version
check journals nothing, and the row lock makes journal order equal commit order
for each aggregate. Statements lock in id order and never hold one aggregate
twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from chassis.database import Connection
from chassis.mongodb.transaction import DocumentTransaction
from chassis.partitions import partition_of
from chassis.problems import EventTooLarge, ExternalIdTaken
from chassis.savings import Opening, Saving, lost
from chassis.transactions import Transaction, Written, uuid7
from events.envelope import LARGEST_EVENT, Change, Event, partition_key
from events.topics import Aggregate
from events.values import ExternalId, Record

_DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]
encoder = msgspec.json.Encoder(decimal_format="string")


@dataclass(frozen=True, slots=True)
class Step:
    """One version of one aggregate, to be saved with its event.

    `columns` are the values of the table's own columns (those beyond what every
    aggregate has). `time` is when it happened in the business. `changed` is told in
    place of what was before, where that is to be forgotten.
    """

    verb: str
    before: Record | None
    after: Record
    columns: dict[str, Any]
    time: datetime
    changed: Mapping[str, Any] | None = None


def changed_fields(before: Record | None, after: Record) -> dict[str, Any]:
    """Field -> value before, for each field that differs; nothing for a new aggregate."""
    if before is None:
        return {}
    return {
        name: getattr(before, name)
        for name in after.__struct_fields__
        if name != "version" and getattr(before, name) != getattr(after, name)
    }


async def save(
    transaction: Transaction, aggregate: Aggregate, table: Table, steps: Sequence[Step]
) -> None:
    """Write `steps` and journal their events; all of them or none.

    Raises `VersionLost` when any aggregate is not at the version before,
    `ExternalIdTaken` when another record has one of the external ids, and
    `EventTooLarge` when an event could not be sent. What a transaction begins with may wait for
    its end: then it is there that `VersionLost` is raised.
    """
    if not steps:
        return
    steps = sorted(steps, key=lambda step: step.after.id)
    tenant = transaction.tenant
    names = tuple(steps[0].columns)
    rows = [
        (*_row(transaction, aggregate, step), *(step.columns[name] for name in names))
        for step in steps
    ]
    taken = external_ids_beyond(steps, lambda step: (step.after, step.before))
    given_back = external_ids_beyond(steps, lambda step: (step.before, step.after))
    topic = aggregate.topic.name
    shared = (tenant, topic, topic.rpartition(".")[2])
    rest = (*_external_id_columns(taken), *_external_id_columns(given_back))
    statement, connection = _statement(table, names), transaction.connection
    transaction.written += [Written(topic, row[_SLOT], row[0], row[1]) for row in rows]
    alone = Saving(statement, shared, rows[0], rest)
    if len(rows) == 1 and not taken and not given_back and _is_put_off(connection, alone):
        return
    columns = map(list, zip(*rows, strict=True))
    saved = await connection.fetch(statement, *shared, *columns, *rest)
    if len(saved) != len(steps):
        raise lost()
    if taken and saved[0]["claimed"] != len(taken):
        raise ExternalIdTaken("another record has one of these external ids", field="external_ids")


def _is_put_off(connection: Connection | Opening, saving: Saving) -> bool:
    return isinstance(connection, Opening) and connection.puts_off(saving)


def external_ids_beyond(
    steps: Sequence[Step], order: Callable[[Step], tuple[Record | None, Record | None]]
) -> list[tuple[UUID, ExternalId]]:
    """(record, external id) for each that the first state in `order` has beyond the second."""
    beyond: list[tuple[UUID, ExternalId]] = []
    for step in steps:
        first, second = order(step)
        if first is not None and first.external_ids:
            kept = second.external_ids if second is not None else ()
            named = dict.fromkeys(first.external_ids)
            beyond += [(first.id, item) for item in named if item not in kept]
    return beyond


def _external_id_columns(items: Sequence[tuple[UUID, ExternalId]]) -> tuple[list[Any], ...]:
    return (
        [record for record, _ in items],
        [item.system for _, item in items],
        [item.type for _, item in items],
        [item.id for _, item in items],
    )


def told(
    transaction: Transaction, aggregate: Aggregate, step: Step
) -> tuple[Event[Any], bytes, bytes]:
    """(event, state as JSON, event as JSON) of a step; `EventTooLarge` when it cannot be sent."""
    after = step.after
    state = encoder.encode(after)
    changed = changed_fields(step.before, after) if step.changed is None else dict(step.changed)
    event = event_of(
        transaction,
        aggregate,
        step.verb,
        after.id,
        after.version,
        step.time,
        Change(after=msgspec.Raw(state), changed=changed),
    )
    body = encoder.encode(event)
    if len(body) > LARGEST_EVENT:
        raise EventTooLarge(
            f"the record's event would have {len(body)} bytes; {LARGEST_EVENT} is the most"
        )
    return event, state, body


def _row(transaction: Transaction, aggregate: Aggregate, step: Step) -> tuple[Any, ...]:
    after = step.after
    event, state, body = told(transaction, aggregate, step)
    return (
        after.id,
        after.version,
        after.owner,
        after.department,
        state.decode(),
        slot_of(transaction, aggregate, after.id),
        event.type,
        event.id,
        event.traceparent,
        body.decode(),
        step.time,
    )


def event_of(
    transaction: Transaction,
    aggregate: Aggregate,
    verb: str,
    id: UUID,
    version: int,
    time: datetime,
    change: Change[Any],
) -> Event[Any]:
    """The event that tells of one version, with the attributes that its transaction gives it."""
    cause, event_id, type_name = transaction.cause, uuid7(), aggregate.type_of(verb)
    return Event(
        specversion="1.0",
        datacontenttype="application/json",
        id=event_id,
        source=f"/{aggregate.topic.owner}",
        type=type_name,
        subject=str(id),
        time=time,
        tenantid=transaction.tenant,
        aggregateversion=version,
        dataschema=f"/schemas/{type_name}.json",
        actor=transaction.identity.actor,
        reason=cause.reason,
        correlationid=cause.correlation or str(event_id),
        causationid=cause.causation,
        origin=cause.origin,
        traceparent=cause.traceparent,
        data=change,
    )


def slot_of(transaction: Transaction, aggregate: Aggregate, id: UUID) -> int:
    """The outbox slot of an aggregate: the partition of its key."""
    key = partition_key(transaction.tenant, str(id))
    return partition_of(key, aggregate.topic.partitions)


# (name, SQL type) of the arrays that `_row` fills, from $4 on.
_ROW = (
    ("id", "uuid"),
    ("version", "bigint"),
    ("owner", "uuid"),
    ("department", "uuid"),
    ("state", "json"),
    ("slot", "smallint"),
    ("type", "text"),
    ("event", "uuid"),
    ("traceparent", "text"),
    ("body", "json"),
    ("time", "timestamptz"),
)
_SLOT = [name for name, _ in _ROW].index("slot")
_STORED = ("id", "version", "owner", "department", "state")


@lru_cache
def _statement(table: Table, names: tuple[str, ...]) -> str:
    typed = [*_ROW, *((name, table.c[name].type.compile(_DIALECT)) for name in names)]
    place = len(typed) + 4
    arrays = ", ".join(f"${n}::{kind}[]" for n, (_, kind) in enumerate(typed, start=4))
    listed = ", ".join(name for name, _ in typed)
    stored = ", ".join((*_STORED, *names))
    updates = ", ".join(f"{name} = excluded.{name}" for name in (*_STORED[1:], *names))
    return f"""
    with input as materialized (
        select * from unnest({arrays}) as input({listed})
    ), saved as (
        insert into {table.name} (tenant, {stored})
        select $1, {stored} from input order by id
        on conflict (tenant, id) do update set {updates}
        where {table.name}.version = excluded.version - 1
        returning id
    ), recorded as (
        insert into journal (tenant, topic, slot, subject, version, type, event, traceparent,
                             body, time)
        select $1, $2, slot, id, version, type, event, traceparent, body, time
        -- Not a join: a plan for arrays of any length would loop over both for each row.
        from input where (id in (select id from saved)) is true
        returning position, slot, subject, recordedtime
    ), queued as (
        insert into outbox (position, topic, slot, recordedtime)
        select position, $2, slot, recordedtime from recorded
    ), claimed as (
        insert into external_id (tenant, aggregate, system, type, id, record)
        select $1, $3, system, type, id, record
        from unnest(${place}::uuid[], ${place + 1}::text[], ${place + 2}::text[],
                    ${place + 3}::text[]) as given(record, system, type, id)
        order by system, type, id
        on conflict do nothing
        returning 1
    ), given_back as (
        delete from external_id e
        using unnest(${place + 4}::uuid[], ${place + 5}::text[], ${place + 6}::text[],
                     ${place + 7}::text[]) as old(record, system, type, id)
        where e.tenant = $1 and e.aggregate = $3 and e.record = old.record
              and e.system = old.system and e.type = old.type and e.id = old.id
    )
    select subject, (select count(*) from claimed) as claimed from recorded
    """  # noqa: S608 - every name in it is one of our own tables' and columns'


async def changes_since(
    transaction: Transaction, subject: UUID, version: int
) -> list[tuple[str, dict[str, Any]]]:
    """(actor, field -> value before) of each version of `subject` after `version`, in order."""
    if isinstance(transaction, DocumentTransaction):
        return await transaction.changes_since(subject, version)
    rows = await transaction.connection.fetch(
        """select body ->> 'actor' as actor, body -> 'data' -> 'changed' as changed
           from journal where tenant = $1 and subject = $2 and version > $3 order by version""",
        transaction.tenant,
        subject,
        version,
    )
    return [(row["actor"], msgspec.json.decode(row["changed"])) for row in rows]
