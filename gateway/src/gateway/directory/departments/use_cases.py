"""What one can do with departments, a function per verb."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.bulk import Decision, Upsert, Verdicts, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction, uuid7
from events.directory import Department
from gateway.directory.departments import department as rules
from gateway.directory.departments.department import DepartmentDraft
from gateway.directory.departments.store import departments
from gateway.directory.tenants.store import take_turn
from gateway.directory.working_time import public_holidays


async def create_department(transaction: Transaction, draft: DepartmentDraft) -> Department:
    if draft.holidays is not None:
        await public_holidays.loaded()
    await take_turn(transaction)
    tree = await departments.tree(transaction)
    return await departments.save(transaction, "created", None, rules.created(uuid7(), draft, tree))


async def change_department(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Department:
    """Change a department; moving it moves everything below it, each with its own event."""
    if patch.get("holidays") is not None:
        await public_holidays.loaded()
    await take_turn(transaction)
    department = await departments.load(transaction, id)
    await check_edit(transaction, department, patch, seen)
    tree = await departments.tree(transaction)
    after = rules.changed(department, merged(department, patch, DepartmentDraft), tree)
    saved = await departments.save(transaction, "changed", department, after)
    if saved.path != department.path:
        await _follow_parents(transaction)
    return saved


async def upsert_departments(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    """Upsert many; later items see what earlier ones made of the tree."""
    if any(item.get("holidays") is not None for item in items):
        await public_holidays.loaded()
    await take_turn(transaction)
    tree = await departments.tree(transaction)

    def decide(
        before: Department | None, draft: DepartmentDraft, _: Identity
    ) -> Decision[Department]:
        if before is None:
            decision = Decision("created", rules.created(uuid7(), draft, tree))
        else:
            decision = Decision("changed", rules.changed(before, draft, tree))
        tree[decision.state.id] = decision.state
        return decision

    verdicts = await upsert(transaction, Upsert(departments, DepartmentDraft, decide), items)
    await _follow_parents(transaction)
    return verdicts


async def _follow_parents(transaction: Transaction) -> None:
    """Give every department the path that follows from its parents."""
    tree = await departments.tree(transaction)
    await departments.save_all(
        transaction,
        [
            departments.step(transaction, "changed", tree[after.id], after)
            for after in rules.repathed(tree)
        ],
    )
