"""Every query of what is said of webhooks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from chassis.journal import encoder
from chassis.merge import redrafted
from chassis.transactions import Transaction
from gateway.delivery.webhooks.webhook import (
    BasicCredentials,
    Kept,
    Missed,
    Progress,
    WebhookDraft,
    WebhookFields,
)

COLUMNS = (
    "webhook.tenant, webhook.id, webhook.version, webhook.owner, webhook.api_key,"
    " webhook.definition, webhook.status, webhook.reason, webhook.basic_user,"
    " webhook.basic_password, webhook.edits, webhook.created, webhook.changed, webhook.changed_by"
)
_Edits = dict[str, tuple[int, str]]


async def add(transaction: Transaction, webhook: Kept, secret: str) -> None:
    """A new webhook; it begins with what is logged from now on."""
    await transaction.connection.execute(
        """insert into webhook (tenant, id, version, owner, api_key, definition, status,
                                basic_user, basic_password, secret, edits, created, changed,
                                changed_by, cursor)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '{}', $11, $11, $12,
                   coalesce((select last from delivery_tenant where tenant = $1), 0))""",
        webhook.tenant,
        webhook.id,
        webhook.version,
        webhook.owner,
        webhook.api_key,
        *_drafted(webhook),
        secret,
        webhook.created,
        webhook.changed_by,
    )


async def keep(transaction: Transaction, webhook: Kept) -> None:
    """The next version of a webhook, which is looked at at once."""
    await transaction.connection.execute(
        """update webhook
           set version = $3, owner = $4, api_key = $5, definition = $6, status = $7,
               reason = $8, basic_user = $9, basic_password = $10, edits = $11, changed = $12,
               changed_by = $13, look_at = clock_timestamp(), is_resting = false
           where tenant = $1 and id = $2""",
        webhook.tenant,
        webhook.id,
        webhook.version,
        webhook.owner,
        webhook.api_key,
        *_drafted(webhook)[:2],
        webhook.disabled,
        *_drafted(webhook)[2:],
        encoder.encode(webhook.edits).decode(),
        webhook.changed,
        webhook.changed_by,
    )


async def known(transaction: Transaction, id: UUID | None = None) -> list[tuple[Kept, Progress]]:
    """The tenant's webhooks, oldest first, or the one of this id."""
    rows = await transaction.connection.fetch(
        f"""select {COLUMNS}, missed,
                   case when former_until > now() then former_until end as former_until,
                   coalesce(found.waiting, 0) as waiting, found.failing_since
            from webhook left join lateral (
                select count(*) as waiting, min(failing_since) as failing_since
                from webhook_delivery where webhook = webhook.id and state = 'waiting'
            ) as found on true
            where tenant = $1 and ($2::uuid is null or id = $2)
            order by id""",  # noqa: S608 - the names of our own columns
        transaction.tenant,
        id,
    )
    return [(kept_of(row), _progress(row)) for row in rows]


async def locked(transaction: Transaction, id: UUID) -> Kept | None:
    """A webhook of the tenant, which nobody changes or sends for until the transaction ends."""
    row = await transaction.connection.fetchrow(
        f"""select {COLUMNS} from webhook
            where tenant = $1 and id = $2 for no key update""",  # noqa: S608 - our own columns
        transaction.tenant,
        id,
    )
    return kept_of(row) if row is not None else None


async def count(transaction: Transaction) -> int:
    return int(
        await transaction.connection.fetchval(
            "select count(*) from webhook where tenant = $1", transaction.tenant
        )
    )


async def remove(transaction: Transaction, id: UUID) -> None:
    await transaction.connection.execute(
        "delete from webhook where tenant = $1 and id = $2", transaction.tenant, id
    )


async def secret_of(transaction: Transaction, id: UUID) -> str | None:
    secret = await transaction.connection.fetchval(
        "select secret from webhook where tenant = $1 and id = $2", transaction.tenant, id
    )
    return str(secret) if secret is not None else None


async def rotate(transaction: Transaction, id: UUID, secret: str, overlap: timedelta) -> None:
    """From now on a webhook signs by this secret, and for a while by the former one too."""
    await transaction.connection.execute(
        """update webhook set secret = $3, former_secret = secret, former_until = now() + $4
           where tenant = $1 and id = $2""",
        transaction.tenant,
        id,
        secret,
        overlap,
    )


def _drafted(webhook: Kept) -> tuple[str, str, str | None, str | None]:
    """(definition, status, user, password) as they are kept."""
    fields = redrafted(webhook.draft)
    basic, status = fields.pop("basic"), fields.pop("status")
    return (
        encoder.encode(fields).decode(),
        "disabled" if webhook.disabled is not None else status,
        basic.user if basic is not None else None,
        basic.password if basic is not None else None,
    )


def kept_of(row: Any) -> Kept:
    """The webhook of a row that has `COLUMNS`."""
    definition = msgspec.json.decode(row["definition"], type=WebhookFields)
    basic = None
    if row["basic_user"] is not None:
        basic = BasicCredentials(user=row["basic_user"], password=row["basic_password"])
    status = row["status"]
    return Kept(
        tenant=row["tenant"],
        id=row["id"],
        version=row["version"],
        owner=row["owner"],
        api_key=row["api_key"],
        draft=WebhookDraft(
            **redrafted(definition),
            status="paused" if status == "disabled" else status,
            basic=basic,
        ),
        disabled=row["reason"] if status == "disabled" else None,
        edits=msgspec.json.decode(row["edits"], type=_Edits),
        created=row["created"],
        changed=row["changed"],
        changed_by=row["changed_by"],
    )


def _progress(row: Any) -> Progress:
    missed = row["missed"]
    return Progress(
        waiting=row["waiting"],
        failing_since=row["failing_since"],
        missed=msgspec.json.decode(missed, type=Missed) if missed is not None else None,
        former_until=row["former_until"],
    )
