"""What one can do with forms, a function per verb."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any
from uuid import UUID

from chassis.access import placed
from chassis.bulk import Decision, Upsert, Verdicts, ids_in, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction, uuid7
from events.marketing import Form
from marketing.campaigns.store import campaigns
from marketing.channels.store import channels
from marketing.forms import form as rules
from marketing.forms.form import FormDraft
from marketing.forms.store import forms


async def create_form(transaction: Transaction, draft: FormDraft) -> Form:
    known = await _known(transaction, [draft.campaign], [draft.channel])
    form = rules.created(uuid7(), placed(draft, transaction.identity), *known)
    return await forms.save(transaction, "created", None, form)


async def change_form(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Form:
    form = await forms.load(transaction, id)
    await check_edit(transaction, form, patch, seen)
    draft = merged(form, patch, FormDraft)
    known = await _known(
        transaction, {draft.campaign} - {form.campaign}, {draft.channel} - {form.channel}
    )
    return await forms.save(transaction, "changed", form, rules.changed(form, draft, *known))


async def upsert_forms(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    known = await _known(transaction, ids_in(items, "campaign"), ids_in(items, "channel"))

    def decide(before: Form | None, draft: FormDraft, identity: Identity) -> Decision[Form]:
        if before is None:
            return Decision("created", rules.created(uuid7(), placed(draft, identity), *known))
        return Decision("changed", rules.changed(before, draft, *known))

    return await upsert(transaction, Upsert(forms, FormDraft, decide), items)


async def _known(
    transaction: Transaction,
    campaign_ids: Iterable[UUID | None],
    channel_ids: Iterable[UUID | None],
) -> tuple[Container[UUID], Container[UUID]]:
    """Those of the campaigns and of the channels that forms may refer to."""
    return (
        await campaigns.readable(transaction, (id for id in campaign_ids if id is not None)),
        await channels.readable(transaction, (id for id in channel_ids if id is not None)),
    )
