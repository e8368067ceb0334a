"""What one can do with webhooks, a function per verb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from chassis.identity import Identity
from chassis.merge import merged
from chassis.paging import cursor_of, limit_of, position_of
from chassis.problems import InvalidRequest, NotFound
from chassis.transactions import Transaction
from gateway.delivery.log.store import entry_at
from gateway.delivery.webhooks import queue, store
from gateway.delivery.webhooks import webhook as rules
from gateway.delivery.webhooks.delivery import STATES, TEST_TYPE, Delivery, EventForgotten
from gateway.delivery.webhooks.destination import Egress
from gateway.delivery.webhooks.signature import new_secret
from gateway.delivery.webhooks.webhook import (
    Kept,
    NotTheOwner,
    TooManyWebhooks,
    Webhook,
    WebhookDraft,
    Webhooks,
    key_of,
)
from gateway.directory.standings import standing_of
from gateway.directory.tenants.store import take_turn

_READ, _WRITE = "webhooks:read", "webhooks:write"
_NUMBER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Terms:
    """What this installation allows: where to, and how many of a tenant."""

    egress: Egress
    most: int


@dataclass(frozen=True, slots=True)
class DeliveriesAsked:
    """A page of deliveries: those of `states`, all without any, before a number."""

    states: tuple[str, ...]
    before: int | None
    limit: int

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> DeliveriesAsked:
        """From a query string of known parameters; `InvalidRequest` names what is wrong."""
        states = tuple(filter(None, query.get("state", "").split(",")))
        for state in states:
            if state not in STATES:
                raise InvalidRequest(f"{state!r} is none of {', '.join(STATES)}", field="state")
        return cls(states, _before(query.get("cursor")), limit_of(query))


async def create_webhook(transaction: Transaction, draft: WebhookDraft, terms: Terms) -> Webhook:
    """A webhook of whoever asks; it begins with what happens from now on."""
    identity = transaction.identity
    identity.reach(_WRITE)
    terms.egress.destination(draft.url)
    rules.check(draft, identity)
    # Those who count together do so one after the other.
    await take_turn(transaction)
    if await store.count(transaction) >= terms.most:
        raise TooManyWebhooks(f"at most {terms.most}: remove one that nobody needs")
    webhook = Kept(
        tenant=transaction.tenant,
        id=transaction.new_id(),
        version=1,
        owner=_owner(identity),
        api_key=key_of(identity),
        draft=draft,
        disabled=None,
        edits={},
        created=transaction.moment,
        changed=transaction.moment,
        changed_by=identity.actor,
    )
    await store.add(transaction, webhook, new_secret())
    return await _shown(transaction, webhook.id)


async def known_webhooks(transaction: Transaction) -> Webhooks:
    transaction.identity.reach(_READ)
    owners: dict[tuple[UUID, UUID | None], Identity | None] = {}
    items = []
    for webhook, progress in await store.known(transaction):
        owner = webhook.owner, webhook.api_key
        if owner not in owners:
            owners[owner] = await standing_of(transaction.connection, transaction.tenant, *owner)
        items.append(rules.shown(webhook, progress, owners[owner]))
    return Webhooks(items=items)


async def known_webhook(transaction: Transaction, id: UUID) -> Webhook:
    transaction.identity.reach(_READ)
    return await _shown(transaction, id)


async def change_webhook(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None, terms: Terms
) -> Webhook:
    """Change a webhook; what was queued goes to where it now goes, by the former types.

    One that is active again, or goes elsewhere, tries at once what has failed.
    """
    identity = transaction.identity
    identity.reach(_WRITE)
    webhook = await _one(transaction, id)
    rules.require_change(webhook, patch, identity)
    rules.require_unchanged(webhook, patch, seen)
    draft = merged(webhook.draft, patch, WebhookDraft)
    rules.require_password(webhook.draft, draft, patch)
    if patch.keys() & {"url", "types", "condition"}:
        terms.egress.destination(draft.url)
        rules.check(draft, identity)
    after = rules.edited(webhook, draft, identity, transaction.moment)
    if after is not webhook:
        if draft.status == "active":
            after = replace(after, disabled=None)
            if patch.keys() & {"status", "url", "basic"}:
                await queue.begin_anew(transaction.connection, id)
        await store.keep(transaction, after)
    return await _shown(transaction, id)


async def take_over(transaction: Transaction, id: UUID) -> Webhook:
    """Be the owner of a webhook from now on; what is sent is what one may see oneself."""
    identity = transaction.identity
    identity.reach(_WRITE)
    webhook = await _one(transaction, id)
    rules.check(webhook.draft, identity)
    if not webhook.is_owned_by(identity):
        await store.keep(
            transaction,
            replace(
                webhook,
                version=webhook.version + 1,
                owner=_owner(identity),
                api_key=key_of(identity),
                changed=transaction.moment,
                changed_by=identity.actor,
            ),
        )
    return await _shown(transaction, id)


async def remove_webhook(transaction: Transaction, id: UUID) -> Webhook:
    """Nothing is sent any more; what was waiting is gone."""
    transaction.identity.reach(_WRITE)
    await _one(transaction, id)
    shown = await _shown(transaction, id)
    await store.remove(transaction, id)
    return shown


async def rotate_secret(transaction: Transaction, id: UUID, overlap: timedelta) -> Webhook:
    """Sign by a new secret, and for a while by the former one beside it."""
    transaction.identity.reach(_WRITE)
    webhook = await _one(transaction, id)
    if not webhook.is_owned_by(transaction.identity):
        raise NotTheOwner("take it over first")
    await store.rotate(transaction, id, new_secret(), overlap)
    return await _shown(transaction, id)


async def secret_of(transaction: Transaction, id: UUID) -> str:
    """The secret that whoever has just made or rotated it is told."""
    secret = await store.secret_of(transaction, id)
    if secret is None:
        raise NotFound("there is no such webhook")
    return secret


async def send_test(transaction: Transaction, id: UUID) -> Delivery:
    """Have an event of nothing sent once, also by one that is paused or disabled."""
    transaction.identity.reach(_WRITE)
    await _one(transaction, id)
    return await queue.want_test(transaction, id, TEST_TYPE)


async def known_deliveries(
    transaction: Transaction, id: UUID, asked: DeliveriesAsked
) -> dict[str, Any]:
    """A page of what became of deliveries, those that were queued last first."""
    transaction.identity.reach(_READ)
    await _shown(transaction, id)
    found = await queue.page(transaction, id, asked.states, asked.before, asked.limit + 1)
    page, more = found[: asked.limit], len(found) > asked.limit
    cursor = cursor_of(page[-1][0].to_bytes(_NUMBER_BYTES, "big")) if more else None
    return {"items": [delivery for _, delivery in page], "next_cursor": cursor}


async def redeliver(transaction: Transaction, id: UUID, delivery: UUID) -> Delivery:
    """Send something again, or without waiting longer; behind what its record has under way."""
    transaction.identity.reach(_WRITE)
    await _one(transaction, id)
    found = await queue.sequence_of(transaction, id, delivery)
    if found is None:
        raise NotFound("there is no such delivery")
    (sequence,) = found
    connection, tenant = transaction.connection, transaction.tenant
    if sequence is not None and await entry_at(connection, tenant, sequence) is None:
        raise EventForgotten("read the record itself")
    return await queue.want_again(transaction, id, delivery)


async def _one(transaction: Transaction, id: UUID) -> Kept:
    found = await store.locked(transaction, id)
    if found is None:
        raise NotFound("there is no such webhook")
    return found


async def _shown(transaction: Transaction, id: UUID) -> Webhook:
    found = await store.known(transaction, id)
    if not found:
        raise NotFound("there is no such webhook")
    ((webhook, progress),) = found
    owner = await standing_of(
        transaction.connection, transaction.tenant, webhook.owner, webhook.api_key
    )
    return rules.shown(webhook, progress, owner)


def _owner(identity: Identity) -> UUID:
    assert identity.user is not None, "whoever may write webhooks is a user, or acts for one"
    return identity.user


def _before(cursor: str | None) -> int | None:
    if not cursor:
        return None
    try:
        position = position_of(cursor)
    except ValueError:
        position = b""
    if len(position) != _NUMBER_BYTES or position[0] > 127:
        raise InvalidRequest("not a cursor of this list", field="cursor")
    return int.from_bytes(position, "big")
