"""How leads come, and what becomes of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.transactions import Transaction, uuid7
from events.marketing import Form, Lead
from events.values import CustomerRef
from marketing.campaigns.store import campaigns
from marketing.leads import lead as rules
from marketing.leads.lead import Submission
from marketing.leads.store import leads


async def capture_lead(transaction: Transaction, form: Form, submission: Submission) -> Lead:
    """Keep what somebody left on `form`."""
    campaign = None
    if form.campaign is not None:
        known = await campaigns.readable(transaction, [form.campaign])
        campaign = known.get(form.campaign)
    lead = rules.captured(uuid7(), form, campaign, submission, transaction.moment)
    return await leads.save(transaction, "captured", None, lead)


async def convert_lead(
    transaction: Transaction,
    id: UUID,
    *,
    deal: UUID,
    customer: CustomerRef | None,
    at: datetime,
) -> None:
    """Note what became of a lead; one that is converted already, or not ours, stays as it is."""
    lead = (await leads.load_many(transaction, [id])).get(id)
    if lead is not None:
        after = rules.converted(lead, deal, customer)
        await leads.save(transaction, "converted", lead, after, at=at)
