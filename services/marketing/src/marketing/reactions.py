"""What marketing does when others speak."""

from __future__ import annotations

from uuid import UUID

from chassis.inbox import Reaction
from chassis.transactions import Transaction
from events.catalogue import DEAL, PERSON, TOUCH
from events.contacts import Person, Touch
from events.envelope import Event
from events.erasure import ERASED, REDACTED
from events.sales import Deal
from marketing.leads.use_cases import convert_lead, redact_lead, redact_leads_of

_CREATED = DEAL.type_of("created")
_ERASED = PERSON.type_of(ERASED)
_REDACTED = TOUCH.type_of(REDACTED)


async def note_what_the_lead_became(transaction: Transaction, event: Event[Deal]) -> None:
    """A deal made from a lead: the lead is converted."""
    deal = event.data.after
    if deal is not None and deal.lead is not None:
        await convert_lead(
            transaction, deal.lead, deal=deal.id, customer=deal.customer, at=event.time
        )


async def forget_person(transaction: Transaction, event: Event[Person]) -> None:
    """A person was erased: the leads that became this person keep nothing of them."""
    await redact_leads_of(transaction, UUID(event.subject))


async def forget_what_was_said(transaction: Transaction, event: Event[Touch]) -> None:
    """A touch that began with a lead was redacted: so is the lead, if it became nothing yet."""
    touch = event.data.after
    if touch is not None and touch.lead is not None:
        await redact_lead(transaction, touch.lead)


def _is_made_from_a_lead(event: Event[Deal]) -> bool:
    deal = event.data.after
    return event.type == _CREATED and deal is not None and deal.lead is not None


DEALS = Reaction(DEAL, note_what_the_lead_became, concerns=_is_made_from_a_lead)
PEOPLE = Reaction(PERSON, forget_person, concerns=lambda event: event.type == _ERASED)
TOUCHES = Reaction(TOUCH, forget_what_was_said, concerns=lambda event: event.type == _REDACTED)
