"""The log forgets its oldest entries; the newest event of each record is kept beside it."""

from __future__ import annotations

from datetime import timedelta

from chassis.settings import ServiceSettings
from chassis.transactions import Transactions, now
from gateway.delivery.log import store
from gateway.settings import GatewaySettings

_AT_ONCE = 2_000


async def forget_old(transactions: Transactions, settings: ServiceSettings) -> None:
    """Forget what was logged more than `delivery_days` ago, a little at a time."""
    assert isinstance(settings, GatewaySettings)
    database = transactions.database
    before = now() - timedelta(days=settings.delivery_days)
    for tenant in await store.tenants(database):
        while await store.forget(database, tenant, before, _AT_ONCE) == _AT_ONCE:
            pass
