"""The producer of events: every copy acknowledged, idempotent where the broker has that.

An idempotent producer numbers what it sends, so that the broker drops what a retry repeats. It has
two habits that a relay must know. It never gives up: while the broker is away a send neither
succeeds nor fails. And its `stop` waits for what it has not given up. So whoever waits for a send
bounds the waiting, and closes the producer with `abandon`.
"""

from __future__ import annotations

import asyncio
import logging

from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    IncompatibleBrokerVersion,
    KafkaError,
    UnknownError,
    UnsupportedVersionError,
    for_code,
)
from aiokafka.protocol.transaction import InitProducerIdRequest

from chassis.cancellation import to_its_end
from chassis.kafka import BROKER_FAILURES, disconnect
from chassis.settings import PlatformSettings

log = logging.getLogger(__name__)

_GIVES_NONE = (
    IncompatibleBrokerVersion,
    UnsupportedVersionError,
    UnknownError,
    ClusterAuthorizationFailedError,
)
"""What a broker answers that has no idempotent producers, or none for us."""
_STOP_SECONDS = 5.0


async def open_producer(settings: PlatformSettings) -> AIOKafkaProducer:
    """A connected producer for bytes; raises `BROKER_FAILURES`. Close it with `abandon`."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka,
        acks="all",
        enable_idempotence=await has_idempotent_producers(settings),
        linger_ms=1,
        max_batch_size=512 * 1024,
        request_timeout_ms=10_000,
        retry_backoff_ms=50,
    )
    try:
        await to_its_end(producer.start())
    except BaseException:
        await abandon(producer)
        raise
    return producer


async def has_idempotent_producers(settings: PlatformSettings) -> bool:
    """Whether the broker gives out the ids that idempotent producers need; `BROKER_FAILURES`.

    It has to be asked for one: some brokers list the request and then refuse it.
    """
    client = AIOKafkaClient(bootstrap_servers=settings.kafka, request_timeout_ms=5_000)
    try:
        await to_its_end(client.bootstrap())
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=0)
        while True:
            answer = await client.send(client.get_random_node(), request)
            refusal: type[KafkaError] = for_code(answer.error_code)
            if not answer.error_code:
                return True
            if not refusal.retriable:
                raise refusal(f"no producer id: {refusal.__name__}")
            await asyncio.sleep(0.05)
    except _GIVES_NONE as error:
        log.debug("sending without idempotence: %s", error)
        return False
    finally:
        await to_its_end(disconnect(client))


async def abandon(producer: AIOKafkaProducer) -> None:
    """Close `producer` at once: what it has not sent yet it will never send, nor say so.

    There is no public way. `stop` flushes first, which may last as long as the broker is away; and
    cancelled, it would leave the sending task at work, to send what is outdated by then.
    """
    await to_its_end(_abandon(producer))


async def _abandon(producer: AIOKafkaProducer) -> None:
    producer._closed = True  # noqa: SLF001
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await producer._sender.close()  # noqa: SLF001
    except BROKER_FAILURES as error:
        log.info("the producer did not stop cleanly: %s", error)
    finally:
        await disconnect(producer.client)
