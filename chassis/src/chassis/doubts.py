"""Keys whose last word in the broker is in doubt, and saying it once more.

What was sent and not acknowledged may still arrive: it lies in a connection of a relay that was
frozen, or of one that is gone, and comes behind newer events of its key that another sent
meanwhile. So may what was acknowledged late, because the producer may have sent it twice. Consumers
skip it, but compaction would keep it. So when a while has passed the newest event of each such key
is queued again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TypeAlias
from uuid import UUID

import asyncpg

from chassis.database import Database

Key: TypeAlias = tuple[UUID, UUID]
"""(tenant, aggregate id)"""


class Doubts:
    """What one relay has its doubts about; `seconds` is how long it lets things come to rest."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database = database
        self._seconds = seconds
        self._since: dict[Key, float] = {}
        self._said_again: set[Key] = set()

    def add(self, rows: Iterable[asyncpg.Record]) -> None:
        """The last word is in doubt from now on of the keys of these rows."""
        now = time.monotonic()
        self._since |= {(row["tenant"], row["subject"]): now for row in rows}

    def add_late(self, rows: Iterable[asyncpg.Record]) -> None:
        """As `add`, but not of keys that have just been said again: that must come to an end."""
        rows = list(rows)
        self.add(row for row in rows if (row["tenant"], row["subject"]) not in self._said_again)
        self._said_again -= {(row["tenant"], row["subject"]) for row in rows}

    async def settle(self) -> bool:
        """Queue the newest events of keys that are in doubt for long enough; were there any?"""
        due = time.monotonic() - self._seconds
        keys = [key for key, since in self._since.items() if since <= due]
        if not keys:
            return False
        await self._database.pool.execute(
            # The newest by its version: clocks may have been set back in between.
            """insert into outbox (position, topic, slot, recordedtime)
               select newest.* from unnest($1::uuid[], $2::uuid[]) as doubted(tenant, subject)
               cross join lateral (
                   select position, topic, slot, recordedtime from journal j
                   where j.tenant = doubted.tenant and j.subject = doubted.subject
                   order by version desc limit 1) as newest
               on conflict do nothing""",
            [tenant for tenant, _ in keys],
            [subject for _, subject in keys],
        )
        for key in keys:
            del self._since[key]
        self._said_again = set(keys)
        return True
