"""Recording what campaigns cost."""

from __future__ import annotations

from typing import Any

from chassis.bulk import Decision, Upsert, Verdicts, ids_in, upsert
from chassis.identity import Identity
from chassis.transactions import Transaction
from events.marketing import Spend
from marketing.campaigns.store import campaigns, hold
from marketing.spend import spend as rules
from marketing.spend.spend import SpendReport
from marketing.spend.store import currencies_of, spend


async def record_spend(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    """Record spend by campaign and day; what is reported again replaces the amount."""
    named = ids_in(items, "campaign")
    await hold(transaction, named)
    known = await campaigns.readable(transaction, named)
    spent_in = await currencies_of(transaction, known)

    def decide(before: Spend | None, report: SpendReport, _: Identity) -> Decision[Spend]:
        campaign = report.campaign
        after = rules.recorded(before, report, known.get(campaign), spent_in.get(campaign))
        spent_in.setdefault(campaign, after.amount.currency)
        verb = "recorded" if before is None else "changed"
        return Decision(verb, after, at=rules.happened_at(report.day))

    return await upsert(
        transaction, Upsert(spend, SpendReport, decide, identify=rules.identified), items
    )
