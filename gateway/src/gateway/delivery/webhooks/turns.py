"""Every query of turns: which process sends for a webhook, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.database import Connection, Database
from gateway.delivery.webhooks.store import COLUMNS, kept_of
from gateway.delivery.webhooks.webhook import Kept

_TURN = (
    f"{COLUMNS}, webhook.cursor, webhook.secret,"
    " case when webhook.former_until > now() then webhook.former_secret end as former_secret"
)


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


def _turn(row: Any, holder: UUID) -> Turn:
    return Turn(
        kept_of(row),
        holder,
        row["cursor"],
        tuple(filter(None, (row["secret"], row["former_secret"]))),
        row["status"] == "active",
    )
