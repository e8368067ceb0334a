"""Deleting a person, and erasing one: as if there had never been anything but a number."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from msgspec import Struct

from chassis.erasure import erase, erase_deleted, redact
from chassis.transactions import Transaction
from contacts.customers.store import queries as customers
from contacts.people.store import people
from contacts.replicas.naming import Called, names_of
from contacts.touches.store import queries, touches
from contacts.touches.touch import BLANKS
from events.erasure import DELETED, ERASED, ERASURE, forgotten_by
from events.topics import TOPICS


class ErasedCounts(Struct, kw_only=True):
    """What was emptied here: touches, versions in the journal, answers kept for repetitions."""

    touches: int
    versions: int
    answers: int


class Removed(Struct, kw_only=True, omit_defaults=True):
    """A person who is no more, and the version of the event that said so.

    After an erasure also what was emptied, and the day from which no topic holds
    anything of it any more.
    """

    id: UUID
    version: int
    erased: ErasedCounts | None = None
    topics_forget_by: date | None = None


async def remove_person(transaction: Transaction, id: UUID) -> Removed:
    """Delete a person; erase them when that is the reason of the request."""
    if transaction.cause.reason == ERASURE:
        return await erase_person(transaction, id)
    person = await people.load(transaction, id)
    return Removed(id=id, version=await people.remove(transaction, DELETED, person))


async def erase_person(transaction: Transaction, id: UUID) -> Removed:
    """Take a person's data out of everything that contacts keeps; nobody can undo it.

    Touches with them stay, without a word of what was said; facts of other systems mean them no
    more. Whom somebody deleted
    before can be erased by who may erase everybody.
    """
    version, called = await _told(transaction, id)
    await customers(transaction).unlink_facts(transaction, names_of(called))
    of_person = await erase(transaction, people.aggregate, id)
    held = await queries(transaction).touches_with(transaction, id)
    of_touches = await redact(transaction, touches, held, BLANKS)
    return Removed(
        id=id,
        version=version,
        erased=ErasedCounts(
            touches=len(held),
            versions=of_person.versions + of_touches.versions,
            answers=of_person.answers + of_touches.answers,
        ),
        topics_forget_by=forgotten_by(TOPICS, transaction.moment),
    )


async def _told(transaction: Transaction, id: UUID) -> tuple[int, Called]:
    """The version of the event that says so, and how the person is called as far as is known.

    Raises `NotFound` for whom there never was.
    """
    known = await people.load_many(transaction, [id], action="erase")
    if id in known:
        called = Called(id, known[id].external_ids)
        return await people.remove(transaction, ERASED, known[id]), called
    if transaction.identity.reach("people:erase") == "all":
        version = await erase_deleted(transaction, people.aggregate, id)
        if version is not None:
            return version, Called(id)
    raise people.not_found(id)
