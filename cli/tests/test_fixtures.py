"""What the fixtures promise to everyone's tests."""

import uuid
from collections.abc import Callable

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def test_a_database_is_empty_and_knows_cyrillic(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent")
        assert await connection.fetchval("SELECT lower('ЁЖИК')") == "ёжик"
        assert await connection.fetchval("SELECT unaccent('Ёжик, café')") == "Ежик, cafe"
        # Letters the index does not know make no trigrams, and names could not be searched.
        assert await connection.fetchval("SELECT similarity('Иванов', 'иванова')") > 0.5
    finally:
        await connection.close()


async def test_two_databases_of_one_test_are_two(new_database: Callable[[], str]) -> None:
    assert new_database() != new_database()


async def test_the_broker_keeps_the_order_of_a_partition(broker: str) -> None:
    topic = f"test.fixtures.{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=broker, enable_idempotence=False) as producer:
        for number in range(3):
            await producer.send_and_wait(topic, str(number).encode(), partition=0)
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=broker, group_id=None, auto_offset_reset="earliest"
    )
    async with consumer:
        seen = [(await consumer.getone()).value for _ in range(3)]
    assert seen == [b"0", b"1", b"2"]
