"""Upserting up to 1,000 deals: as clients open and change them, or as other systems knew them."""

from __future__ import annotations

from typing import Any

from chassis.access import placed
from chassis.bulk import Decision, Upsert, Verdicts, upsert
from chassis.identity import Identity
from chassis.merge import drafted
from chassis.transactions import Transaction, uuid7
from events.sales import Deal, Pipeline
from sales.deals import deal as rules
from sales.deals.deal import Act, DealDraft
from sales.deals.imported import (
    DealImport,
    Import,
    carries_past,
    imported,
    newest_moment,
    read,
)
from sales.deals.store import deals
from sales.pipelines.store import pipelines_for_deals
from sales.reasons.store import reasons_for_deals
from sales.replicas.departments import local_time


async def upsert_deals(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    """Upsert `items`; those that carry a past become what they say, with the event `imported`."""
    pipelines = await pipelines_for_deals(transaction)
    given = Import(
        reasons=await reasons_for_deals(transaction),
        local=await local_time(transaction),
        now=transaction.moment,
        by=transaction.identity.user,
    )

    def decide(before: Deal | None, draft: DealDraft, identity: Identity) -> Decision[Deal]:
        if before is None:
            draft = placed(draft, identity)
        pipeline = pipelines.find(draft.pipeline or (before.pipeline if before else None))
        if isinstance(draft, DealImport):
            deal = imported(before.id if before else uuid7(), before, draft, pipeline, given)
            return Decision("imported", deal, newest_moment(deal, given.local))
        if before is None:
            return Decision("created", rules.opened(uuid7(), draft, pipeline, _act(draft, given)))
        return _changed(before, draft, pipeline, given)

    return await upsert(transaction, Upsert(deals, DealDraft, decide, read=_read), items)


def _read(before: Deal | None, item: dict[str, Any]) -> DealDraft:
    return read(before, item) if carries_past(item) else drafted(before, item, DealDraft)


def _changed(before: Deal, draft: DealDraft, pipeline: Pipeline, given: Import) -> Decision[Deal]:
    rules.same_pipeline(before, pipeline.id)
    after = rules.changed(before, draft)
    if draft.stage is None or draft.stage == before.stage:
        return Decision("changed", after)
    return Decision("moved", rules.moved(after, draft.stage, pipeline, _act(draft, given)))


def _act(draft: DealDraft, given: Import) -> Act:
    return Act(given.now, given.local.date_of(given.now, draft.department), given.by)
