"""Writing one version of one aggregate: one update of its document.

The update checks the version before, and holds all that the version brings: the
state, the fields it is found by, the event that tells of it, and what makes a
repetition known as one.

External ids are unique by documents of their own, claimed before and given back
after. A crash between leaves a claim that its record does not bear out: after a
while it may be taken over.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from chassis.journal import Step, encoder, event_of, external_ids_beyond, slot_of, told
from chassis.mongodb.collecting import WAITING, collect
from chassis.mongodb.database import AlreadyThere, Document
from chassis.mongodb.names import external_id_text, kept, key_of, kind_of, text_of
from chassis.mongodb.transaction import DocumentTransaction, Loaded, Staged
from chassis.problems import ExternalIdTaken, VersionLost
from chassis.storage import Answer
from chassis.transactions import Written
from events.envelope import Change
from events.erasure import ERASED
from events.topics import Aggregate
from events.values import ExternalId

LOADED = ("recorded", "outbox.version")
"""What whoever loads a document to change it has to read beside its state."""

_MOST_WAITING = 16
"""A document in which more events wait is relieved of them before the next is added."""

ERASING = "erasing"
"""A field of what is left of an aggregate: whether its erasure is still to be completed."""

_CLAIMED_FOR = timedelta(seconds=20)
"""So long a claimed external id waits for its record; a write never takes so long."""


def noted(transaction: DocumentTransaction, document: Document) -> None:
    """Remember of a document that was loaded what writing its next version needs."""
    waiting = len(document.get("outbox", ()))
    transaction.kept.loaded[document["_id"]] = Loaded(document.get("recorded"), waiting)


def staged(transaction: DocumentTransaction, aggregate: Aggregate, step: Step) -> Staged:
    """A step, ready to be written; `EventTooLarge` when its event could not be sent."""
    event, state, body = told(transaction, aggregate, step)
    after = step.after
    return Staged(
        aggregate=aggregate,
        key=key_of(transaction.tenant, after.id),
        event=event,
        body=body,
        slot=slot_of(transaction, aggregate, after.id),
        fields={
            **{name: kept(value) for name, value in step.columns.items()},
            "tenant": str(transaction.tenant),
            "owner": kept(after.owner),
            "department": kept(after.department),
            "external_ids": [external_id_text(item) for item in after.external_ids],
            "state": state.decode(),
        },
        taken=_items(external_ids_beyond([step], lambda step: (step.after, step.before))),
        given_back=_items(external_ids_beyond([step], lambda step: (step.before, step.after))),
    )


def staged_end(
    transaction: DocumentTransaction,
    aggregate: Aggregate,
    verb: str,
    id: UUID,
    version: int,
    *,
    cleared: Sequence[str] = (),
    given_back: Sequence[ExternalId] = (),
) -> Staged:
    """An event without a state, ready to be written: all but its versions is `cleared`."""
    event = event_of(
        transaction, aggregate, verb, id, version, transaction.moment, Change(after=None)
    )
    return Staged(
        aggregate=aggregate,
        key=key_of(transaction.tenant, id),
        event=event,
        body=encoder.encode(event),
        slot=slot_of(transaction, aggregate, id),
        fields={"gone": verb, ERASING: verb == ERASED},
        cleared=tuple(cleared),
        given_back=tuple(dict.fromkeys(given_back)),
    )


def stage(transaction: DocumentTransaction, step: Staged) -> None:
    """Write it when the transaction ends, after what was staged before."""
    transaction.kept.staged.append(step)
    note_written(transaction, step)


def note_written(transaction: DocumentTransaction, step: Staged) -> None:
    topic, subject = step.aggregate.topic.name, UUID(step.event.subject)
    transaction.written.append(Written(topic, step.slot, subject, step.version))


async def flush(transaction: DocumentTransaction, answer: Answer | None = None) -> bool:
    """Write what is staged, in its order; whether the last one took the `answer` along."""
    steps, transaction.kept.staged = transaction.kept.staged, []
    for place, step in enumerate(steps, start=1):
        await write(transaction, step, answer if place == len(steps) else None)
    return bool(steps)


async def write(
    transaction: DocumentTransaction, step: Staged, answer: Answer | None = None
) -> None:
    """Write one version; `VersionLost` or `ExternalIdTaken` when it cannot be.

    A version that this reaction has written before is left as it is.
    """
    await _claim(transaction, step)
    try:
        landed = await _update(transaction, step, answer)
    except AlreadyThere:
        landed = False
    if not landed and not await _has_reacted(transaction, step):
        raise VersionLost("the record has changed meanwhile: load it and try again")
    await _give_back(transaction, step)


async def _update(transaction: DocumentTransaction, step: Staged, answer: Answer | None) -> bool:
    where: dict[str, Any] = {"_id": step.key, "version": step.version - 1}
    added: dict[str, Any] = {"outbox": await _entry(transaction, step)}
    marks: dict[str, Any] = {"version": step.version, "slot": step.slot, "pending": True}
    label, claim = transaction.label(step.event), transaction.kept.claim
    if label is not None:
        where["applied"] = {"$ne": label}
        added["applied"] = label
    if claim is not None:
        if answer is not None:
            added["answers"] = {"key": claim.id, **answered(answer)}
        if step.version == 1:
            marks["made_by"] = str(claim.seed)
    change: dict[str, Any] = {
        "$set": step.fields | marks,
        "$push": added,
        "$currentDate": {"recorded": True},
    }
    if step.cleared:
        change["$unset"] = dict.fromkeys(step.cleared, "")
    documents = transaction.database[kind_of(step.aggregate)]
    return await documents.update(where, change, upsert=step.version == 1)


def answered(answer: Answer) -> dict[str, Any]:
    """An answer as documents have it."""
    return {
        "status": answer.status,
        "headers": msgspec.json.encode(answer.headers).decode(),
        "body": answer.body.decode(),
    }


async def _entry(transaction: DocumentTransaction, step: Staged) -> dict[str, Any]:
    event = step.event
    return {
        "version": step.version,
        "type": event.type,
        "event": str(event.id),
        "traceparent": event.traceparent,
        "body": step.body.decode(),
        "time": event.time,
        "previous": await _recorded_before(transaction, step),
    }


async def _recorded_before(transaction: DocumentTransaction, step: Staged) -> datetime | None:
    """When the version before was recorded; makes room for the next event where many wait."""
    if step.version == 1:
        return None
    loaded = transaction.kept.loaded.get(step.key)
    if loaded is None or loaded.waiting > _MOST_WAITING:
        documents = transaction.database[kind_of(step.aggregate)]
        found = await documents.find_one({"_id": step.key}, fields=WAITING)
        if found is None or found["version"] != step.version - 1:
            return None
        if len(found.get("outbox", ())) > _MOST_WAITING:
            await collect(transaction.database, step.aggregate.topic.name, [found])
        loaded = Loaded(found["recorded"], 0)
    return loaded.recorded


async def _has_reacted(transaction: DocumentTransaction, step: Staged) -> bool:
    label = transaction.label(step.event)
    if label is None:
        return False
    documents = transaction.database[kind_of(step.aggregate)]
    found = await documents.find_one({"_id": step.key, "applied": label}, fields=("version",))
    return found is not None


# -- external ids -------------------------------------------------------------------


def _items(pairs: Sequence[tuple[UUID, ExternalId]]) -> tuple[ExternalId, ...]:
    return tuple(item for _, item in pairs)


def _place(transaction: DocumentTransaction, step: Staged, item: ExternalId) -> str:
    kind = kind_of(step.aggregate)
    return text_of(str(transaction.tenant), kind, item.system, item.type, item.id)


async def _claim(transaction: DocumentTransaction, step: Staged) -> None:
    """Claim the external ids that the record is to have; all of them or none."""
    if not step.taken:
        return
    began = time.monotonic()
    claim = {
        "record": step.key,
        "by": str(step.event.id),
        "claimed": await transaction.database.clock(),
    }
    for item in step.taken:
        if not await _claimed(transaction, step, item, claim):
            await transaction.database["external_id"].delete(
                {"_id": {"$in": [_place(transaction, step, item) for item in step.taken]}, **claim}
            )
            message = "another record has one of these external ids"
            raise ExternalIdTaken(message, field="external_ids")
    if time.monotonic() - began > _CLAIMED_FOR.total_seconds() / 2:
        raise VersionLost("the claimed external ids may be another's by now: try again")


async def _claimed(
    transaction: DocumentTransaction, step: Staged, item: ExternalId, claim: dict[str, Any]
) -> bool:
    claims = transaction.database["external_id"]
    place = _place(transaction, step, item)
    try:
        await claims.insert({"_id": place, **claim})
    except AlreadyThere:
        held = await claims.find_one({"_id": place})
        if held is None:
            return False
        if held["record"] != step.key:
            bears = {"_id": held["record"], "external_ids": external_id_text(item)}
            documents = transaction.database[kind_of(step.aggregate)]
            is_young = held["claimed"] > claim["claimed"] - _CLAIMED_FOR
            if is_young or await documents.find_one(bears, fields=("_id",)):
                return False
        return await claims.update({"_id": place, "by": held["by"]}, {"$set": claim})
    return True


async def _give_back(transaction: DocumentTransaction, step: Staged) -> None:
    """Free the external ids that the record does not have any more."""
    documents = transaction.database[kind_of(step.aggregate)]
    for item in step.given_back:
        bears = {"_id": step.key, "external_ids": external_id_text(item)}
        if not await documents.find_one(bears, fields=("_id",)):
            mine = {"_id": _place(transaction, step, item), "record": step.key}
            await transaction.database["external_id"].delete(mine)
