"""Removing an aggregate: its row goes, and a last event without a state tells of it.

The journal keeps all its versions. Whether they are emptied too is decided in
`chassis.erasure`.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Table

from chassis.journal import encoder, event_of, slot_of
from chassis.problems import VersionLost
from chassis.transactions import Transaction, Written
from events.envelope import Change
from events.topics import Aggregate
from events.values import Record


async def remove(
    transaction: Transaction, aggregate: Aggregate, table: Table, verb: str, before: Record
) -> int:
    """Delete the row of `before`, give back its external ids, and journal the event `verb`.

    Returns the version of that event. Raises `VersionLost` when the aggregate is
    no longer at the version of `before`.
    """
    removed = await transaction.connection.fetchval(
        # Nothing but our own tables' names.
        f"""with given_back as (
                delete from external_id where tenant = $1 and aggregate = $4 and record = $2)
            delete from {table.name} where tenant = $1 and id = $2 and version = $3
            returning true""",  # noqa: S608
        transaction.tenant,
        before.id,
        before.version,
        aggregate.topic.name.rpartition(".")[2],
    )
    if not removed:
        raise VersionLost("the record has changed meanwhile: load it and try again")
    return await tell(transaction, aggregate, verb, before.id, before.version + 1)


async def tell(
    transaction: Transaction, aggregate: Aggregate, verb: str, id: UUID, version: int
) -> int:
    """Journal an event without a state, the `version` of what has no row any more; returns it."""
    told = event_of(
        transaction, aggregate, verb, id, version, transaction.moment, Change(after=None)
    )
    slot = slot_of(transaction, aggregate, id)
    await transaction.connection.execute(
        """with recorded as (
               insert into journal (tenant, topic, slot, subject, version, type, event,
                                    traceparent, body, time)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
               returning position, recordedtime)
           insert into outbox (position, topic, slot, recordedtime)
           select position, $2, $3, recordedtime from recorded""",
        transaction.tenant,
        aggregate.topic.name,
        slot,
        id,
        version,
        told.type,
        told.id,
        told.traceparent,
        encoder.encode(told).decode(),
        told.time,
    )
    transaction.written.append(Written(aggregate.topic.name, slot, id, version))
    return version
