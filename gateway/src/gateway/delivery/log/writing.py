"""From the broker into the log: every version that comes, once, in one order for each tenant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from chassis.database import Connection
from chassis.decoding import AnyEvent, id_of, topic_of
from chassis.erasure import is_forgetting, without
from chassis.inbox import Chronicle, Consumer, Told
from events.catalogue import AGGREGATES
from gateway.delivery.log import store
from gateway.delivery.log.entry import Entry, Head
from gateway.delivery.log.store import Subject


async def write(connection: Connection, told: Sequence[Told]) -> None:
    """Append a batch, keep the newest event of each record, forget what these events erase."""
    ordered = in_order(told)
    subjects = {_subject(event): None for event, _ in ordered}
    counts = Counter(event.tenantid for event, _ in ordered)
    sequences = {
        tenant: last - counts[tenant]
        for tenant, last in (await store.allot(connection, counts)).items()
    }
    places = await store.places(connection, list(subjects))
    entries = []
    heads: dict[Subject, Head] = {}
    for event, body in ordered:
        subject = _subject(event)
        sequences[event.tenantid] += 1
        entry = _entry(event, body, sequences[event.tenantid], places.get(subject, (None, None)))
        entries.append((event.tenantid, entry))
        heads[subject] = _head(entry)
        places[subject] = heads[subject].owner, heads[subject].department
    await store.append(connection, entries)
    await store.keep_heads(connection, heads)
    for event, _ in ordered:
        if is_forgetting(event):
            await _forget(connection, event)
    await store.announce(connection, list(counts))


def in_order(told: Sequence[Told]) -> list[Told]:
    """As recorded, as far as the batch can tell; versions of one record always in their turn."""
    latest: dict[Subject, datetime] = {}
    keyed = []
    for number, item in enumerate(told):
        subject = _subject(item.event)
        recorded = _recorded(item.event)
        latest[subject] = max(recorded, latest.get(subject, recorded))
        keyed.append((latest[subject], number, item))
    return [item for *_, item in sorted(keyed, key=lambda one: one[:2])]


def _subject(event: AnyEvent) -> Subject:
    return event.tenantid, topic_of(event), id_of(event.subject)


def _recorded(event: AnyEvent) -> datetime:
    return event.recordedtime or event.time


def _entry(event: AnyEvent, body: bytes, sequence: int, was: store.Place) -> Entry:
    after = event.data.after
    return Entry(
        sequence=sequence,
        topic=topic_of(event),
        type=event.type,
        subject=id_of(event.subject),
        version=event.aggregateversion,
        owner=after.owner if after is not None else None,
        department=after.department if after is not None else None,
        was_owner=was[0],
        was_department=was[1],
        remains=after is not None,
        origin=event.origin,
        recordedtime=_recorded(event),
        body=body,
    )


def _head(entry: Entry) -> Head:
    """What is kept of a record; whose it was last, where it is no more."""
    return Head(
        sequence=entry.sequence,
        topic=entry.topic,
        subject=entry.subject,
        version=entry.version,
        owner=entry.owner if entry.remains else entry.was_owner,
        department=entry.department if entry.remains else entry.was_department,
        remains=entry.remains,
        body=entry.body,
    )


async def _forget(connection: Connection, event: AnyEvent) -> None:
    """Take out of the earlier versions in the log what `event` erases; their places stay."""
    before = await store.bodies_before(connection, _subject(event), event.aggregateversion)
    emptied = [(sequence, without(body, event)) for sequence, body in before]
    await store.replace_bodies(connection, event.tenantid, emptied)


DELIVERY = Consumer(
    "gateway.delivery", tuple(Chronicle(aggregate, write) for aggregate in AGGREGATES)
)
