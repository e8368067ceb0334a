"""What one can do with roles, a function per verb."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.bulk import Decision, Upsert, Verdicts, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction
from events.directory import Role
from gateway.directory.roles import role as rules
from gateway.directory.roles.rights import held_by
from gateway.directory.roles.role import RoleCodeTaken, RoleDraft
from gateway.directory.roles.store import roles, taken
from gateway.directory.tenants.store import take_turn


async def create_role(transaction: Transaction, draft: RoleDraft) -> Role:
    # What one may give to others is of no interest to who may not give anything.
    transaction.identity.reach("roles:write")
    await take_turn(transaction)
    role = rules.created(transaction.tenant, draft, held_by(transaction.identity))
    if await taken(transaction, [role.code]):
        raise RoleCodeTaken(f"there is a role {draft.code!r}", field="code")
    return await roles.save(transaction, "created", None, role)


async def change_role(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Role:
    await take_turn(transaction)
    role = await roles.load(transaction, id)
    await check_edit(transaction, role, patch, seen)
    after = rules.changed(role, merged(role, patch, RoleDraft), held_by(transaction.identity))
    return await roles.save(transaction, "changed", role, after)


async def upsert_roles(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    """Upsert roles; beside ids and external ids, the code tells which one is meant."""
    await take_turn(transaction)
    codes = [code for item in items if isinstance(code := item.get("code"), str)]
    there = await taken(transaction, codes)
    items = [
        {**item, "id": str(rules.role_id(transaction.tenant, code))}
        if isinstance(code := item.get("code"), str) and code in there and "id" not in item
        else item
        for item in items
    ]

    def decide(before: Role | None, draft: RoleDraft, by: Identity) -> Decision[Role]:
        if before is not None:
            return Decision("changed", rules.changed(before, draft, held_by(by)))
        role = rules.created(transaction.tenant, draft, held_by(by))
        if role.code in there:
            raise RoleCodeTaken(f"there is a role {draft.code!r}", field="code")
        there.add(role.code)
        return Decision("created", role)

    return await upsert(transaction, Upsert(roles, RoleDraft, decide), items)
