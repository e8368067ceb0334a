"""From documents to the journal: where the events of an aggregate are once it is written.

A write leaves its event in the document. Whoever collects copies the waiting
events to the journal, in the order of their versions, gives them their positions
and takes them out of the document. Every step can be repeated, and two who
collect at once do no harm: a row of the journal has the `_id` of its version.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any
from uuid import UUID

from chassis.mongodb.database import Document, MongoDatabase, side_by_side
from chassis.mongodb.names import key_of, parts_of, row_id

WAITING = ("version", "slot", "recorded", "outbox", "answers")
"""The fields that whoever collects reads."""


async def collect(database: MongoDatabase, topic: str, documents: Sequence[Document]) -> None:
    """Move what waits in these documents of one kind to where it is kept."""
    rows = [row for document in documents for row in _rows(topic, document)]
    # In the order in which they were committed, which among documents is as good as the clock.
    await _journal(database, sorted(rows, key=lambda row: row["recordedtime"]))
    for document in documents:
        await _keep_answers(database, document.get("answers", ()))

    async def relieve(document: Document) -> None:
        await _relieve(database, topic, document)

    await side_by_side(relieve, documents)


async def collect_pending(
    database: MongoDatabase, slots: Mapping[str, Collection[int]] | None = None, most: int = 500
) -> None:
    """Collect from documents whose slots are named (topic -> slots), or from all.

    No more than `most` of each kind when slots are named.
    """
    for topic, kind in database.kinds.items():
        if slots is None:
            async for page in database[kind].pages({"pending": True}, fields=WAITING):
                await collect(database, topic, page)
        elif topic in slots:
            owned = {"pending": True, "slot": {"$in": sorted(slots[topic])}}
            found = await database[kind].find(owned, fields=WAITING, limit=most)
            await collect(database, topic, found)


async def collect_tenant(database: MongoDatabase, tenant: UUID) -> None:
    """Collect from all documents of a tenant."""
    first = {"_id": {"$gt": f"{tenant}:", "$lt": f"{tenant};"}, "pending": True}
    for topic, kind in database.kinds.items():
        await collect(database, topic, await database[kind].find(first, fields=WAITING))


async def collect_subject(database: MongoDatabase, tenant: UUID, id: UUID) -> None:
    """Collect from the documents of one id."""
    for topic, kind in database.kinds.items():
        waiting = {"_id": key_of(tenant, id), "pending": True}
        found = await database[kind].find(waiting, fields=WAITING)
        if found:
            await collect(database, topic, found)


def recorded_times(document: Document) -> list[datetime]:
    """When each of the versions that wait in a document was recorded.

    The document has the time of its newest version; an event brings that of the
    version before its own. None is earlier than the one before it, also where another
    primary's clock is behind.
    """
    later = [entry["previous"] for entry in document.get("outbox", ())[1:]]
    return list(accumulate([*later, document["recorded"]], max)) if document.get("outbox") else []


def _rows(topic: str, document: Document) -> list[Document]:
    tenant, subject = parts_of(document["_id"])
    entries: list[dict[str, Any]] = document.get("outbox", [])
    return [
        {
            "_id": row_id(document["_id"], entry["version"]),
            "tenant": tenant,
            "topic": topic,
            "slot": document["slot"],
            "subject": subject,
            "version": entry["version"],
            "type": entry["type"],
            "event": entry["event"],
            "traceparent": entry["traceparent"],
            "body": entry["body"],
            "time": entry["time"],
            "recordedtime": recorded,
            "waiting": True,
        }
        for entry, recorded in zip(entries, recorded_times(document), strict=True)
    ]


async def _journal(database: MongoDatabase, rows: list[Document]) -> None:
    """Insert what the journal does not have, with positions that grow with the versions."""
    while rows:
        taken = {"$inc": {"value": len(rows)}}
        end = (await database["counter"].changed({"_id": "journal"}, taken))["value"]
        for position, row in enumerate(rows, start=end - len(rows) + 1):
            row["position"] = position
        done = await database["journal"].insert_in_order(rows)
        # Somebody else has inserted the next one; those behind it need positions behind its own.
        rows = rows[done + 1 :]


async def _keep_answers(database: MongoDatabase, answers: Sequence[Document]) -> None:
    for answer in answers:
        unanswered = {"_id": answer["key"], "status": None}
        given = {name: value for name, value in answer.items() if name != "key"}
        await database["idempotency_key"].update(unanswered, {"$set": given})


async def _relieve(database: MongoDatabase, topic: str, document: Document) -> None:
    documents = database[database.kinds[topic]]
    as_read = {"_id": document["_id"], "version": document["version"]}
    nothing = {"outbox": "", "answers": "", "pending": ""}
    if not await documents.update(as_read, {"$unset": nothing}):
        # It has moved on, and what was added waits still.
        kept = {name: document[name] for name in ("outbox", "answers") if document.get(name)}
        if kept:
            await documents.update({"_id": document["_id"]}, {"$pullAll": kept})
