"""Erasing on MongoDB: the same as in `chassis.erasure`, in steps that can be repeated.

The end of the aggregate is written first and says that it is being erased, until
all else is done: whoever asks again then resumes what a crash has interrupted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from chassis.decoding import AnyEvent
from chassis.erasure import EMPTIED, Emptied, answer_of_the_erased, redactions, without
from chassis.journal import encoder
from chassis.mongodb.collecting import collect_tenant
from chassis.mongodb.database import Document, MongoDatabase
from chassis.mongodb.names import key_of, kind_of
from chassis.mongodb.parking import place_of
from chassis.mongodb.transaction import DocumentTransaction
from chassis.mongodb.writing import ERASING, LOADED, answered, flush, noted, stage, staged_end
from chassis.problems import VersionLost
from chassis.stores import Store
from events.erasure import DELETED, ERASED
from events.topics import Aggregate
from events.values import Record

State = TypeVar("State", bound=Record)

_NAMED = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TRIES = 4


async def erase(transaction: DocumentTransaction, aggregate: Aggregate, id: UUID) -> Emptied:
    """Write the end of the aggregate, then empty every version of it."""
    database, key = transaction.database, key_of(transaction.tenant, id)
    document = database[kind_of(aggregate)]
    await flush(transaction)

    async def done() -> None:
        await document.update({"_id": key}, {"$set": {ERASING: False}})

    transaction.kept.last.append(done)
    await collect_tenant(database, transaction.tenant)
    versions = await _rewritten(transaction, aggregate, [id], lambda body: {**body, **EMPTIED})
    return Emptied(versions, await _empty_answers(transaction, [id]))


async def erase_deleted(
    transaction: DocumentTransaction, aggregate: Aggregate, id: UUID
) -> int | None:
    """The version of the event that tells of it; that of an erasure that was interrupted, too."""
    key = key_of(transaction.tenant, id)
    found = await transaction.database[kind_of(aggregate)].find_one(
        {"_id": key, "gone": {"$in": [DELETED, ERASED]}},
        fields=("version", "gone", ERASING, *LOADED),
    )
    if found is None or (found["gone"] == ERASED and not found.get(ERASING)):
        return None
    version: int = found["version"]
    if found["gone"] == DELETED:
        noted(transaction, found)
        version += 1
        stage(transaction, staged_end(transaction, aggregate, ERASED, id, version))
    return version


async def redact(
    transaction: DocumentTransaction,
    store: Store[State],
    states: Sequence[State],
    blanks: Mapping[str, Any],
) -> Emptied:
    """Write the blanked versions, each on its own, then blank the fields in all versions."""
    ids = [state.id for state in states]
    for _ in range(_TRIES):
        steps = redactions(transaction, store, states, blanks)
        refused = await store.save_all(transaction, steps)
        if not refused:
            break
        # They have changed meanwhile: what was added is to be blanked, too.
        states = list((await store.load_many(transaction, refused)).values())
    else:
        raise VersionLost("the records to be blanked keep changing: try again")
    await collect_tenant(transaction.database, transaction.tenant)

    def blanked(body: Document) -> Document:
        data = body["data"]
        after, changed = data["after"], data.get("changed", {})
        in_changed = blanks.keys() & changed.keys()
        return {
            **body,
            "data": {
                "after": None if after is None else {**after, **blanks},
                "changed": {**changed, **{name: blanks[name] for name in in_changed}},
            },
        }

    versions = await _rewritten(transaction, store.aggregate, ids, blanked)
    return Emptied(versions, await _empty_answers(transaction, ids))


async def _rewritten(
    transaction: DocumentTransaction,
    aggregate: Aggregate,
    ids: Sequence[UUID],
    change: Callable[[Document], Document],
) -> int:
    """How many versions in the journal were given another body."""
    journal = transaction.database["journal"]
    rows = await journal.find(
        {
            "tenant": str(transaction.tenant),
            "subject": {"$in": [str(id) for id in ids]},
            "topic": aggregate.topic.name,
        },
        fields=("body",),
    )
    for row in rows:
        body = encoder.encode(change(msgspec.json.decode(row["body"]))).decode()
        await journal.update({"_id": row["_id"]}, {"$set": {"body": body}})
    return len(rows)


async def _empty_answers(transaction: DocumentTransaction, ids: Sequence[UUID]) -> int:
    """Empty the kept answers that name one of `ids`."""
    answers = transaction.database["idempotency_key"]
    emptied = answered(answer_of_the_erased())
    named = {str(id) for id in ids}
    count = 0
    kept = {"tenant": str(transaction.tenant)}
    async for page in answers.pages(kept, fields=("body",)):
        for answer in page:
            if named & set(_NAMED.findall(answer.get("body", ""))):
                await answers.update({"_id": answer["_id"]}, {"$set": emptied})
                count += 1
    return count


async def forget_waiting(
    database: MongoDatabase, consumer: str, topic: str, events: Iterable[AnyEvent]
) -> None:
    """As `chassis.erasure.forget_waiting`."""
    for event in events:
        place = place_of(consumer, topic, (event.tenantid, UUID(event.subject)))
        for name in ("parked", "discarded"):
            for row in await database[name].find({"place": place}, fields=("body",)):
                body = without(row["body"].encode(), event).decode()
                await database[name].update({"_id": row["_id"]}, {"$set": {"body": body}})
        await _name_errors_only(database, "parked_key", {"_id": place}, {})
        of_topic = {"consumer": consumer, "topic": topic}
        broken = await database["undecodable"].find(of_topic, fields=("value",))
        named = [row["_id"] for row in broken if event.subject.encode() in (row["value"] or b"")]
        await _name_errors_only(database, "undecodable", {"_id": {"$in": named}}, {"value": None})


async def _name_errors_only(
    database: MongoDatabase, collection: str, where: Document, change: Document
) -> None:
    """Leave of errors their names: messages may quote what they are about."""
    for row in await database[collection].find(where, fields=("error",)):
        name = row["error"].partition(":")[0]
        await database[collection].update({"_id": row["_id"]}, {"$set": {"error": name, **change}})
