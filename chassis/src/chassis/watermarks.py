"""How far the broker remembers each slot of an owner: a topic that was lost shows by it.

A topic can be deleted, or made anew by whoever asked for it next, while the rest of
the broker stays: its generation says nothing then. So the highest end that was ever
seen of each partition is kept, and an end below it tells that records are gone.
It is the end that the broker tells: Tansu's is too low, but rises with every batch.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from chassis.kafka import end, open_admin, open_reader
from chassis.settings import PlatformSettings
from chassis.storage import AnyDatabase, Slot, slots_of, storage_of
from events.topics import Topic

_MISSING = -1


class Watermarks:
    """Looks after the ends of one owner's topics, on connections of its own."""

    def __init__(
        self, topics: Sequence[Topic], database: AnyDatabase, settings: PlatformSettings
    ) -> None:
        self._topics = topics
        self._storage = storage_of(database)
        self._settings = settings
        self._admin: AIOKafkaAdminClient | None = None
        self._reader: AIOKafkaConsumer | None = None
        self._fallen: set[Slot] = set()

    async def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await end(reader)
        admin, self._admin = self._admin, None
        if admin is not None:
            await end(admin)

    async def lost(self, generation: str) -> list[str]:
        """The topics that end below where they once ended, at two looks in a row.

        The first look may have met a broker that has just taken a partition over.
        Raises `BROKER_FAILURES` and `PASSING_FAILURES`.
        """
        if not self._topics:
            return []
        fallen = await self._storage.fallen(generation, await self._ends())
        lost, self._fallen = fallen & self._fallen, fallen
        return sorted({topic for topic, _ in lost})

    async def _ends(self) -> dict[Slot, int]:
        """The offset behind the last record of each partition; -1 where that is missing."""
        if self._admin is None:
            self._admin = await open_admin(self._settings)
        described = await self._admin.describe_topics([topic.name for topic in self._topics])
        counts = {entry["topic"]: len(entry["partitions"]) for entry in described}
        whole = [topic for topic in self._topics if counts.get(topic.name) == topic.partitions]
        # Asked for the ends of what is not there, the client only times out.
        reader = self._reader or await self._open()
        ends = await reader.end_offsets([TopicPartition(*slot) for slot in slots_of(whole)])
        missing = dict.fromkeys(slots_of(self._topics), _MISSING)
        return missing | {(place.topic, place.partition): end for place, end in ends.items()}

    async def _open(self) -> AIOKafkaConsumer:
        reader = await open_reader(self._settings)
        # Only of what is assigned does the client know the leaders; its records are not read.
        places = [TopicPartition(*slot) for slot in slots_of(self._topics)]
        reader.assign(places)
        reader.pause(*places)
        self._reader = reader
        return reader
