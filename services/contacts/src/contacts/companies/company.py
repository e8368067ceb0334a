"""What a company is: an organisation with a name, perhaps a part of another."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.merge import redrafted
from chassis.problems import RuleBroken
from contacts.companies.tax_id import check_inn, is_russian
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
from events.contacts import Address, Company
from events.values import Money, Name, Text


class CompanyDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a company that clients set."""

    name: Name
    tax_id: Annotated[str, Meta(max_length=20)] | None = None
    industry: Annotated[str, Meta(max_length=100)] | None = None
    website: Annotated[str, Meta(max_length=300)] | None = None
    emails: Emails = ()
    phones: Phones = ()
    address: Address | None = None
    employees: Annotated[int, Meta(ge=0, le=100_000_000)] | None = None
    annual_revenue: Money | None = None
    founded_year: Annotated[int, Meta(ge=1000, le=2200)] | None = None
    parent: UUID | None = None
    notes: Text = ""
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: ExternalIds = ()


class CompanyNeedsName(RuleBroken):
    title = "A company needs a name"


class RevenueBelowZero(RuleBroken):
    title = "Annual revenue cannot be below zero"


class OwnParent(RuleBroken):
    title = "A company cannot be its own parent"


class ParentCycle(RuleBroken):
    title = "A company cannot belong to one that belongs to it"


def created(id: UUID, draft: CompanyDraft, by: Holder) -> Company:
    """A new company as drafted, held `by` whom the draft does not say otherwise."""
    fields = _checked(draft)
    fields["owner"] = draft.owner or by.owner
    fields["department"] = draft.department or by.department
    return Company(id=id, version=0, **fields)


def changed(company: Company, draft: CompanyDraft, parents: Mapping[UUID, UUID]) -> Company:
    """The company with the draft's fields; `parents` holds who belongs to whom, where known."""
    fields = _checked(draft)
    if draft.parent is not None and draft.parent != company.parent:
        _check_parent(company.id, draft.parent, parents)
    return replace(company, **fields)


def _checked(draft: CompanyDraft) -> dict[str, Any]:
    name = spaced(draft.name)
    if not name:
        raise CompanyNeedsName("its name is blank", field="name")
    revenue = draft.annual_revenue
    if revenue is not None and revenue.amount < Decimal(0):
        raise RevenueBelowZero(f"it is {revenue.amount}", field="annual_revenue")
    tax_id = "".join(draft.tax_id.split()) if draft.tax_id else None
    address = normal_address(draft.address)
    if tax_id and address is not None and is_russian(address.country):
        check_inn(tax_id)
    return redrafted(draft) | {
        "name": name,
        "tax_id": tax_id or None,
        "industry": spaced_or_none(draft.industry),
        "website": spaced_or_none(draft.website),
        "emails": normal_emails(draft.emails),
        "phones": normal_phones(draft.phones),
        "address": address,
    }


def _check_parent(id: UUID, parent: UUID, parents: Mapping[UUID, UUID]) -> None:
    if parent == id:
        raise OwnParent("name another company", field="parent")
    above: UUID | None = parent
    passed: set[UUID] = set()
    # Two commands at once may have closed a circle elsewhere: do not run round it.
    while above is not None and above not in passed:
        passed.add(above)
        above = parents.get(above)
        if above == id:
            raise ParentCycle(f"{parent} belongs to this company", field="parent")
