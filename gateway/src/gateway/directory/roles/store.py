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
from chassis.search import searchable
from chassis.transactions import Transaction
from events.catalogue import ROLE
from events.directory import Role
from gateway.directory.roles.rights import Rights
from gateway.directory.roles.role import rights_by

TABLE = aggregate_table(
    "roles", metadata, Column("code", Text), Column("is_active", Boolean), Column("search", Text)
)
SEARCHED = ("name", "code")


def columns(role: Role) -> dict[str, Any]:
    """What queries filter and search roles by."""
    return {
        "code": role.code,
        "is_active": role.is_active,
        "search": searchable(role, SEARCHED),
    }


roles = AggregateStore(
    ROLE,
    TABLE,
    state=Role,
    resource="roles",
    columns=columns,
    searched=SEARCHED,
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
) -> dict[str, Rights]:
    """What the tenant's roles in use let one do, by code; of all, or those with these codes."""
    rows = await connection.fetch(
        """select state from roles
           where tenant = $1 and is_active and ($2::text[] is null or code = any($2))
           order by code""",
        tenant,
        None if codes is None else list(codes),
    )
    found = [roles.decode(row["state"]) for row in rows]
    return {role.code: rights_by(role) for role in found}
