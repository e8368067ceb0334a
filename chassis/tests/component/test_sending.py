"""What aiokafka's producer would get wrong, and the relay therefore does itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from chassis.database import Database
from chassis.kafka import admin, make_topics
from chassis.partitions import partition_of
from chassis.producers import abandon, has_idempotent_producers, open_producer
from chassis.relay import Relay
from chassis.settings import PlatformSettings
from chassis.tests.component.products import (
    Record,
    eventually,
    key_of,
    opened,
    records_of,
    settings_for,
    slots_held_by_another,
)
from cli.local.broker import Broker
from cli.local.kafka.server import Kafka
from events.envelope import CONTENT_TYPE, partition_key
from events.topics import DEAL, GENESIS, PRODUCT, RECONCILIATION, TOPICS

TENANT = uuid4()
GENERATION = "this one"
NOT_AT_ALL = timedelta()


@pytest.fixture
def settings(own_broker: Broker) -> PlatformSettings:
    return settings_for(own_broker)


@pytest.fixture
async def client(settings: PlatformSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    async with admin(settings) as connected:
        yield connected


@pytest.fixture
async def database(new_database: Callable[[], str]) -> AsyncIterator[Database]:
    async with opened(new_database()) as database:
        await database.pool.execute("insert into generation (id) values ($1)", GENERATION)
        yield database


async def journal(
    database: Database, subject: UUID, version: int, *, ahead: timedelta = NOT_AT_ALL
) -> None:
    """A version of a deal that waits to be sent, written by a clock that was so far ahead."""
    slot = partition_of(partition_key(TENANT, str(subject)), DEAL.partitions)
    await database.pool.execute(
        """with recorded as (
               insert into journal (tenant, topic, slot, subject, version, type, event, body, time,
                                    recordedtime)
               values ($1, $2, $3, $4, $5, 'crm.sales.deal.won.v1', $6, $7, now(),
                       clock_timestamp() + $8)
               returning position, topic, slot, recordedtime)
           insert into outbox (position, topic, slot, recordedtime) select * from recorded""",
        TENANT,
        DEAL.name,
        slot,
        subject,
        version,
        uuid4(),
        f'{{"aggregateversion": {version}}}',
        ahead,
    )


async def waiting(database: Database) -> int:
    count: int = await database.pool.fetchval("select count(*) from outbox")
    return count


async def test_an_event_lies_in_the_partition_of_its_key_with_its_attributes_as_headers(
    client: AIOKafkaAdminClient, settings: PlatformSettings, database: Database
) -> None:
    await make_topics(client, [DEAL], settings)
    deals = [uuid4() for _ in range(40)]
    for version in (1, 2, 3):
        for deal in deals:
            await journal(database, deal, version)
    relaying = asyncio.create_task(Relay("sales", [DEAL], database, settings).run(GENERATION))

    async def all_sent() -> bool:
        return await waiting(database) == 0

    await eventually(all_sent)
    relaying.cancel()
    records = await records_of(DEAL, settings)
    assert len({record.partition for record in records}) > DEAL.partitions // 2
    for record in records:
        assert record.key == partition_key(TENANT, str(key_of(record)))
        assert record.partition == partition_of(record.key, DEAL.partitions)
        headers = dict(record.headers)
        assert headers["content-type"] == CONTENT_TYPE.encode()
        assert headers["ce_tenantid"] == str(TENANT).encode()
        assert None not in headers.values()
    for deal in deals:
        assert versions(records, deal) == [1, 2, 3]


def versions(records: list[Record], deal: UUID) -> list[int]:
    """The versions of `deal` in the order of the partition, repetitions left out."""
    return list(dict.fromkeys(all_versions(records, deal)))


def all_versions(records: list[Record], deal: UUID) -> list[int]:
    """The versions of `deal` in the order of the partition."""
    values = [record.value for record in records if key_of(record) == deal]
    return [
        n
        for value in values
        for n in (1, 2, 3)
        if f'"aggregateversion": {n},'.encode() in (value or b"")
    ]


async def test_the_producer_is_idempotent_where_the_broker_has_that(
    own_broker: Broker, client: AIOKafkaAdminClient, settings: PlatformSettings
) -> None:
    await make_topics(client, [PRODUCT], settings)
    assert await has_idempotent_producers(settings) is isinstance(own_broker, Kafka)
    producer = await open_producer(settings)
    assert producer._sender._acks == -1, "every copy acknowledges"
    await producer.send_and_wait(PRODUCT.name, b"sent either way", key=b"a key", partition=0)
    await abandon(producer)
    assert [record.value for record in await records_of(PRODUCT, settings)] == [b"sent either way"]


async def test_an_abandoned_producer_sends_nothing_later(
    own_broker: Broker, client: AIOKafkaAdminClient, settings: PlatformSettings
) -> None:
    await make_topics(client, [PRODUCT], settings)
    producer = await open_producer(settings)
    await producer.send_and_wait(PRODUCT.name, b"early", key=b"a key", partition=0)
    own_broker.kill()
    late = await producer.send(PRODUCT.name, b"late", key=b"a key", partition=0)
    await asyncio.sleep(0.5)
    before = asyncio.get_running_loop().time()
    await abandon(producer)
    assert asyncio.get_running_loop().time() - before < 8
    assert not late.done()
    own_broker.start()
    await make_topics(client, [PRODUCT], settings)
    await asyncio.sleep(2)
    assert b"late" not in [record.value for record in await records_of(PRODUCT, settings)]


async def test_a_relay_gives_up_what_it_sends_when_its_leases_end(
    own_broker: Broker,
    client: AIOKafkaAdminClient,
    settings: PlatformSettings,
    database: Database,
) -> None:
    await make_topics(client, [DEAL], settings)
    deal = uuid4()
    relaying = asyncio.create_task(Relay("sales", [DEAL], database, settings).run(GENERATION))
    await journal(database, deal, 1)

    async def first_sent() -> bool:
        return await waiting(database) == 0

    await eventually(first_sent)
    own_broker.kill()
    await journal(database, deal, 2)
    await asyncio.sleep(settings.relay_poll_seconds + 0.2)
    # Another relay has taken over, and is slow.
    async with slots_held_by_another(database):
        await asyncio.sleep(settings.relay_lease_seconds + 0.5)
        own_broker.start()
        await make_topics(client, [DEAL], settings)
        await asyncio.sleep(2)
        relaying.cancel()
    assert await waiting(database) == 1
    assert 2 not in versions(await records_of(DEAL, settings), deal)


async def test_what_another_may_still_be_sending_does_not_stay_the_last_word(
    client: AIOKafkaAdminClient, settings: PlatformSettings, database: Database
) -> None:
    """A relay takes over what its predecessor has not seen acknowledged: it may come late."""
    await make_topics(client, [DEAL], settings)
    deal = uuid4()
    await journal(database, deal, 1, ahead=timedelta(minutes=10))
    await journal(database, deal, 2)
    relaying = asyncio.create_task(Relay("sales", [DEAL], database, settings).run(GENERATION))

    async def said_again() -> bool:
        return all_versions(await records_of(DEAL, settings), deal) == [1, 2, 2]

    await eventually(said_again)
    relaying.cancel()


async def test_what_was_acknowledged_in_a_former_generation_is_not_forgotten_in_this(
    client: AIOKafkaAdminClient, settings: PlatformSettings, database: Database
) -> None:
    """A relay that was frozen while the broker was lost, and the outbox filled again."""
    await make_topics(client, [DEAL], settings)
    deal = uuid4()
    await journal(database, deal, 1)
    relaying = asyncio.create_task(Relay("sales", [DEAL], database, settings).run("a former"))

    async def sent() -> bool:
        return bool(versions(await records_of(DEAL, settings), deal))

    await eventually(sent)
    relaying.cancel()
    await asyncio.gather(relaying, return_exceptions=True)
    assert await waiting(database) == 1


async def test_a_topic_with_too_few_partitions_keeps_a_relay_waiting_not_from_living(
    client: AIOKafkaAdminClient, settings: PlatformSettings, database: Database
) -> None:
    await client.create_topics([NewTopic(DEAL.name, 1, 1)])
    deals = [uuid4() for _ in range(10)]
    for deal in deals:
        await journal(database, deal, 1)
    relaying = asyncio.create_task(Relay("sales", [DEAL], database, settings).run(GENERATION))
    await asyncio.sleep(1)
    assert not relaying.done()
    await client.delete_topics([DEAL.name])
    await make_topics(client, [DEAL], settings)

    async def all_sent() -> bool:
        return await waiting(database) == 0

    await eventually(all_sent)
    relaying.cancel()


async def test_topics_are_made_with_their_declared_partitions_and_settings(
    own_broker: Broker, client: AIOKafkaAdminClient, settings: PlatformSettings
) -> None:
    if not isinstance(own_broker, Kafka):
        pytest.skip("Tansu keeps no settings")
    declared = {topic.name: topic for topic in (GENESIS, RECONCILIATION, *TOPICS)}
    await make_topics(client, list(declared.values()), settings)
    for topic in await client.describe_topics(list(declared)):
        assert len(topic["partitions"]) == declared[topic["topic"]].partitions
    for topic in declared.values():
        named = ConfigResource(ConfigResourceType.TOPIC, topic.name, dict(topic.settings))
        (answer,) = await client.describe_configs([named])
        ((_, _, _, _, entries),) = answer.resources
        assert {entry[0]: entry[1] for entry in entries} == topic.settings
