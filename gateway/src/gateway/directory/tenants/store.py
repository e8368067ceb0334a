"""Every query of tenants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from asyncpg.exceptions import UniqueViolationError
from sqlalchemy import Column, Text

from chassis.aggregates import AggregateStore
from chassis.savings import begun
from chassis.schema import aggregate_table, metadata
from chassis.transactions import Transaction
from events.catalogue import TENANT
from events.directory import Tenant
from gateway.directory.tenants.tenant import TenantExists

TABLE = aggregate_table("tenants", metadata, Column("slug", Text))


class TenantStore(AggregateStore[Tenant]):
    """Tenants; a slug belongs to one of them in the whole installation."""

    async def save(
        self,
        transaction: Transaction,
        verb: str,
        before: Tenant | None,
        after: Tenant,
        *,
        at: datetime | None = None,
    ) -> Tenant:
        """As every aggregate's; raises `TenantExists` when another has the slug."""
        await begun(transaction.connection)
        try:
            return await super().save(transaction, verb, before, after, at=at)
        except UniqueViolationError:
            raise TenantExists(f"the slug {after.slug!r} is taken", field="slug") from None


def columns(tenant: Tenant) -> dict[str, Any]:
    """What tenants are found by."""
    return {"slug": tenant.slug}


tenants = TenantStore(TENANT, TABLE, state=Tenant, resource="tenant", columns=columns)


async def take_turn(transaction: Transaction) -> None:
    """Wait until no other command changes this tenant's directory, then hold it.

    A directory changes seldom, and its rules look at several records at once (a
    tree without cycles, logins that differ, an administrator who is left): so
    its commands take turns.
    """
    await transaction.connection.execute(
        "select 1 from tenants where tenant = $1 and id = $1 for update", transaction.tenant
    )
