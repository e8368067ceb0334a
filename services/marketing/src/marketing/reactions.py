"""What marketing does when others speak."""

from __future__ import annotations

from chassis.inbox import Reaction
from chassis.transactions import Transaction
from events.catalogue import DEAL
from events.envelope import Event
from events.sales import Deal
from marketing.leads.use_cases import convert_lead

_CREATED = DEAL.type_of("created")


async def note_what_the_lead_became(transaction: Transaction, event: Event[Deal]) -> None:
    """A deal made from a lead: the lead is converted."""
    deal = event.data.after
    if deal is not None and deal.lead is not None:
        await convert_lead(
            transaction, deal.lead, deal=deal.id, customer=deal.customer, at=event.time
        )


def _is_made_from_a_lead(event: Event[Deal]) -> bool:
    deal = event.data.after
    return event.type == _CREATED and deal is not None and deal.lead is not None


DEALS = Reaction(DEAL, note_what_the_lead_became, concerns=_is_made_from_a_lead)
