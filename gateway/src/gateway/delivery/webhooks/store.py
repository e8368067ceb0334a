"""Every query of webhooks: what is said of them, and whose turn it is to send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection, Database
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

_COLUMNS = (
    "webhook.tenant, webhook.id, webhook.version, webhook.owner, webhook.api_key,"
    " webhook.definition, webhook.status, webhook.reason, webhook.basic_user,"
    " webhook.basic_password, webhook.edits, webhook.created, webhook.changed, webhook.changed_by"
)
_TURN = (
    f"{_COLUMNS}, webhook.cursor, webhook.secret,"
    " case when webhook.former_until > now() then webhook.former_secret end as former_secret"
)
_Edits = dict[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Turn:
    """A webhook that one process alone sends for, for a while; `cursor` is where it has read to.

    Of one that is not active only tests are sent.
    """

    webhook: Kept
    holder: UUID
    cursor: int
    secrets: Sequence[str]
    is_active: bool

    def read_to(self, cursor: int) -> Turn:
        """The same turn, which has read on to this place."""
        return replace(self, cursor=cursor)


# -- what is said of them --------------------------------------------------------------------


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
        f"""select {_COLUMNS}, missed,
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
    return [(_kept(row), _progress(row)) for row in rows]


async def locked(transaction: Transaction, id: UUID) -> Kept | None:
    """A webhook of the tenant, which nobody changes or sends for until the transaction ends."""
    row = await transaction.connection.fetchrow(
        f"""select {_COLUMNS} from webhook
            where tenant = $1 and id = $2 for no key update""",  # noqa: S608 - our own columns
        transaction.tenant,
        id,
    )
    return _kept(row) if row is not None else None


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


# -- whose turn it is ------------------------------------------------------------------------


async def take_turns(database: Database, holder: UUID, leased: timedelta, most: int) -> list[Turn]:
    """Up to `most` webhooks that have something to send, those first that have waited longest.

    Nobody else takes them for so long, by the database's clock. A lease that ends later than any
    could by now is over: the clock was set back since.
    """
    rows = await database.pool.fetch(
        f"""update webhook
            set holder = $1, held_until = clock_timestamp() + $2, taken = clock_timestamp()
            where id in (
                select webhook.id from webhook
                left join delivery_tenant log on log.tenant = webhook.tenant
                where (held_until is null or held_until < clock_timestamp()
                       or held_until > clock_timestamp() + $2)
                      and (is_tested or (status = 'active' and (
                           look_at <= clock_timestamp()
                           or (not is_resting and cursor < coalesce(log.last, 0)))))
                order by taken nulls first limit $3 for update of webhook skip locked)
            returning {_TURN}""",  # noqa: S608 - the names of our own columns
        holder,
        leased,
        most,
    )
    return [_turn(row, holder) for row in rows]


async def hold(connection: Connection, turn: Turn) -> Turn | None:
    """A webhook whose turn it still is, as it is now; None where it is not any more.

    Until the transaction ends nobody else takes or changes it.
    """
    row = await connection.fetchrow(
        f"""select {_TURN} from webhook
            where id = $1 and holder = $2 and held_until > clock_timestamp()
            for no key update""",  # noqa: S608 - the names of our own columns
        turn.webhook.id,
        turn.holder,
    )
    return _turn(row, turn.holder) if row is not None else None


async def end_turn(
    connection: Connection, turn: Turn, rest: timedelta | None, *, reads_on: bool
) -> None:
    """Let others have it: at its next due delivery, or after a `rest`.

    At the next event too, where it `reads_on` and need not rest.
    """
    await connection.execute(
        """update webhook
           set holder = null, held_until = null, is_resting = $3 or $2::interval is not null,
               look_at = case when $2::interval is null then coalesce(
                   (select min(due) from webhook_delivery
                    where webhook = $1 and state = 'waiting' and due is not null), 'infinity')
                   else clock_timestamp() + $2 end,
               is_tested = exists (select 1 from webhook_delivery
                                   where webhook = $1 and state = 'waiting' and sequence is null)
           where id = $1""",
        turn.webhook.id,
        rest,
        not reads_on,
    )


async def disable(connection: Connection, id: UUID, reason: str) -> None:
    await connection.execute(
        "update webhook set status = 'disabled', reason = $2 where id = $1", id, reason
    )


async def read_on(connection: Connection, id: UUID, cursor: int) -> None:
    """All up to this place of the log is queued, or not wanted."""
    await connection.execute("update webhook set cursor = $2 where id = $1", id, cursor)


async def note_missed(connection: Connection, id: UUID, after: int, until: int) -> None:
    """What was logged between these places may have been missed."""
    await connection.execute(
        """update webhook set missed = json_build_object(
               'after', $2::bigint, 'until', $3::bigint,
               'noticed', to_char(clock_timestamp() at time zone 'UTC',
                                  'YYYY-MM-DD"T"HH24:MI:SS"Z"'))::text
           where id = $1""",
        id,
        after,
        until,
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


def _kept(row: Any) -> Kept:
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


def _turn(row: Any, holder: UUID) -> Turn:
    return Turn(
        _kept(row),
        holder,
        row["cursor"],
        tuple(filter(None, (row["secret"], row["former_secret"]))),
        row["status"] == "active",
    )


def _progress(row: Any) -> Progress:
    missed = row["missed"]
    return Progress(
        waiting=row["waiting"],
        failing_since=row["failing_since"],
        missed=msgspec.json.decode(missed, type=Missed) if missed is not None else None,
        former_until=row["former_until"],
    )
