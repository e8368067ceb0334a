"""What one can do with users, a function per verb."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.bulk import Decision, Upsert, Verdicts, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction, uuid7
from events.directory import User
from gateway.directory.absences.use_cases import follow
from gateway.directory.letters.store import want
from gateway.directory.passwords.store import has_password
from gateway.directory.tenants.store import take_turn
from gateway.directory.users import user as rules
from gateway.directory.users.store import users
from gateway.directory.users.user import UserChange, UserDraft


async def invite_user(transaction: Transaction, draft: UserDraft, *, by_mail: bool) -> User:
    """A new user; the invitation itself is issued when this has committed, one for each way."""
    # Which roles one may give is of no interest to who may not invite anybody.
    transaction.identity.reach("users:write")
    await take_turn(transaction)
    colleagues = await users.colleagues(transaction)
    user = colleagues.admit(rules.invited(uuid7(), draft))
    saved = await users.save(transaction, "invited", None, user)
    if by_mail:
        await want(transaction, [saved.id])
    return saved


async def change_user(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> User:
    await take_turn(transaction)
    user = await users.load(transaction, id)
    await check_edit(transaction, user, patch, seen)
    change = merged(user, patch, UserChange)
    after = rules.in_status(
        rules.changed(user, change),
        change.status,
        has_password=await has_password(transaction, id),
    )
    colleagues = await users.colleagues(transaction)
    saved = await users.save(transaction, "changed", user, colleagues.admit(after, user))
    if saved.department != user.department:
        await follow(transaction, [saved])
    return saved


async def upsert_users(
    transaction: Transaction, items: list[dict[str, Any]], *, by_mail: bool
) -> Verdicts:
    """Upsert many; new ones are invited, later items see what earlier ones took."""
    await take_turn(transaction)
    colleagues = await users.colleagues(transaction)
    invited: list[UUID] = []
    moved: list[User] = []

    def decide(before: User | None, draft: UserDraft, _: Identity) -> Decision[User]:
        if before is None:
            user = colleagues.admit(rules.invited(uuid7(), draft))
            invited.append(user.id)
            return Decision("invited", user)
        user = colleagues.admit(rules.changed(before, draft), before)
        if user.department != before.department:
            moved.append(user)
        return Decision("changed", user)

    verdicts = await upsert(transaction, Upsert(users, UserDraft, decide), items)
    await follow(transaction, moved)
    if by_mail and invited:
        await want(transaction, invited)
    return verdicts
