"""What a lead is: somebody who left their details on a form, until sales takes it up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.problems import RuleBroken
from events.contacts import Email, Phone
from events.erasure import ERASED_TEXT
from events.marketing import Campaign, Form, Lead
from events.values import CustomerRef, Name, Text
from marketing.forms.form import check_open

BLANKS: Mapping[str, Any] = {
    "name": ERASED_TEXT,
    "email": None,
    "phone": None,
    "company_name": None,
    "message": "",
}
"""What is left of the details of somebody who was erased."""


class Submission(Struct, kw_only=True, forbid_unknown_fields=True):
    """What somebody left on a form."""

    name: Name
    email: Email | None = None
    phone: Phone | None = None
    company_name: Annotated[str, Meta(max_length=300)] | None = None
    message: Text = ""


class SubmissionWithoutName(RuleBroken):
    title = "Say who you are"


class SubmissionNeedsEmailOrPhone(RuleBroken):
    title = "Leave an e-mail address or a phone number"


def captured(
    id: UUID, form: Form, campaign: Campaign | None, submission: Submission, at: datetime
) -> Lead:
    """A new lead that belongs to whom the form belongs to.

    `campaign` is the form's, if it has one; its channel counts when the form
    names none.
    """
    check_open(form)
    name = submission.name.strip()
    if not name:
        raise SubmissionWithoutName("the name is blank", field="name")
    if submission.email is None and submission.phone is None:
        raise SubmissionNeedsEmailOrPhone("there would be no way to answer", field="email")
    return Lead(
        id=id,
        version=0,
        owner=form.owner,
        department=form.department,
        form=form.id,
        captured_at=at,
        name=name,
        email=submission.email,
        phone=submission.phone,
        company_name=submission.company_name,
        message=submission.message,
        campaign=form.campaign,
        channel=form.channel or (campaign.channel if campaign is not None else None),
    )


def converted(lead: Lead, deal: UUID, customer: CustomerRef | None) -> Lead:
    """The lead as the deal and customer it became; the first deal counts."""
    if lead.status == "converted":
        return lead
    return replace(lead, status="converted", deal=deal, customer=customer)
