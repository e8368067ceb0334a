"""What is the same for every connection to the broker: addresses, admin, topics."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

from chassis.settings import PlatformSettings
from events.topics import Topic

log = logging.getLogger(__name__)

BROKER_FAILURES = (KafkaError, OSError, TimeoutError)
"""What the broker's absence looks like; a later try may succeed."""


@asynccontextmanager
async def admin(settings: PlatformSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client for the length of the block."""
    client = AIOKafkaAdminClient(bootstrap_servers=settings.kafka, request_timeout_ms=10_000)
    try:
        await client.start()
        yield client
    finally:
        await client.close()


async def make_topics(
    client: AIOKafkaAdminClient, topics: Sequence[Topic], settings: PlatformSettings
) -> None:
    """Make those of `topics` that are missing, with their declared partitions.

    A broker that creates unknown topics by itself may have made one with a
    partition count of its own, when some client asked too early. As long as the
    broker has no genesis such a topic holds nothing that the journals do not, and
    it is made anew; the caller sees to that.
    """
    answer = await client.create_topics(
        [
            NewTopic(
                topic.name,
                topic.partitions,
                settings.replication_factor,
                topic_configs=dict(topic.settings),
            )
            for topic in topics
        ]
    )
    for name, code, message in (tuple(error)[:3] for error in answer.topic_errors):
        if code not in (0, TopicAlreadyExistsError.errno):
            raise KafkaError(f"cannot create topic {name}: {message} ({code})")


async def wrongly_partitioned(client: AIOKafkaAdminClient, topics: Sequence[Topic]) -> list[Topic]:
    """Those of `topics` that are there with another partition count than the declared one.

    A broker may know of a topic a moment later than it has answered that it made it: one that it
    does not know is not wrong.
    """
    described = await client.describe_topics([topic.name for topic in topics])
    counts = {
        entry["topic"]: len(entry["partitions"]) for entry in described if not entry["error_code"]
    }
    return [
        topic for topic in topics if counts.get(topic.name, topic.partitions) != topic.partitions
    ]
