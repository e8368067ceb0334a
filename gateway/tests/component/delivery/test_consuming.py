"""The log behind a real broker: two workers, a broker that is lost, and everything once."""

from __future__ import annotations

from collections.abc import Callable

from chassis.settings import PlatformSettings
from chassis.tests.component.products import (
    TENANT,
    eventually,
    owner_of_products,
    settings_for,
    working,
)
from chassis.transactions import Transactions
from chassis.worker import Worker
from cli.local.broker import Broker
from gateway.delivery.log.writing import DELIVERY
from gateway.testing.deliveries import Desk, opened_desk


def worker(desk: Desk, settings: PlatformSettings) -> Worker:
    transactions = Transactions("gateway", desk.database)
    return Worker("gateway", "directory", (DELIVERY,), transactions, settings)


async def test_two_workers_log_everything_once_though_the_broker_is_lost_and_filled_again(
    new_database: Callable[[], str], own_broker: Broker, delivery_url: str
) -> None:
    settings = settings_for(own_broker)
    async with (
        owner_of_products(new_database, settings) as owner,
        opened_desk(delivery_url) as one,
        opened_desk(delivery_url) as two,
        working(worker(one, settings)),
        working(worker(two, settings)),
    ):
        kept = [await owner.create(f"product {number}") for number in range(5)]

        async def has_all() -> bool:
            return (await one.log.bounds(TENANT)).last >= expected

        expected = len(kept)
        await eventually(has_all)
        own_broker.kill()
        kept = [await owner.rename(product, f"{product.name} renamed") for product in kept]
        own_broker.start()
        kept = [await owner.rename(product, f"{product.name} again") for product in kept]
        expected = 3 * len(kept)
        await eventually(has_all)

        found = await two.everything(TENANT)
        assert [entry.sequence for entry in found] == list(range(1, expected + 1))
        for product in kept:
            versions = [entry.version for entry in found if entry.subject == product.id]
            assert versions == [1, 2, 3]
