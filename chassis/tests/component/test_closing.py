"""Who closes a client of the broker can be cancelled meanwhile, and leaves nothing connected."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from aiokafka.client import AIOKafkaClient

from chassis.kafka import admin, end, open_admin, open_reader
from chassis.tests.component.products import settings_for
from cli.local.broker import Broker


def connections(client: AIOKafkaClient) -> list[bool]:
    return [connection.connected() for connection in client._conns.values()]


class Reluctant:
    """The task by which a client keeps its metadata: it takes its time to end."""

    def __init__(self, client: AIOKafkaClient) -> None:
        self._former = client._sync_task
        self.is_asked = asyncio.Event()
        self.may_end = asyncio.Event()
        client._sync_task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.is_asked.set()
            await self.may_end.wait()
            self._former.cancel()
            with suppress(asyncio.CancelledError):
                await self._former


async def test_who_is_cancelled_while_a_client_closes_is_cancelled(own_broker: Broker) -> None:
    entered: asyncio.Queue[Reluctant] = asyncio.Queue()

    async def use() -> None:
        async with admin(settings_for(own_broker)) as client:
            entered.put_nowait(Reluctant(client._client))

    using = asyncio.create_task(use())
    task = await entered.get()
    await task.is_asked.wait()
    using.cancel()
    # Its closing ends before its cancellation goes on.
    assert not (await asyncio.wait({using}, timeout=0.1))[0]
    task.may_end.set()
    await asyncio.wait({using})
    assert using.cancelled()


async def test_what_a_client_connects_while_it_closes_is_closed_too(
    own_broker: Broker,
) -> None:
    client = await open_admin(settings_for(own_broker))
    task = Reluctant(client._client)
    ending = asyncio.create_task(end(client))
    await task.is_asked.wait()
    (node,) = {broker.nodeId for broker in client._client.cluster.brokers()}
    assert await client._client.ready(node)
    task.may_end.set()
    await ending
    assert len(connections(client._client)) > 0
    assert not any(connections(client._client))
    assert not await client._client.ready(node)


async def test_what_was_connecting_when_a_client_was_closed_is_closed_too(
    own_broker: Broker,
) -> None:
    reader = await open_reader(settings_for(own_broker))
    client = reader._client
    (node,) = {broker.nodeId for broker in client.cluster.brokers()}
    process = own_broker._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    connecting = asyncio.create_task(client.ready(node, group="late"))
    await asyncio.sleep(0.1)
    ending = asyncio.create_task(end(reader))
    await asyncio.sleep(0.1)
    process.send_signal(signal.SIGCONT)
    assert await connecting
    await ending
    assert len(connections(client)) > 0
    assert not any(connections(client))
