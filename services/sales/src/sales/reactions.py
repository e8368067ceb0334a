"""What sales does when others speak."""

from __future__ import annotations

from chassis.inbox import Reaction
from chassis.transactions import Transaction
from events.catalogue import TENANT, TOUCH
from events.contacts import Touch
from events.directory import Tenant
from events.envelope import Event
from events.erasure import REDACTED
from sales.deals.use_cases import open_deal_of_lead, redact_deals_of_lead
from sales.pipelines.use_cases import create_first_pipeline
from sales.reasons.use_cases import create_first_reasons

_TENANT_CREATED = TENANT.type_of("created")
_TOUCH_RECORDED = TOUCH.type_of("recorded")
_TOUCH_REDACTED = TOUCH.type_of(REDACTED)


async def welcome(transaction: Transaction, event: Event[Tenant]) -> None:
    """A new tenant begins with a default pipeline and a list of reasons."""
    tenant = event.data.after
    if tenant is None:
        return
    await create_first_pipeline(transaction, tenant)
    await create_first_reasons(transaction, tenant)


async def follow_lead(transaction: Transaction, event: Event[Touch]) -> None:
    """The touch that a captured lead begins with opens a deal, and redacted it redacts the deal."""
    touch = event.data.after
    if touch is None or touch.lead is None:
        return
    if event.type == _TOUCH_REDACTED:
        await redact_deals_of_lead(transaction, touch.lead)
    else:
        await open_deal_of_lead(transaction, event, touch)


def _is_of_a_lead(event: Event[Touch]) -> bool:
    touch = event.data.after
    first = event.type == _TOUCH_RECORDED and event.aggregateversion == 1
    is_told = first or event.type == _TOUCH_REDACTED
    return is_told and touch is not None and touch.lead is not None


NEW_TENANTS = Reaction(TENANT, welcome, concerns=lambda event: event.type == _TENANT_CREATED)
LEAD_TOUCHES = Reaction(TOUCH, follow_lead, concerns=_is_of_a_lead)
