"""What a public form is: a door by which strangers leave their details for one campaign."""

from __future__ import annotations

from collections.abc import Container
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from chassis.merge import redrafted
from chassis.problems import RuleBroken
from events.marketing import Form
from events.values import ExternalId, Name


class FormDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a form that clients set."""

    name: Name
    campaign: UUID | None = None
    channel: UUID | None = None
    is_active: bool = True
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: tuple[ExternalId, ...] = ()


class FormCampaignUnknown(RuleBroken):
    title = "There is no such campaign for the form"


class FormChannelUnknown(RuleBroken):
    title = "There is no such channel for the form"


class FormInactive(RuleBroken):
    status = 409
    title = "The form does not accept submissions"


def created(
    id: UUID, draft: FormDraft, campaigns: Container[UUID], channels: Container[UUID]
) -> Form:
    """A new form for one of the known `campaigns` or `channels`, or for none."""
    return changed(Form(id=id, version=0, name=draft.name), draft, campaigns, channels)


def changed(
    form: Form, draft: FormDraft, campaigns: Container[UUID], channels: Container[UUID]
) -> Form:
    """The form with the draft's fields; `campaigns` and `channels` are those it may turn to."""
    if draft.campaign not in (None, form.campaign) and draft.campaign not in campaigns:
        raise FormCampaignUnknown(f"no campaign {draft.campaign}", field="campaign")
    if draft.channel not in (None, form.channel) and draft.channel not in channels:
        raise FormChannelUnknown(f"no channel {draft.channel}", field="channel")
    return replace(form, **redrafted(draft))


def check_open(form: Form) -> None:
    """Raise `FormInactive` when the form takes no submissions."""
    if not form.is_active:
        raise FormInactive(f"form {form.id} is not active")
