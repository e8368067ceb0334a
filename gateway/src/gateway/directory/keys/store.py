"""Every query of signing keys."""

from __future__ import annotations

from uuid import uuid4

from chassis.database import Database
from gateway.directory.keys.signing_key import SigningKey, new_secret


async def active_key(database: Database) -> SigningKey:
    """The installation's key, made when there is none.

    The index on active keys lets one of several replicas make it; the others
    wait for that one's commit and find it.
    """
    find = "select id, private_key from signing_key where is_active"
    row = await database.pool.fetchrow(find)
    if row is None:
        await database.pool.execute(
            "insert into signing_key (id, private_key) values ($1, $2) on conflict do nothing",
            str(uuid4()),
            new_secret(),
        )
        row = await database.pool.fetchrow(find)
    assert row is not None
    return SigningKey(row["id"], row["private_key"])
