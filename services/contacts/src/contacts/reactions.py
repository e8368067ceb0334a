"""What contacts does when others speak."""

from __future__ import annotations

from uuid import UUID, uuid5

from msgspec.structs import replace

from chassis.inbox import Reaction
from chassis.problems import RuleBroken
from chassis.transactions import Transaction
from contacts.companies.use_cases import company_of_name
from contacts.contact_details import normal_phone, spaced
from contacts.holders import Holder
from contacts.people.names import parts_of
from contacts.people.person import PersonDraft
from contacts.people.store import queries
from contacts.people.use_cases import join_company, meet, recognised
from contacts.touches.use_cases import record_form
from events.catalogue import LEAD
from events.envelope import Event
from events.marketing import Lead

_CAPTURED = LEAD.type_of("captured")


async def take_up_lead(transaction: Transaction, event: Event[Lead]) -> None:
    """A captured lead becomes a touch with the person it came from, known or new.

    The touch names the lead: that is how sales learns of it.
    """
    lead = event.data.after
    if lead is None:
        return
    await queries(transaction).one_lead_at_a_time(transaction)
    person = await _person_of(transaction, event.id, lead)
    await record_form(transaction, uuid5(event.id, "touch"), lead, person)


async def _person_of(transaction: Transaction, cause: UUID, lead: Lead) -> UUID:
    by = Holder(lead.owner, lead.department)
    draft = _drafted(lead)
    person = await recognised(transaction, draft)
    # A public form fills in what is not known; it never moves anybody to another company.
    company, name = None, spaced(lead.company_name or "")
    if name and (person is None or person.company is None):
        company = await company_of_name(transaction, uuid5(cause, "company"), name, by)
    if person is None:
        draft = replace(draft, company=company)
        person = await meet(transaction, uuid5(cause, "person"), draft, by)
    elif company is not None:
        await join_company(transaction, person, company)
    return person.id


def _drafted(lead: Lead) -> PersonDraft:
    name = parts_of(lead.name)
    return PersonDraft(
        given_name=name.given,
        family_name=name.family,
        patronymic=name.patronymic,
        emails=(lead.email,) if lead.email else (),
        phones=_usable(lead.phone),
    )


def _usable(phone: str | None) -> tuple[str, ...]:
    """The phone of a form, if it is one: the lead keeps it as it was typed."""
    try:
        return (normal_phone(phone),) if phone else ()
    except RuleBroken:
        return ()


LEADS = Reaction(LEAD, take_up_lead, concerns=lambda event: event.type == _CAPTURED)
