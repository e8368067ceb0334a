"""Every query of pipelines."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Text

from chassis.aggregates import AggregateStore
from chassis.schema import aggregate_table, metadata
from chassis.search import searchable
from chassis.transactions import Transaction
from events.catalogue import PIPELINE
from events.sales import Pipeline
from sales.pipelines.built_in import built_in_pipeline
from sales.pipelines.pipeline import Pipelines

TABLE = aggregate_table(
    "pipeline",
    metadata,
    Column("is_default", Boolean),
    Column("is_active", Boolean),
    Column("search", Text),
)
SEARCHED = ("name",)


def columns(pipeline: Pipeline) -> dict[str, Any]:
    """What queries filter and search pipelines by."""
    return {
        "is_default": pipeline.is_default,
        "is_active": pipeline.is_active,
        "search": searchable(pipeline, SEARCHED),
    }


pipelines = AggregateStore(
    PIPELINE,
    TABLE,
    state=Pipeline,
    resource="pipelines",
    columns=columns,
    searched=SEARCHED,
    filters={"is_default": "is_default", "is_active": "is_active"},
)


async def pipelines_for_deals(transaction: Transaction) -> Pipelines:
    """The tenant's pipelines, which keep their stages until the transaction ends.

    Whoever writes deals needs to know stages, whatever else he may know of pipelines.
    """
    rows = await transaction.connection.fetch(
        "select state from pipeline where tenant = $1 order by id for key share",
        transaction.tenant,
    )
    known = [pipelines.decode(row["state"]) for row in rows]
    return Pipelines(known, built_in_pipeline(transaction.tenant))


async def take_turn_for_default(transaction: Transaction) -> UUID | None:
    """The tenant's default pipeline, which nobody else replaces until the transaction ends."""
    await transaction.connection.execute(
        "select pg_advisory_xact_lock(hashtextextended('default pipeline ' || $1::text, 0))",
        str(transaction.tenant),
    )
    found: UUID | None = await transaction.connection.fetchval(
        "select id from pipeline where tenant = $1 and is_default", transaction.tenant
    )
    return found


async def lock_every_stage(transaction: Transaction) -> list[UUID]:
    """The stages of all the tenant's pipelines, locked until the transaction ends."""
    rows = await transaction.connection.fetch(
        "select state from pipeline where tenant = $1 order by id for update", transaction.tenant
    )
    return [stage.id for row in rows for stage in pipelines.decode(row["state"]).stages]


async def stages_in_use(transaction: Transaction, stages: Collection[UUID]) -> set[UUID]:
    """Those of `stages` in which open deals stand.

    Ask while holding the lock of their pipeline: deals enter stages under a shared one.
    """
    rows = await transaction.connection.fetch(
        """select stage from unnest($2::uuid[]) as wanted(stage)
           where exists (select from deal where deal.tenant = $1 and deal.stage = wanted.stage
                         and deal.status = 'open')""",
        transaction.tenant,
        list(stages),
    )
    return {row["stage"] for row in rows}
