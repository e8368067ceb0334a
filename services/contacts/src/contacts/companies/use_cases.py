"""What one can do with companies, a function per verb."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.bulk import Decision, Upsert, Verdicts, ids_in, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction
from contacts.companies import company as rules
from contacts.companies.company import CompanyDraft
from contacts.companies.store import companies, queries
from contacts.holders import Holder, holder_of
from events.contacts import Company
from events.erasure import DELETED


async def create_company(transaction: Transaction, draft: CompanyDraft) -> Company:
    company = rules.created(transaction.new_id(), draft, holder_of(transaction.identity))
    return await companies.save(transaction, "created", None, company)


async def change_company(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Company:
    company = await companies.load(transaction, id)
    await check_edit(transaction, company, patch, seen)
    draft = merged(company, patch, CompanyDraft)
    parents = (
        await queries(transaction).parents_above(transaction, [draft.parent])
        if draft.parent
        else {}
    )
    return await companies.save(
        transaction, "changed", company, rules.changed(company, draft, parents)
    )


async def delete_company(transaction: Transaction, id: UUID) -> int:
    """Delete a company; the version of the event that says so.

    Its people, touches and deals stay, and go on naming it.
    """
    company = await companies.load(transaction, id)
    return await companies.remove(transaction, DELETED, company)


async def upsert_companies(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    parents = await queries(transaction).parents_above(transaction, ids_in(items, "parent"))

    def decide(
        before: Company | None, draft: CompanyDraft, identity: Identity
    ) -> Decision[Company]:
        if before is None:
            return Decision(
                "created", rules.created(transaction.new_id(), draft, holder_of(identity))
            )
        after = rules.changed(before, draft, parents)
        # Later items of the request are judged by what earlier ones have decided.
        parents.pop(after.id, None)
        if after.parent is not None:
            parents[after.id] = after.parent
        return Decision("changed", after)

    return await upsert(transaction, Upsert(companies, CompanyDraft, decide), items)


async def company_of_name(transaction: Transaction, id: UUID, name: str, by: Holder) -> UUID:
    """The company that is called so; one is made, with this `id`, when there is none."""
    known = await queries(transaction).id_of_name(transaction, name)
    if known is not None:
        return known
    company = rules.created(id, CompanyDraft(name=name), by)
    await companies.save(transaction, "created", None, company)
    return id
