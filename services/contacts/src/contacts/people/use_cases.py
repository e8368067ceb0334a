"""What one can do with people, a function per verb."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.bulk import Decision, Upsert, Verdicts, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction, uuid7
from contacts.holders import Holder, holder_of
from contacts.people import person as rules
from contacts.people.finding import addresses
from contacts.people.person import PersonDraft
from contacts.people.store import people, queries
from events.contacts import Person


async def create_person(transaction: Transaction, draft: PersonDraft) -> Person:
    person = rules.created(transaction.new_id(), draft, holder_of(transaction.identity))
    return await people.save(transaction, "created", None, person)


async def change_person(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Person:
    person = await people.load(transaction, id)
    await check_edit(transaction, person, patch, seen)
    after = rules.changed(person, merged(person, patch, PersonDraft))
    return await people.save(transaction, "changed", person, after)


async def upsert_people(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    def decide(before: Person | None, draft: PersonDraft, identity: Identity) -> Decision[Person]:
        if before is None:
            made = rules.created(transaction.new_id(), draft, holder_of(identity))
            return Decision("created", made)
        return Decision("changed", rules.changed(before, draft))

    return await upsert(transaction, Upsert(people, PersonDraft, decide), items)


async def recognised(transaction: Transaction, draft: PersonDraft) -> Person | None:
    """Who has one of the draft's e-mails or phones: the oldest of them, if there is any."""
    # The rules bring the addresses into the form in which they are kept.
    sought = rules.created(uuid7(), draft, Holder(None, None))
    sought_by = addresses(sought.emails, sought.phones)
    known = await queries(transaction).id_of_address(transaction, sought_by)
    # Whoever is deleted at this moment is not known any more.
    return (await people.load_many(transaction, [known])).get(known) if known else None


async def join_company(transaction: Transaction, person: Person, company: UUID) -> None:
    """Say where a person works, unless that is known."""
    await people.save(transaction, "changed", person, rules.working_at(person, company))


async def meet(transaction: Transaction, id: UUID, draft: PersonDraft, by: Holder) -> Person:
    """A new person under an `id` that follows from what brought them."""
    return await people.save(transaction, "created", None, rules.created(id, draft, by))
