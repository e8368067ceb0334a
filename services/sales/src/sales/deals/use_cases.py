"""What one can do with deals, a function per verb. Upserting many: upsert.py."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from msgspec.structs import replace

from chassis.access import placed
from chassis.erasure import redact
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction, uuid7
from events.contacts import Touch
from events.envelope import Event
from events.erasure import ERASED_TEXT
from events.sales import Deal
from sales.deals import deal as rules
from sales.deals import outcome
from sales.deals.deal import Act, DealChange, DealDraft, Move
from sales.deals.outcome import Closing, closing_moment
from sales.deals.store import deals, deals_of_lead
from sales.pipelines.store import pipelines_for_deals
from sales.reasons.store import reasons_for_deals
from sales.replicas.departments import local_time


async def open_deal(transaction: Transaction, draft: DealDraft) -> Deal:
    """Open a deal; it belongs to whoever opens it, unless the draft says otherwise."""
    draft = placed(draft, transaction.identity)
    pipeline = (await pipelines_for_deals(transaction)).find(draft.pipeline)
    act = await _act(transaction, draft.department)
    deal = rules.opened(uuid7(), draft, pipeline, act)
    return await deals.save(transaction, "created", None, deal)


async def open_deal_of_lead(transaction: Transaction, event: Event[Touch], touch: Touch) -> Deal:
    """Open the deal that a captured lead's first touch promises.

    It began when the touch was made. Its id follows from the event's.
    """
    pipeline = (await pipelines_for_deals(transaction)).default
    local = await local_time(transaction)
    draft = DealDraft(
        name=touch.subject,
        customer=touch.customer,
        owner=touch.owner,
        department=touch.department,
        campaign=touch.campaign,
    )
    act = Act(event.time, local.date_of(event.time, touch.department), None)
    deal = rules.opened(uuid5(event.id, "deal"), draft, pipeline, act)
    deal = replace(deal, lead=touch.lead)
    return await deals.save(transaction, "created", None, deal, at=event.time)


async def redact_deals_of_lead(transaction: Transaction, lead: UUID) -> None:
    """Take out of the deals opened for a lead the name, which tells whose it was."""
    held = await deals_of_lead(transaction, lead)
    await redact(transaction, deals, held, {"name": ERASED_TEXT})


async def change_deal(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Deal:
    deal = await deals.load(transaction, id)
    await check_edit(transaction, deal, patch, seen)
    draft = merged(deal, patch, DealChange)
    reasons = await reasons_for_deals(transaction)
    after = rules.explained(rules.changed(deal, draft), draft.reason, draft.reason_comment, reasons)
    return await deals.save(transaction, "changed", deal, after)


async def move_deal(transaction: Transaction, id: UUID, move: Move) -> Deal:
    deal = await deals.load(transaction, id)
    pipeline = (await pipelines_for_deals(transaction)).find(deal.pipeline)
    act = await _act(transaction, deal.department)
    return await deals.save(
        transaction, "moved", deal, rules.moved(deal, move.stage, pipeline, act)
    )


async def win_deal(transaction: Transaction, id: UUID, closing: Closing) -> Deal:
    deal = await deals.load(transaction, id)
    act = await _act_of_closing(transaction, deal, closing)
    reasons = await reasons_for_deals(transaction)
    after = outcome.won(deal, closing, act, reasons)
    return await deals.save(transaction, "won", deal, after, at=act.at)


async def lose_deal(transaction: Transaction, id: UUID, closing: Closing) -> Deal:
    deal = await deals.load(transaction, id)
    act = await _act_of_closing(transaction, deal, closing)
    reasons = await reasons_for_deals(transaction)
    after = outcome.lost(deal, closing, act, reasons)
    return await deals.save(transaction, "lost", deal, after, at=act.at)


async def reopen_deal(transaction: Transaction, id: UUID) -> Deal:
    deal = await deals.load(transaction, id)
    pipeline = (await pipelines_for_deals(transaction)).find(deal.pipeline)
    act = await _act(transaction, deal.department)
    return await deals.save(transaction, "reopened", deal, outcome.reopened(deal, pipeline, act))


async def _act(transaction: Transaction, department: UUID | None) -> Act:
    """What is done now, by whoever commands it, on the local date of `department`."""
    at = transaction.moment
    on = (await local_time(transaction)).date_of(at, department)
    return Act(at, on, transaction.identity.user)


async def _act_of_closing(transaction: Transaction, deal: Deal, closing: Closing) -> Act:
    at = closing_moment(closing, transaction.moment)
    on = (await local_time(transaction)).date_of(at, deal.department)
    return Act(at, on, transaction.identity.user)
