"""What a person is: somebody with a name or an address, perhaps at a company."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.merge import redrafted
from chassis.problems import RuleBroken
from contacts.contact_details import (
    Emails,
    ExternalIds,
    Phones,
    normal_address,
    normal_emails,
    normal_phones,
    spaced,
    spaced_or_none,
)
from contacts.holders import Holder
from events.contacts import Address, Person
from events.values import Text

NamePart = Annotated[str, Meta(max_length=150)]


class PersonDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a person that clients set."""

    given_name: NamePart = ""
    family_name: NamePart = ""
    patronymic: NamePart = ""
    company: UUID | None = None
    job_title: Annotated[str, Meta(max_length=200)] | None = None
    emails: Emails = ()
    phones: Phones = ()
    language: Annotated[str, Meta(max_length=20)] | None = None
    address: Address | None = None
    notes: Text = ""
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: ExternalIds = ()


class PersonNeedsNameOrAddress(RuleBroken):
    title = "A person needs a name, an e-mail or a phone"


def created(id: UUID, draft: PersonDraft, by: Holder) -> Person:
    """A new person as drafted, held `by` whom the draft does not say otherwise."""
    fields = _checked(draft)
    fields["owner"] = draft.owner or by.owner
    fields["department"] = draft.department or by.department
    return Person(id=id, version=0, **fields)


def changed(person: Person, draft: PersonDraft) -> Person:
    """The person with the draft's fields."""
    return replace(person, **_checked(draft))


def working_at(person: Person, company: UUID) -> Person:
    """The person at `company`, unless they are known to be at one."""
    return person if person.company is not None else replace(person, company=company)


def _checked(draft: PersonDraft) -> dict[str, Any]:
    fields = redrafted(draft) | {
        "given_name": spaced(draft.given_name),
        "family_name": spaced(draft.family_name),
        "patronymic": spaced(draft.patronymic),
        "job_title": spaced_or_none(draft.job_title),
        "language": spaced_or_none(draft.language),
        "emails": normal_emails(draft.emails),
        "phones": normal_phones(draft.phones),
        "address": normal_address(draft.address),
    }
    known_by = ("given_name", "family_name", "emails", "phones")
    if not any(fields[name] for name in known_by):
        raise PersonNeedsNameOrAddress("nothing tells who this is", field="given_name")
    return fields
