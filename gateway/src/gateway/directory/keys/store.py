"""Every query of signing keys; the database's clock says which of them signs."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from chassis.database import Database
from gateway.directory.keys.signing_key import Rotation, SigningKey, new_secret


async def signing_keys(database: Database, rotation: Rotation) -> list[tuple[SigningKey, bool]]:
    """The keys that are published, oldest first, and whether each is there to sign already.

    Makes the next one when it is due. A key is published until everything that
    it signed has expired. One signs at any rate, the oldest, even where the clock
    was set back to before its time.
    """
    await _make_due(database, rotation)
    rows = await database.pool.fetch(
        """select id, private_key,
                  signs_from <= now() or row_number() over (order by serial) = 1 as signs
           from (select *, lead(signs_from) over (order by serial) as succeeded
                 from signing_key) as key
           where succeeded is null or succeeded > now() - $1::interval
           order by serial""",
        timedelta(seconds=rotation.verified_seconds),
    )
    return [(SigningKey(row["id"], row["private_key"]), row["signs"]) for row in rows]


async def _make_due(database: Database, rotation: Rotation) -> None:
    """Make the next key if the newest has signed for its time, or if there is none.

    The number in the series lets one of several replicas make it; the others
    wait for that one's commit and find it.
    """
    newest = await database.pool.fetchval(
        "select true from signing_key where signs_from > now() - $1::interval limit 1",
        timedelta(seconds=rotation.signing_seconds),
    )
    if newest:
        return
    await database.pool.execute(
        """insert into signing_key (serial, id, private_key, signs_from)
           select coalesce(max(serial), 0) + 1, $1, $2,
                  case when max(serial) is null then now() else now() + $3::interval end
           from signing_key
           having coalesce(max(signs_from), '-infinity') <= now() - $4::interval
           on conflict (serial) do nothing""",
        str(uuid4()),
        new_secret(),
        timedelta(seconds=rotation.announced_seconds),
        timedelta(seconds=rotation.signing_seconds),
    )
