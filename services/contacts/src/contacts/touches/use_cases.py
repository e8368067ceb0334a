"""What one can do with touches, a function per verb."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.bulk import Decision, Upsert, Verdicts, ids_in, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction
from contacts.customers.store import queries
from contacts.holders import Holder, holder_of
from contacts.touches import touch as rules
from contacts.touches.store import touches
from contacts.touches.touch import Completion, TouchDraft
from events.contacts import Touch
from events.marketing import Lead


async def create_touch(transaction: Transaction, draft: TouchDraft) -> Touch:
    holders = await queries(transaction).holders_of(transaction, [draft.customer.id])
    by = _holder(transaction.identity, holders.get(draft.customer.id))
    return await _save(
        transaction, None, rules.created(transaction.new_id(), draft, by, transaction.moment)
    )


async def change_touch(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Touch:
    touch = await touches.load(transaction, id)
    await check_edit(transaction, touch, patch, seen)
    after = rules.changed(touch, merged(touch, patch, TouchDraft), transaction.moment)
    return await _save(transaction, touch, after)


async def complete_touch(transaction: Transaction, id: UUID, completion: Completion) -> Touch:
    touch = await touches.load(transaction, id)
    return await _save(transaction, touch, rules.done(touch, completion, transaction.moment))


async def cancel_touch(transaction: Transaction, id: UUID) -> Touch:
    touch = await touches.load(transaction, id)
    return await _save(transaction, touch, rules.cancelled(touch))


async def upsert_touches(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    customers = [given for item in items if isinstance(given := item.get("customer"), dict)]
    holders = await queries(transaction).holders_of(transaction, ids_in(customers, "id"))

    def decide(before: Touch | None, draft: TouchDraft, identity: Identity) -> Decision[Touch]:
        if before is None:
            by = _holder(identity, holders.get(draft.customer.id))
            after = rules.created(transaction.new_id(), draft, by, transaction.moment)
        else:
            after = rules.changed(before, draft, transaction.moment)
        verb = rules.verb(before, after)
        return Decision(verb, after, rules.happened(verb, after))

    return await upsert(transaction, Upsert(touches, TouchDraft, decide), items)


async def record_form(transaction: Transaction, id: UUID, lead: Lead, person: UUID) -> Touch:
    """Record what came through a form, under an `id` that follows from the lead's event."""
    return await _save(transaction, None, rules.of_form(id, lead, person))


def _holder(identity: Identity, customer: Holder | None) -> Holder:
    """Whose a touch is: who makes it answers for it; it stands with its customer's department."""
    actor = holder_of(identity)
    department = customer.department if customer is not None else None
    return Holder(actor.owner, department or actor.department)


async def _save(transaction: Transaction, before: Touch | None, after: Touch) -> Touch:
    verb = rules.verb(before, after)
    return await touches.save(transaction, verb, before, after, at=rules.happened(verb, after))
