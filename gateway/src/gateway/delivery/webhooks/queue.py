"""Every query of deliveries: those that wait, in the order of their records, and those done.

Of the waiting deliveries of one record the first is due at some time, and all others have no such
time: when the first is done, the next is due. Whoever writes here holds the webhook's row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Connection, Database
from chassis.transactions import Transaction
from gateway.delivery.webhooks.delivery import Delivery, Due, State, Wanted
from gateway.delivery.webhooks.schedule import Attempt

_COLUMNS = (
    "id, webhook, state, type, subject, version, attempts, created, due, attempted, status_code,"
    " milliseconds, error, finished"
)


async def want(connection: Connection, webhook: UUID, wanted: Sequence[Wanted]) -> None:
    """Queue events for a webhook, in their order in the log."""
    await connection.execute(
        """insert into webhook_delivery (webhook, id, sequence, type, subject, version, state, due)
           select $1, id, sequence, type, subject, version, 'waiting',
                  case when row_number() over (partition by subject order by sequence) = 1
                            and not exists (
                                select 1 from webhook_delivery other
                                where other.webhook = $1 and other.subject = wanted.subject
                                      and other.state = 'waiting')
                       then clock_timestamp() end
           from unnest($2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::bigint[])
                as wanted(id, sequence, type, subject, version)
           order by sequence
           on conflict (webhook, id) do nothing""",
        webhook,
        [one.id for one in wanted],
        [one.sequence for one in wanted],
        [one.type for one in wanted],
        [one.subject for one in wanted],
        [one.version for one in wanted],
    )


async def waiting(connection: Connection, webhook: UUID, most: int) -> int:
    """How many deliveries wait; not counted beyond `most`."""
    return int(
        await connection.fetchval(
            """select count(*) from (
                   select 1 from webhook_delivery
                   where webhook = $1 and state = 'waiting' limit $2) as counted""",
            webhook,
            most,
        )
    )


async def due(
    connection: Connection,
    webhook: UUID,
    busy: Collection[UUID],
    most: int,
    *,
    tests_only: bool,
) -> list[Due]:
    """Deliveries whose time has come, of other records than those that are `busy`."""
    rows = await connection.fetch(
        """select id, sequence, subject, failures from webhook_delivery
           where webhook = $1 and state = 'waiting' and due <= clock_timestamp()
                 and subject <> all($2::uuid[]) and (not $3 or sequence is null)
           order by due, sequence limit $4""",
        webhook,
        list(busy),
        tests_only,
        most,
    )
    return [Due(**row) for row in rows]


async def finish(
    connection: Connection, webhook: UUID, delivery: Due, state: State, attempt: Attempt | None
) -> None:
    """A delivery is done; the next one of its record is due, or the same one if wanted anew."""
    await connection.execute(
        """update webhook_delivery
           set state = $3, due = null, finished = clock_timestamp(), failures = 0,
               failing_since = null
           where webhook = $1 and id = $2 and state = 'waiting'""",
        webhook,
        delivery.id,
        state,
    )
    if attempt is not None:
        await _note(connection, webhook, delivery, attempt)
    await connection.execute(
        """update webhook_delivery set due = clock_timestamp()
           where webhook = $1 and id = (
               select id from webhook_delivery
               where webhook = $1 and subject = $2 and state = 'waiting'
               order by sequence limit 1)""",
        webhook,
        delivery.subject,
    )


async def put_off(
    connection: Connection, webhook: UUID, delivery: Due, attempt: Attempt, pause: timedelta
) -> timedelta:
    """Try a delivery again after a pause; for how long it has been failing."""
    await _note(connection, webhook, delivery, attempt)
    failing: timedelta = await connection.fetchval(
        """update webhook_delivery
           set due = clock_timestamp() + $3, failures = failures + 1,
               failing_since = coalesce(failing_since, clock_timestamp())
           where webhook = $1 and id = $2
           returning clock_timestamp() - failing_since""",
        webhook,
        delivery.id,
        pause,
    )
    return failing


async def _note(connection: Connection, webhook: UUID, delivery: Due, attempt: Attempt) -> None:
    await connection.execute(
        """update webhook_delivery
           set attempts = attempts + 1, attempted = clock_timestamp(), status_code = $3,
               milliseconds = $4, error = $5
           where webhook = $1 and id = $2""",
        webhook,
        delivery.id,
        attempt.status,
        attempt.milliseconds,
        attempt.error,
    )


async def begin_anew(connection: Connection, webhook: UUID) -> None:
    """What has failed is due now, as if it had not."""
    await connection.execute(
        """update webhook_delivery
           set due = clock_timestamp(), failures = 0, failing_since = null
           where webhook = $1 and state = 'waiting' and due is not null""",
        webhook,
    )


async def want_test(transaction: Transaction, webhook: UUID, type: str) -> Delivery:
    """Queue a test, which waits for nothing else."""
    id = transaction.new_id()
    row = await transaction.connection.fetchrow(
        f"""insert into webhook_delivery (webhook, id, type, subject, state, due)
            values ($1, $2, $3, $2, 'waiting', clock_timestamp())
            returning {_COLUMNS}""",  # noqa: S608 - the names of our own columns
        webhook,
        id,
        type,
    )
    assert row is not None, "what is inserted is returned"
    await _look(transaction.connection, webhook, is_test=True)
    return Delivery(**row)


async def sequence_of(
    transaction: Transaction, webhook: UUID, id: UUID
) -> tuple[int | None] | None:
    """The place in the log of what a delivery sends, None for a test; None without a delivery."""
    row = await transaction.connection.fetchrow(
        "select sequence from webhook_delivery where webhook = $1 and id = $2", webhook, id
    )
    return (row["sequence"],) if row is not None else None


async def want_again(transaction: Transaction, webhook: UUID, id: UUID) -> Delivery:
    """Send a delivery again, now or behind another one of its record that is under way."""
    row = await transaction.connection.fetchrow(
        f"""update webhook_delivery as chosen
            set state = 'waiting', finished = null, failures = 0, failing_since = null,
                due = case
                    when chosen.state = 'waiting'
                    then case when chosen.due is not null then clock_timestamp() end
                    when exists (
                        select 1 from webhook_delivery other
                        where other.webhook = $1 and other.subject = chosen.subject
                              and other.state = 'waiting' and other.id <> $2) then null
                    else clock_timestamp() end
            where webhook = $1 and id = $2
            returning {_COLUMNS}, sequence is null as is_test""",  # noqa: S608 - our own columns
        webhook,
        id,
    )
    assert row is not None, "the delivery was found before"
    fields = dict(row)
    await _look(transaction.connection, webhook, is_test=fields.pop("is_test"))
    return Delivery(**fields)


async def page(
    transaction: Transaction, webhook: UUID, states: Sequence[str], before: int | None, most: int
) -> list[tuple[int, Delivery]]:
    """(number, delivery) of the newest before a number, newest first."""
    rows = await transaction.connection.fetch(
        f"""select number, {_COLUMNS} from webhook_delivery
            where webhook = $1 and (cardinality($2::text[]) = 0 or state = any($2))
                  and ($3::bigint is null or number < $3)
            order by number desc limit $4""",  # noqa: S608 - the names of our own columns
        webhook,
        list(states),
        before,
        most,
    )
    return [(row["number"], Delivery(**_without(row, "number"))) for row in rows]


async def forget(database: Database, before: datetime, most: int) -> int:
    """Forget deliveries that were done before a moment; how many there were."""
    done = await database.pool.execute(
        """delete from webhook_delivery where (webhook, id) in (
               select webhook, id from webhook_delivery
               where finished < $1 order by finished limit $2 for update skip locked)""",
        before,
        most,
    )
    return int(done.rpartition(" ")[2])


async def _look(connection: Connection, webhook: UUID, *, is_test: bool) -> None:
    """Have somebody look at a webhook at once."""
    await connection.execute(
        """update webhook
           set look_at = clock_timestamp(), is_resting = false, is_tested = is_tested or $2
           where id = $1""",
        webhook,
        is_test,
    )


def _without(row: Any, name: str) -> dict[str, Any]:
    fields = dict(row)
    del fields[name]
    return fields
