"""Taking personal data out of what is kept for ever.

The journal keeps its rows, with who did what when; what they say of a person is
taken out of their bodies, so that a refill or a replay never brings it back, and
neither does an answer kept for an Idempotency-Key. There are two ways:

- `erase`: the aggregate was removed; every version loses its whole state;
- `redact`: the aggregate stays; some of its fields are blanked in every version.

Other services hear of it by an event `erased` or `redacted`. Their inbox then
takes the same out of what waits there (`forget_waiting`); what they have made of
it is for their own reactions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Table

from chassis.aggregates import AggregateStore
from chassis.database import Connection
from chassis.journal import Step, encoder
from chassis.mongodb.transaction import DocumentTransaction
from chassis.problems import Erased
from chassis.removal import tell
from chassis.storage import Answer
from chassis.stores import Store
from chassis.transactions import Transaction
from events.envelope import Event
from events.erasure import DELETED, ERASED, REDACTED
from events.topics import Aggregate
from events.values import Record

State = TypeVar("State", bound=Record)

EMPTIED: Mapping[str, Any] = {"data": {"after": None, "changed": {}}, "erased": True}
"""What an event has instead of what it said; `erased` is an extension attribute."""


class Emptied(msgspec.Struct):
    """How many versions in the journal, and how many kept answers, were emptied."""

    versions: int
    answers: int


async def erase(transaction: Transaction, aggregate: Aggregate, id: UUID) -> Emptied:
    """Empty every version of an aggregate that was removed."""
    if isinstance(transaction, DocumentTransaction):
        from chassis.mongodb import erasure as documents

        return await documents.erase(transaction, aggregate, id)
    done = await transaction.connection.execute(
        """update journal set body = (body::jsonb || $4::jsonb)::json
           where tenant = $1 and subject = $2 and topic = $3""",
        transaction.tenant,
        id,
        aggregate.topic.name,
        encoder.encode(EMPTIED).decode(),
    )
    return Emptied(_count(done), await _empty_answers(transaction, [id]))


async def erase_deleted(transaction: Transaction, aggregate: Aggregate, id: UUID) -> int | None:
    """Tell that an aggregate which was deleted earlier is erased now; the version of that event.

    None where there is nothing that was deleted, or it was erased before.
    """
    if isinstance(transaction, DocumentTransaction):
        from chassis.mongodb import erasure as documents

        return await documents.erase_deleted(transaction, aggregate, id)
    await transaction.connection.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"erase:{transaction.tenant}:{id}"
    )
    newest = await transaction.connection.fetchrow(
        """select version, type from journal where tenant = $1 and subject = $2 and topic = $3
           order by version desc limit 1""",
        transaction.tenant,
        id,
        aggregate.topic.name,
    )
    if newest is None or newest["type"] != aggregate.type_of(DELETED):
        return None
    return await tell(transaction, aggregate, ERASED, id, newest["version"] + 1)


async def redact(
    transaction: Transaction,
    store: Store[State],
    states: Sequence[State],
    blanks: Mapping[str, Any],
) -> Emptied:
    """Give each of `states` a version `redacted`, and blank these fields in all versions.

    `blanks` has field -> what is to stand there. A state that is blank already gets
    no version.
    """
    if not states:
        return Emptied(0, 0)
    if isinstance(transaction, DocumentTransaction):
        from chassis.mongodb import erasure as documents

        return await documents.redact(transaction, store, states, blanks)
    await store.save_all(transaction, redactions(transaction, store, states, blanks))
    ids = [state.id for state in states]
    done = await transaction.connection.execute(
        """update journal set body = (body::jsonb || jsonb_build_object('data', jsonb_build_object(
               'after', case jsonb_typeof(body::jsonb #> '{data,after}')
                   when 'object' then (body::jsonb #> '{data,after}') || $4::jsonb
                   else 'null'::jsonb end,
               'changed', (body::jsonb #> '{data,changed}') || (
                   select coalesce(jsonb_object_agg(field, blank), '{}')
                   from jsonb_each($4::jsonb) as blanks(field, blank)
                   where body::jsonb #> '{data,changed}' ? field))))::json
           where tenant = $1 and subject = any($2::uuid[]) and topic = $3""",
        transaction.tenant,
        ids,
        store.aggregate.topic.name,
        encoder.encode(blanks).decode(),
    )
    return Emptied(_count(done), await _empty_answers(transaction, ids))


def redactions(
    transaction: Transaction,
    store: Store[State],
    states: Sequence[State],
    blanks: Mapping[str, Any],
) -> list[Step]:
    """The blanked versions of those states that are not blank.

    Their events name the fields that all before them lose, and what stands there from now on:
    nothing of what was.
    """
    return [
        replace(store.step(transaction, REDACTED, state, blank), changed=blanks)
        for state in states
        if (blank := msgspec.structs.replace(state, **blanks)) != state
    ]


async def states_where(
    transaction: Transaction, store: AggregateStore[State], condition: str, value: UUID
) -> list[State]:
    """The states, locked in id order, for which a condition in SQL holds, as `customer = $2`.

    Goes beyond the reach of who asks: what is to be erased is not theirs to see.
    """
    table: Table = store.table
    rows = await transaction.connection.fetch(
        f"""select state from {table.name} where tenant = $1 and {condition}
            order by id for update""",  # noqa: S608 - a condition that a store.py has written
        transaction.tenant,
        value,
    )
    return [store.decode(row["state"]) for row in rows]


def answer_of_the_erased() -> Answer:
    """What stands where an answer stood that told of who was erased."""
    gone = Erased("the answer to this request is not kept any more")
    headers = {"content-type": "application/problem+json"}
    return Answer(gone.status, headers, encoder.encode(gone.document()))


async def _empty_answers(transaction: Transaction, ids: Sequence[UUID]) -> int:
    """Empty the kept answers that name one of `ids`: a repetition is told that it is gone."""
    gone = answer_of_the_erased()
    done = await transaction.connection.execute(
        r"""update idempotency_key
            set status = $3, headers = $4, body = $5
            where tenant = $1 and exists (
                select from regexp_matches(
                    convert_from(body, 'UTF8'),
                    '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', 'g') as found
                where found[1] = any($2::text[]))""",
        transaction.tenant,
        [str(id) for id in ids],
        gone.status,
        encoder.encode(gone.headers).decode(),
        gone.body,
    )
    return _count(done)


# -- what waits in consumers -----------------------------------------------------------------


def is_forgetting(event: Event[Any]) -> bool:
    """Whether `event` takes something out of the events before it."""
    return event.type.split(".")[3] in (ERASED, REDACTED)


async def forget_waiting(
    connection: Connection, consumer: str, topic: str, events: Iterable[Event[Any]]
) -> None:
    """Take out of what waits in a consumer, or was laid aside, what these events erase there."""
    for event in events:
        key = (consumer, topic, event.tenantid, UUID(event.subject))
        for table in ("parked", "discarded"):
            rows = await connection.fetch(
                f"""select version, body from {table}
                    where consumer = $1 and topic = $2 and tenant = $3 and key = $4""",  # noqa: S608
                *key,
            )
            await connection.executemany(
                f"""update {table} set body = $6 where consumer = $1 and topic = $2
                    and tenant = $3 and key = $4 and version = $5""",  # noqa: S608
                [(*key, row["version"], without(row["body"], event)) for row in rows],
            )
        # Messages of errors may quote what they are about; the names of errors do not.
        await connection.execute(
            """update parked_key set error = split_part(error, ':', 1)
               where consumer = $1 and topic = $2 and tenant = $3 and key = $4""",
            *key,
        )
        # What cannot be decoded has no key to be found by, but names its subject somewhere.
        await connection.execute(
            """update undecodable set value = null, error = split_part(error, ':', 1)
               where consumer = $1 and topic = $2
                     and position(convert_to($3, 'UTF8') in value) > 0""",
            consumer,
            topic,
            event.subject,
        )


def without(body: bytes, event: Event[Any]) -> bytes:
    """A waiting event's `body` without what `event` erases."""
    waiting: dict[str, Any] = msgspec.json.decode(body)
    if event.type.split(".")[3] == ERASED:
        return encoder.encode({**waiting, **EMPTIED})
    blanks, data = event.data.changed, waiting["data"]
    if data["after"] is not None:
        data["after"] |= blanks
    changed = data.get("changed", {})
    data["changed"] = changed | {name: blanks[name] for name in changed.keys() & blanks.keys()}
    return encoder.encode(waiting)


def _count(done: str) -> int:
    """How many rows a statement says to have changed, as `UPDATE 3`."""
    return int(done.rpartition(" ")[2])
