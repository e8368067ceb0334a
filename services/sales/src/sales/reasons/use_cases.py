"""What one can do with reasons, a function per verb."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.bulk import Decision, Upsert, Verdicts, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction
from events.directory import Tenant
from events.sales import Reason
from sales.reasons import reason as rules
from sales.reasons.built_in import built_in_reasons
from sales.reasons.reason import ReasonCodeTaken, ReasonDraft
from sales.reasons.store import reasons, taken


async def create_reason(transaction: Transaction, draft: ReasonDraft) -> Reason:
    reason = rules.created(transaction.tenant, draft)
    if await taken(transaction, [reason.id]):
        raise ReasonCodeTaken(f"there is a reason {draft.code!r}", field="code")
    return await reasons.save(transaction, "created", None, reason)


async def create_first_reasons(transaction: Transaction, tenant: Tenant) -> None:
    """The reasons that a new tenant begins with; those it has already stay as they are."""
    first = built_in_reasons(tenant.id, tenant.language)
    there = await taken(transaction, [reason.id for reason in first])
    steps = [
        reasons.step(transaction, "created", None, reason)
        for reason in first
        if reason.id not in there
    ]
    await reasons.save_all(transaction, steps)


async def change_reason(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Reason:
    reason = await reasons.load(transaction, id)
    await check_edit(transaction, reason, patch, seen)
    after = rules.changed(reason, merged(reason, patch, ReasonDraft))
    return await reasons.save(transaction, "changed", reason, after)


async def upsert_reasons(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    """Upsert reasons; beside ids and external ids, outcome and code tell which one is meant."""
    coded = [rules.coded(transaction.tenant, item) for item in items]
    there = await taken(transaction, [id for id in coded if id is not None])
    items = [
        item if id not in there or "id" in item else {**item, "id": str(id)}
        for item, id in zip(items, coded, strict=True)
    ]

    def decide(before: Reason | None, draft: ReasonDraft, _: Identity) -> Decision[Reason]:
        if before is not None:
            return Decision("changed", rules.changed(before, draft))
        reason = rules.created(transaction.tenant, draft)
        if reason.id in there:
            raise ReasonCodeTaken(f"there is a reason {draft.code!r}", field="code")
        there.add(reason.id)
        return Decision("created", reason)

    return await upsert(transaction, Upsert(reasons, ReasonDraft, decide), items)
