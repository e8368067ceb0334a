"""What one can do with absences, a function per verb."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from chassis.bulk import Decision, Upsert, Verdicts, ids_in, record_ids, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction, uuid7
from events.directory import Absence, User
from events.erasure import DELETED
from gateway.directory.absences import absence as rules
from gateway.directory.absences.absence import AbsenceDraft
from gateway.directory.absences.store import absences
from gateway.directory.tenants.store import take_turn


async def record_absence(transaction: Transaction, draft: AbsenceDraft) -> Absence:
    """An absence of one's own, or of somebody within reach."""
    owner = draft.owner or transaction.identity.user
    await take_turn(transaction)
    staff = await absences.staff(transaction, _given(owner), _given(draft.deputy))
    absence = rules.recorded(uuid7(), owner, draft, staff)
    return await absences.save(transaction, "recorded", None, absence)


async def change_absence(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Absence:
    await take_turn(transaction)
    absence = await absences.load(transaction, id)
    await check_edit(transaction, absence, patch, seen)
    draft = merged(absence, patch, AbsenceDraft)
    new = draft.deputy if draft.deputy != absence.deputy else None
    staff = await absences.staff(transaction, _given(absence.owner), _given(new))
    after = rules.changed(absence, draft, staff)
    return await absences.save(transaction, "changed", absence, after)


async def delete_absence(transaction: Transaction, id: UUID) -> int:
    """Forget an absence that is not to be; the version of the event that says so."""
    absence = await absences.load(transaction, id)
    return await absences.remove(transaction, DELETED, absence)


async def upsert_absences(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    """Upsert many; later items see what earlier ones made."""
    await take_turn(transaction)
    named = await record_ids(transaction, absences, items)
    owners = ids_in(items, "owner") | await absences.owners(transaction, named)
    staff = await absences.staff(
        transaction, owners | set(_given(transaction.identity.user)), ids_in(items, "deputy")
    )

    def decide(before: Absence | None, draft: AbsenceDraft, by: Identity) -> Decision[Absence]:
        if before is not None:
            return Decision("changed", rules.changed(before, draft, staff))
        owner = draft.owner or by.user
        return Decision("recorded", rules.recorded(uuid7(), owner, draft, staff))

    return await upsert(transaction, Upsert(absences, AbsenceDraft, decide), items)


async def follow(transaction: Transaction, moved: Iterable[User]) -> None:
    """Let the absences of users who have moved, as far as they are not over, move along."""
    offices = {user.id: user.department for user in moved}
    if not offices:
        return
    # On some clocks it is still yesterday.
    yesterday = transaction.moment.date() - timedelta(days=1)
    ahead = await absences.not_over(transaction, offices.keys(), yesterday)
    steps = [
        absences.step(transaction, "changed", absence, replace(absence, department=there))
        for absence in ahead
        if absence.owner is not None and (there := offices[absence.owner]) != absence.department
    ]
    await absences.save_all(transaction, steps)


def _given(id: UUID | None) -> list[UUID]:
    return [] if id is None else [id]
