"""One signing key for the installation, however many gateways start at once."""

import asyncio

from chassis.database import Database
from chassis.testing import migrate_now
from gateway.app import SERVICE
from gateway.directory.keys.store import active_key


async def test_replicas_that_start_together_share_one_key(database_url: str) -> None:
    await asyncio.to_thread(migrate_now, SERVICE, database_url)
    replica = Database(database_url, connections=8)
    await replica.open()
    try:
        keys = await asyncio.gather(*(active_key(replica) for _ in range(8)))
        assert len({key.id for key in keys}) == 1
        assert await replica.pool.fetchval("select count(*) from signing_key") == 1
    finally:
        await replica.close()
