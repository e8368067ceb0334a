"""Every query of letters that are to be sent; secrets are made only as one is sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from chassis.database import Connection, Database
from chassis.transactions import Transaction
from gateway.directory.letters.letter import GIVEN_UP_AFTER


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter that is due, and how often it could not be sent."""

    tenant: UUID
    user: UUID
    tries: int


async def want(transaction: Transaction, users: Collection[UUID]) -> None:
    """Have letters sent once this has committed, to those of the users who have an address."""
    await transaction.connection.execute(
        """insert into letter (tenant, user_id)
           select tenant, id from users
           where tenant = $1 and id = any($2::uuid[]) and email is not null
           on conflict (tenant, user_id)
           do update set wanted = now(), due = least(letter.due, now()), tries = 0""",
        transaction.tenant,
        list(users),
    )


async def take_due(connection: Connection, leased: timedelta) -> Waiting | None:
    """The letter that has waited longest; nobody else takes it for so long."""
    row = await connection.fetchrow(
        """update letter set due = now() + $1, tries = tries + 1
           where (tenant, user_id) = (
               select tenant, user_id from letter where due <= now()
               order by due limit 1 for update skip locked)
           returning tenant, user_id, tries""",
        leased,
    )
    return Waiting(row["tenant"], row["user_id"], row["tries"]) if row else None


async def strike(database: Database, letter: Waiting) -> None:
    """It is on its way, or will never be; one that was wanted anew meanwhile stays."""
    await database.pool.execute(
        """delete from letter
           where tenant = $1 and user_id = $2 and tries = $3""",
        letter.tenant,
        letter.user,
        letter.tries,
    )


async def put_off(database: Database, letter: Waiting, pause: timedelta) -> bool:
    """Try again after the pause; False for one that has been tried for too long, and is gone."""
    gone = await database.pool.fetchval(
        """delete from letter
           where tenant = $1 and user_id = $2 and tries = $3
                 and wanted < now() - $4::interval
           returning true""",
        letter.tenant,
        letter.user,
        letter.tries,
        GIVEN_UP_AFTER,
    )
    await database.pool.execute(
        """update letter set due = now() + $4
           where tenant = $1 and user_id = $2 and tries = $3""",
        letter.tenant,
        letter.user,
        letter.tries,
        pause,
    )
    return not gone
