"""How leads come, and what becomes of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.erasure import redact
from chassis.transactions import Transaction, uuid7
from events.marketing import Form, Lead
from events.values import CustomerRef
from marketing.campaigns.store import campaigns
from marketing.leads import lead as rules
from marketing.leads.lead import BLANKS, Submission
from marketing.leads.store import leads, leads_of


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


async def redact_leads_of(transaction: Transaction, customer: UUID) -> None:
    """Take their details out of the leads that became a customer."""
    await redact(transaction, leads, await leads_of(transaction, customer), BLANKS)


async def redact_lead(transaction: Transaction, id: UUID) -> None:
    """Take the details out of a lead; one that is not ours stays as it is."""
    known = await leads.load_many(transaction, [id])
    await redact(transaction, leads, list(known.values()), BLANKS)
