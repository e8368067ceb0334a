"""How fresh a projection is: `as_of`, and reading one's own writes.

A write answers `Meridian-Written: <topic>/<id>@<version>, ...`. A read that sends
the same as `Meridian-Read-After` waits until the consumer that feeds its answer
has applied every version named there, for ten seconds at the most.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Connection, Database
from chassis.inbox import Consumer
from chassis.problems import InvalidRequest, ProjectionBehind
from events.topics import TOPICS

HEADER = "meridian-read-after"
PARAMETER = {
    "name": "Meridian-Read-After",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "the Meridian-Written of answers that this one must include",
}
"""As OpenAPI describes the header."""
LONGEST_WAIT_SECONDS = 10.0
MOST_VERSIONS = 500
"""Named by one header; a write names one per partition it wrote to."""

_POLL_SECONDS = 0.02
_TOKEN = re.compile(
    r"(?P<topic>[a-z_.]{1,200})/(?P<subject>[0-9a-f-]{36})@(?P<version>[0-9]{1,18})"
)
_KNOWN = frozenset(topic.name for topic in TOPICS)


@dataclass(frozen=True, slots=True)
class AwaitedVersion:
    """A version of an aggregate that an answer must include."""

    topic: str
    subject: UUID
    version: int


def awaited(header: str) -> list[AwaitedVersion]:
    """The versions that a `Meridian-Read-After` names; `InvalidRequest` when it is malformed."""
    tokens = [token for part in header.split(",") if (token := part.strip())]
    if len(tokens) > MOST_VERSIONS:
        raise InvalidRequest(f"at most {MOST_VERSIONS} versions", field="Meridian-Read-After")
    return [_parsed(token) for token in tokens]


def _parsed(token: str) -> AwaitedVersion:
    match = _TOKEN.fullmatch(token)
    try:
        if match is not None and match["topic"] in _KNOWN:
            return AwaitedVersion(match["topic"], UUID(match["subject"]), int(match["version"]))
    except ValueError:
        pass
    raise InvalidRequest(
        f"{token[:100]!r} is not what Meridian-Written answers: topic/id@version",
        field="Meridian-Read-After",
    )


class Freshness:
    """What one consumer has applied so far."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer.name
        self._topics = frozenset(consumer.topics)
        self._partitions = sum(h.aggregate.topic.partitions for h in consumer.handlers)

    async def as_of(self, connection: Connection) -> datetime:
        """Up to when everything that the owners committed is applied.

        Read it in the snapshot of the answer. Raises `ProjectionBehind` as long
        as the consumer has never caught up with every partition of its topics.
        """
        moment: datetime | None = await connection.fetchval(
            """select min(as_of) from projection where consumer = $1 and topic = any($2)
               having count(*) = $3""",
            self._consumer,
            list(self._topics),
            self._partitions,
        )
        if moment is None:
            raise ProjectionBehind("the first events are still being applied")
        return moment

    async def wait(self, database: Database, tenant: UUID, header: str | None) -> None:
        """Return once every version in `header` that this consumer reads has been applied.

        Versions of topics that it does not read cannot change its answer and are
        not waited for. Raises `InvalidRequest` for a malformed header, and
        `ProjectionBehind` when the time is over.
        """
        if header is None:
            return
        versions = [version for version in awaited(header) if version.topic in self._topics]
        deadline = asyncio.get_running_loop().time() + LONGEST_WAIT_SECONDS
        while not await self._has_applied(database, tenant, versions):
            if asyncio.get_running_loop().time() >= deadline:
                raise ProjectionBehind("what was written has not arrived here yet")
            await asyncio.sleep(_POLL_SECONDS)

    async def _has_applied(
        self, database: Database, tenant: UUID, versions: Sequence[AwaitedVersion]
    ) -> bool:
        if not versions:
            return True
        missing = await database.pool.fetchval(
            """select exists (
                   select from unnest($3::text[], $4::uuid[], $5::bigint[])
                        as wanted(topic, key, version)
                   where not exists (
                       select from applied a
                       where a.consumer = $1 and a.tenant = $2 and a.topic = wanted.topic
                       and a.key = wanted.key and a.version >= wanted.version))""",
            self._consumer,
            tenant,
            [version.topic for version in versions],
            [version.subject for version in versions],
            [version.version for version in versions],
        )
        return not missing
