"""What a webhook is: where events of some types are sent, as far as its owner may see them.

The owner is who made it: a user, or the API key of a program. What is sent is what the owner
may see at that time, so nobody but the owner changes what is sent and where, or learns the
secret; others who may write webhooks pause, test and remove it, or take it over and are its
owner from then on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from chassis.fields import FieldNotPermitted
from chassis.identity import Identity
from chassis.merge import redrafted
from chassis.problems import EditConflict, Forbidden, RuleBroken
from events.catalogue import AGGREGATES, BY_TOPIC
from events.topics import Aggregate
from events.values import Name
from gateway.delivery.feed.feed import selection_of
from gateway.delivery.visibility import RESOURCES
from gateway.delivery.webhooks import condition as conditions
from gateway.delivery.webhooks.condition import Condition

_BY_TYPE = {
    aggregate.type_of(verb): aggregate for aggregate in AGGREGATES for verb in aggregate.verbs
}

_OPEN_TO_ALL = frozenset({"name", "status"})
"""What a change by somebody else than the owner may name."""

_Plain = Annotated[str, Meta(max_length=200, pattern=r"^[^\u0000-\u001f\u007f]*$")]


class BasicCredentials(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """For a receiver that cannot verify signatures; UTF-8, and no colon in the user."""

    user: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^:\u0000-\u001f\u007f]*$")]
    password: _Plain


class WebhookFields(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is said of a webhook and shown again.

    `types` are types of events as `crm.sales.deal.won.v1`, or topics as `crm.sales.deal` for all
    of theirs. `condition` maps fields of the record's state to values between commas, as in the
    parameters of a list: each field has one of its values.
    """

    name: Name
    url: Annotated[str, Meta(max_length=2_000)]
    types: Annotated[
        tuple[Annotated[str, Meta(max_length=200)], ...], Meta(min_length=1, max_length=100)
    ]
    condition: Annotated[
        dict[Annotated[str, Meta(max_length=100)], Annotated[str, Meta(max_length=2_000)]],
        Meta(max_length=20),
    ] = field(default_factory=dict)


class WebhookDraft(WebhookFields, kw_only=True, forbid_unknown_fields=True):
    """A webhook as it is written; a password is never shown again."""

    status: Literal["active", "paused"] = "active"
    basic: BasicCredentials | None = None


class Missed(Struct, kw_only=True, frozen=True):
    """Events that the log forgot before they could be sent, if they concern the webhook at all.

    Those after the place `after` of the log and before `until`, as was noticed last.
    """

    after: int
    until: int
    noticed: datetime


class Webhook(WebhookFields, kw_only=True):
    """A webhook as it is shown.

    It is `suspended` while its owner is not active, or may not see what its condition asks by:
    nothing is sent then, and nothing is lost. It is `disabled` once the receiver said that it is
    gone, or has failed for days; `reason` says why. `waiting` deliveries are those that were read
    and not accepted so far, `failing_since` is when the oldest of them failed first.
    """

    id: UUID
    version: int
    owner: UUID
    api_key: UUID | None
    status: Literal["active", "paused", "suspended", "disabled"]
    reason: str | None
    basic_user: str | None
    former_secret_until: datetime | None
    waiting: int
    failing_since: datetime | None
    missed: Missed | None
    created: datetime
    changed: datetime
    changed_by: str


class Webhooks(Struct, kw_only=True):
    """The webhooks of a tenant, oldest first."""

    items: list[Webhook]


class WebhookIssued(Struct, kw_only=True):
    """A webhook, with the secret that it signs by."""

    webhook: Webhook
    secret: str


class Rotation(Struct, kw_only=True, forbid_unknown_fields=True):
    """For how many hours the former secret signs beside the new one."""

    overlap_hours: Annotated[int, Meta(ge=0, le=720)] = 24


class TooManyWebhooks(RuleBroken):
    title = "There are as many webhooks as this installation allows"


class TypeNotSeen(RuleBroken):
    title = "A webhook tells what its owner may see"


class PasswordNeeded(RuleBroken):
    title = "A password goes to the host that it was said for"


class NotTheOwner(Forbidden):
    title = "Only the owner of a webhook decides what it sends and where"


class Kept(Struct, kw_only=True, frozen=True):
    """A webhook as it is kept; `edits` has for each field the last version that changed it."""

    tenant: UUID
    id: UUID
    version: int
    owner: UUID
    api_key: UUID | None
    draft: WebhookDraft
    disabled: str | None
    edits: dict[str, tuple[int, str]]
    created: datetime
    changed: datetime
    changed_by: str

    def is_owned_by(self, identity: Identity) -> bool:
        """Whether `identity` is the owner; who has signed in has the webhooks of their keys."""
        if identity.user != self.owner:
            return False
        return identity.actor in (str(self.owner), f"key:{self.api_key}")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a webhook has come."""

    waiting: int
    failing_since: datetime | None
    missed: Missed | None
    former_until: datetime | None


def key_of(identity: Identity) -> UUID | None:
    """The API key by which a program acts; None for who has signed in."""
    kind, _, id = identity.actor.partition(":")
    return UUID(id) if kind == "key" else None


def aggregates_of(types: Sequence[str]) -> list[Aggregate]:
    """What events of these types are about, each once."""
    found = (BY_TOPIC[name] if name in BY_TOPIC else _BY_TYPE[name] for name in types)
    return list({aggregate.topic.name: aggregate for aggregate in found}.values())


def check(draft: WebhookDraft, identity: Identity) -> None:
    """Raise the rule that forbids a webhook of `identity` as drafted, but for its address."""
    selection_of(draft.types)
    about = aggregates_of(draft.types)
    for aggregate in about:
        if f"{RESOURCES[aggregate.topic.name]}:read" not in identity.permissions:
            raise TypeNotSeen(f"you may not read {aggregate.topic.name}", field="types")
    conditions.check(draft.condition, about, identity)


def require_change(webhook: Kept, patch: Mapping[str, Any], identity: Identity) -> None:
    """Raise `NotTheOwner` where `patch` changes what only the owner may."""
    foreign = patch.keys() - _OPEN_TO_ALL
    if foreign and not webhook.is_owned_by(identity):
        raise NotTheOwner("take it over first", field=min(foreign))


def require_password(before: WebhookDraft, after: WebhookDraft, patch: Mapping[str, Any]) -> None:
    """Raise `PasswordNeeded` where a password that nobody is shown would go to another host."""
    if after.basic is None or urlsplit(before.url)[:2] == urlsplit(after.url)[:2]:
        return
    said = patch.get("basic")
    if not isinstance(said, dict) or "password" not in said:
        raise PasswordNeeded("say it anew, or none, with the address", field="basic")


def require_unchanged(webhook: Kept, patch: Mapping[str, Any], seen: int | None) -> None:
    """Raise `EditConflict` when a field of `patch` changed after version `seen` (If-Match)."""
    if seen is None or seen == webhook.version:
        return
    if seen > webhook.version:
        raise EditConflict(f"the webhook is at version {webhook.version}", version=webhook.version)
    for name in patch:
        version, actor = webhook.edits.get(name, (0, ""))
        if version > seen:
            secret = name == "basic"
            raise EditConflict(
                f"{actor} changed {name} meanwhile",
                field=name,
                version=webhook.version,
                yours=None if secret else patch[name],
                theirs=None if secret else msgspec.to_builtins(getattr(webhook.draft, name)),
                changed_by=actor,
            )


def edited(webhook: Kept, draft: WebhookDraft, identity: Identity, at: datetime) -> Kept:
    """The next version of a webhook, with what changed in it noted; none where nothing did."""
    before = webhook.draft
    names = [f for f in draft.__struct_fields__ if getattr(draft, f) != getattr(before, f)]
    if not names and (webhook.disabled is None or draft.status != "active"):
        return webhook
    version = webhook.version + 1
    return replace(
        webhook,
        version=version,
        draft=draft,
        edits=webhook.edits | dict.fromkeys(names, (version, identity.actor)),
        changed=at,
        changed_by=identity.actor,
    )


def suspension(condition: Condition, types: Sequence[str], owner: Identity | None) -> str | None:
    """Why nothing is sent for the moment; None where nothing speaks against it."""
    if owner is None:
        return "its owner is not active"
    try:
        conditions.check(condition, aggregates_of(types), owner)
    except FieldNotPermitted as problem:
        return f"its owner may not see {problem.field}"
    return None


def shown(webhook: Kept, progress: Progress, owner: Identity | None) -> Webhook:
    """A webhook as it is shown, whose owner has these rights now."""
    fields = redrafted(webhook.draft)
    basic, status = fields.pop("basic"), fields.pop("status")
    reason = webhook.disabled
    if reason is not None:
        status = "disabled"
    elif status == "active":
        reason = suspension(webhook.draft.condition, webhook.draft.types, owner)
        status = "active" if reason is None else "suspended"
    return Webhook(
        id=webhook.id,
        version=webhook.version,
        owner=webhook.owner,
        api_key=webhook.api_key,
        status=status,
        reason=reason,
        basic_user=basic.user if basic is not None else None,
        former_secret_until=progress.former_until,
        waiting=progress.waiting,
        failing_since=progress.failing_since,
        missed=progress.missed,
        created=webhook.created,
        changed=webhook.changed,
        changed_by=webhook.changed_by,
        **fields,
    )
