"""The log behind a real broker: two workers, a broker that is lost, and everything once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from chassis.identity import system_identity
from chassis.settings import PlatformSettings
from chassis.transactions import Transactions, uuid7
from chassis.worker import Worker
from cli.local.broker import Broker
from events.directory import Role
from gateway.app import SERVICE
from gateway.directory.roles.store import roles
from gateway.testing.deliveries import Desk, opened_desk

_PATIENCE_SECONDS = 120


@asynccontextmanager
async def working(desk: Desk, settings: PlatformSettings) -> AsyncIterator[Transactions]:
    """One worker of the gateway, which relays what the directory says and logs what all say."""
    transactions = Transactions(SERVICE.name, desk.database)
    worker = Worker(SERVICE.name, SERVICE.owner, SERVICE.consumers, transactions, settings)
    task = asyncio.create_task(worker.run())
    try:
        yield transactions
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_two_workers_log_everything_once_though_the_broker_is_lost_and_filled_again(
    own_broker: Broker, delivery_url: str
) -> None:
    tenant = uuid4()
    settings = PlatformSettings(
        kafka=own_broker.bootstrap,
        kafka_session_timeout_ms=own_broker.shortest_session_ms,
        relay_lease_seconds=1.5,
        generation_check_seconds=0.2,
    )
    ids = [uuid7() for _ in range(5)]
    known: dict[object, Role] = {}
    async with (
        opened_desk(delivery_url) as one,
        opened_desk(delivery_url) as two,
        working(one, settings) as transactions,
        working(two, settings),
    ):

        async def change_all() -> None:
            for number, id in enumerate(ids):
                before = known.get(id)
                async with transactions.begin(system_identity(tenant, "gateway")) as transaction:
                    known[id] = await roles.save(
                        transaction,
                        "created" if before is None else "changed",
                        before,
                        Role(
                            id=id,
                            version=0 if before is None else before.version,
                            code=f"role_{number}",
                            name=uuid4().hex,
                            permissions={},
                        ),
                    )

        await change_all()
        assert await one.log.wait(tenant, 4, _PATIENCE_SECONDS)
        own_broker.kill()
        await change_all()
        own_broker.start()
        await change_all()
        assert await one.log.wait(tenant, 14, _PATIENCE_SECONDS)

        found = await two.everything(tenant)
        assert [entry.sequence for entry in found] == list(range(1, 16))
        for id in ids:
            assert [entry.version for entry in found if entry.subject == id] == [1, 2, 3]
