"""What a form may point to."""

from uuid import uuid4

import pytest

from marketing.forms.form import (
    FormCampaignUnknown,
    FormChannelUnknown,
    FormDraft,
    FormInactive,
    changed,
    check_open,
    created,
)

CAMPAIGN, CHANNEL = uuid4(), uuid4()


def test_a_form_may_stand_for_nothing_in_particular() -> None:
    assert created(uuid4(), FormDraft(name="Call me"), [], []).campaign is None


def test_a_form_points_to_known_campaigns_and_channels_only() -> None:
    draft = FormDraft(name="Call me", campaign=CAMPAIGN, channel=CHANNEL)
    form = created(uuid4(), draft, [CAMPAIGN], [CHANNEL])
    assert (form.campaign, form.channel) == (CAMPAIGN, CHANNEL)
    with pytest.raises(FormCampaignUnknown):
        created(uuid4(), draft, [], [CHANNEL])
    with pytest.raises(FormChannelUnknown):
        created(uuid4(), draft, [CAMPAIGN], [])


def test_what_a_form_points_to_already_is_not_asked_again() -> None:
    draft = FormDraft(name="Call me", campaign=CAMPAIGN, channel=CHANNEL)
    form = created(uuid4(), draft, [CAMPAIGN], [CHANNEL])
    assert changed(form, draft, [], []) == form


def test_an_inactive_form_is_closed() -> None:
    check_open(created(uuid4(), FormDraft(name="Call me"), [], []))
    with pytest.raises(FormInactive):
        check_open(created(uuid4(), FormDraft(name="Call me", is_active=False), [], []))
