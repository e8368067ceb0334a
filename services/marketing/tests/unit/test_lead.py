"""How a submission becomes a lead, and a lead a deal."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from msgspec.structs import replace

from events.marketing import Campaign, Form, Lead
from events.values import CustomerRef
from marketing.forms.form import FormInactive
from marketing.leads.lead import (
    Submission,
    SubmissionNeedsEmailOrPhone,
    SubmissionWithoutName,
    captured,
    converted,
)

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
CAMPAIGN = Campaign(id=uuid4(), version=1, name="Spring", channel=uuid4())
FORM = Form(
    id=uuid4(),
    version=1,
    name="Call me",
    campaign=CAMPAIGN.id,
    owner=uuid4(),
    department=uuid4(),
)
ANNA = Submission(name="  Анна ", phone="+7 900 000-00-00")


def lead() -> Lead:
    return captured(uuid4(), FORM, CAMPAIGN, ANNA, NOW)


def test_a_lead_belongs_to_whom_the_form_belongs_to() -> None:
    assert (lead().owner, lead().department) == (FORM.owner, FORM.department)
    assert (lead().form, lead().campaign) == (FORM.id, CAMPAIGN.id)
    assert (lead().name, lead().captured_at, lead().status) == ("Анна", NOW, "captured")


def test_the_channel_is_the_forms_or_else_the_campaigns() -> None:
    own = replace(FORM, channel=uuid4())
    assert lead().channel == CAMPAIGN.channel
    assert captured(uuid4(), own, CAMPAIGN, ANNA, NOW).channel == own.channel
    alone = replace(FORM, campaign=None)
    assert captured(uuid4(), alone, None, ANNA, NOW).channel is None


def test_who_leaves_no_way_to_answer_is_asked_for_one() -> None:
    with pytest.raises(SubmissionNeedsEmailOrPhone):
        captured(uuid4(), FORM, CAMPAIGN, Submission(name="Anna"), NOW)


def test_a_blank_name_is_no_name() -> None:
    blank = Submission(name=" \u00a0\n", email="a@b.example")
    with pytest.raises(SubmissionWithoutName):
        captured(uuid4(), FORM, CAMPAIGN, blank, NOW)


def test_an_inactive_form_captures_nothing() -> None:
    with pytest.raises(FormInactive):
        captured(uuid4(), replace(FORM, is_active=False), CAMPAIGN, ANNA, NOW)


def test_a_lead_becomes_the_first_deal_and_stays_that() -> None:
    customer = CustomerRef(type="company", id=uuid4())
    deal = uuid4()
    once = converted(lead(), deal, customer)
    assert (once.status, once.deal, once.customer) == ("converted", deal, customer)
    assert converted(once, uuid4(), None) == once
