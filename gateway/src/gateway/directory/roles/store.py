"""Every query of the tenants' own roles."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from asyncpg import Pool
from sqlalchemy import Boolean, Column, Text

from chassis.aggregates import AggregateStore
from chassis.database import Connection
from chassis.schema import aggregate_table, metadata
from chassis.search import folded
from chassis.transactions import Transaction
from events.catalogue import ROLE
from events.directory import Role
from events.values import Reach
from gateway.directory.roles.role import permitted_by

TABLE = aggregate_table(
    "roles", metadata, Column("code", Text), Column("is_active", Boolean), Column("search", Text)
)


def columns(role: Role) -> dict[str, Any]:
    """What queries filter and search roles by."""
    return {
        "code": role.code,
        "is_active": role.is_active,
        "search": folded([role.name, role.code]),
    }


roles = AggregateStore(
    ROLE,
    TABLE,
    state=Role,
    resource="roles",
    columns=columns,
    filters={"code": "code", "is_active": "is_active"},
)


async def taken(transaction: Transaction, codes: Collection[str]) -> set[str]:
    """Those of `codes` that the tenant has a role of already."""
    rows = await transaction.connection.fetch(
        "select code from roles where tenant = $1 and code = any($2)",
        transaction.tenant,
        list(codes),
    )
    return {row["code"] for row in rows}


async def in_use(
    connection: Connection | Pool, tenant: UUID, codes: Collection[str] | None = None
) -> dict[str, dict[str, Reach]]:
    """What the tenant's roles in use permit, by code; all of them, or those with these codes."""
    rows = await connection.fetch(
        """select state from roles
           where tenant = $1 and is_active and ($2::text[] is null or code = any($2))
           order by code""",
        tenant,
        None if codes is None else list(codes),
    )
    found = [roles.decode(row["state"]) for row in rows]
    return {role.code: permitted_by(role) for role in found}
