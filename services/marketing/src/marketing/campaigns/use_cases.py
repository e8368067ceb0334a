"""What one can do with campaigns, a function per verb."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.access import placed
from chassis.bulk import Decision, Upsert, Verdicts, ids_in, record_ids, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction, uuid7
from events.marketing import Campaign
from marketing.campaigns import campaign as rules
from marketing.campaigns.campaign import CampaignDraft
from marketing.campaigns.store import campaigns, hold
from marketing.channels.store import channels
from marketing.spend.store import currencies_of


async def create_campaign(transaction: Transaction, draft: CampaignDraft) -> Campaign:
    known = await channels.readable(transaction, [draft.channel])
    campaign = rules.created(uuid7(), placed(draft, transaction.identity), known)
    return await campaigns.save(transaction, "created", None, campaign)


async def change_campaign(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Campaign:
    campaign = await campaigns.load(transaction, id)
    await check_edit(transaction, campaign, patch, seen)
    draft = merged(campaign, patch, CampaignDraft)
    known = await channels.readable(transaction, {draft.channel} - {campaign.channel})
    spent_in = await currencies_of(transaction, [id])
    after = rules.changed(campaign, draft, known, spent_in.get(id))
    return await campaigns.save(transaction, "changed", campaign, after)


async def upsert_campaigns(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    known = await channels.readable(transaction, ids_in(items, "channel"))
    named = await record_ids(transaction, campaigns, items)
    await hold(transaction, named)
    spent_in = await currencies_of(transaction, named)

    def decide(
        before: Campaign | None, draft: CampaignDraft, identity: Identity
    ) -> Decision[Campaign]:
        if before is None:
            return Decision("created", rules.created(uuid7(), placed(draft, identity), known))
        after = rules.changed(before, draft, known, spent_in.get(before.id))
        return Decision("changed", after)

    return await upsert(transaction, Upsert(campaigns, CampaignDraft, decide), items)
