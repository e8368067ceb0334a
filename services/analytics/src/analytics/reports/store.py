"""Reading facts for one report: in one snapshot, within the reader's reach.

A report's SQL reads facts only from what `deals`, `spends`, `leads` and `touches`
give it, under these names; the access predicate and the filters are inside them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Date,
    Select,
    String,
    Table,
    TextualSelect,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
    text,
)

from analytics.consumer import CONSUMER
from analytics.dimensions import campaigns
from analytics.facts import deals, leads, spend, touches
from analytics.reports.request import ReportRequest
from chassis.access import visible
from chassis.database import Connection, Database, fetch
from chassis.freshness import Freshness
from chassis.identity import Identity
from chassis.problems import ProjectionBehind
from chassis.schema import department

PERMISSION = "reports:read"
FRESHNESS = Freshness(CONSUMER)
Row: TypeAlias = asyncpg.Record

_PLACE = re.compile(r"(?<![:\w]):([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Reading:
    """An open snapshot for one report. `currency` is the one that it counts money in."""

    connection: Connection
    identity: Identity
    request: ReportRequest
    currency: str
    as_of: datetime

    async def rows(self, sql: str, *sources: CTE) -> Sequence[Row]:
        """The rows of `sql`, which reads facts and steps by the names of `sources`.

        It may name `:tenant`, `:pipeline`, `:currency`, `:first_day`, `:last_day`.
        """
        return await fetch(self.connection, self._statement(sql).add_cte(*sources))

    def step(self, name: str, sql: str) -> CTE:
        """A part of a query under a name of its own; it reads the sources before it."""
        return self._statement(sql).cte(name)

    def _statement(self, sql: str) -> TextualSelect:
        request = self.request
        known: dict[str, BindParameter[Any]] = {
            "tenant": bindparam("tenant", self.identity.tenant, Uuid()),
            "pipeline": bindparam("pipeline", request.pipeline, Uuid()),
            "currency": bindparam("currency", self.currency, String()),
            "first_day": bindparam("first_day", request.period.first, Date()),
            "last_day": bindparam("last_day", request.period.last, Date()),
        }
        named = [known[name] for name in sorted(set(_PLACE.findall(sql)))]
        return text(sql).bindparams(*named).columns()

    @property
    def only_in_asked_currency(self) -> str:
        """The condition on a deal `d` of a report without money: its currency, if one is asked."""
        return "true" if self.request.currency is None else "d.currency = :currency"

    # -- facts within reach -------------------------------------------------------

    def deals(self) -> CTE:
        """`deals`: deal facts; `channel` is their campaign's, else their own."""
        table = deals.SHAPE.table
        wanted = self._conditions(table)
        if self.request.pipeline is not None:
            wanted.append(table.c.pipeline == self.request.pipeline)
        return self._attributed(table, wanted).cte("deals")

    def spends(self) -> CTE:
        """`spends`: spend facts; `channel` is their campaign's, as the dimension knows it."""
        table = spend.SHAPE.table
        return self._attributed(table, self._conditions(table)).cte("spends")

    def leads(self) -> CTE:
        """`leads`: captured leads, attributed like deals, with the local day `captured_on`."""
        table = leads.SHAPE.table
        day = _local_day(table, table.c.captured_at).label("captured_on")
        return self._attributed(table, self._conditions(table), day).cte("leads")

    def touches(self) -> CTE:
        """`touches`: with the local `day` on which they were done, else are planned."""
        table = touches.SHAPE.table
        day = _local_day(table, func.coalesce(table.c.done_at, table.c.planned_for)).label("day")
        return select(table, day).where(*self._conditions(table)).cte("touches")

    def _conditions(self, table: Table) -> list[ColumnElement[bool]]:
        request = self.request
        wanted = [visible(table, self.identity, PERMISSION)]
        if request.owner is not None:
            wanted.append(table.c.owner == request.owner)
        if request.department is not None:
            top = department.alias("top")
            path = select(top.c.path + "%").where(
                top.c.tenant == self.identity.tenant, top.c.id == request.department
            )
            below = select(department.c.id).where(
                department.c.tenant == self.identity.tenant,
                department.c.path.like(path.scalar_subquery()),
            )
            named = table.c.department == request.department
            wanted.append(or_(named, table.c.department.in_(below)))
        return wanted

    def _attributed(
        self, table: Table, wanted: list[ColumnElement[bool]], *more: ColumnElement[Any]
    ) -> Select[Any]:
        campaign = campaigns.SHAPE.table
        joined = table.outerjoin(
            campaign,
            and_(campaign.c.tenant == table.c.tenant, campaign.c.id == table.c.campaign),
        )
        channel = func.coalesce(campaign.c.channel, table.c.channel).label("channel")
        own = [column for column in table.c if column.name != "channel"]
        return select(*own, channel, *more).select_from(joined).where(*wanted)


def _local_day(table: Table, moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """The day of `moment` where the row's department is; in UTC while that is not known."""
    zone = select(department.c.time_zone).where(
        department.c.tenant == table.c.tenant, department.c.id == table.c.department
    )
    return cast(func.timezone(func.coalesce(zone.scalar_subquery(), "UTC"), moment), Date)


@asynccontextmanager
async def reading(
    database: Database, identity: Identity, request: ReportRequest
) -> AsyncIterator[Reading]:
    """One snapshot for a whole report, so that its parts and its `as_of` agree.

    Raises `Forbidden` without the permission, and `ProjectionBehind` when this
    tenant's currency is needed and has not arrived yet.
    """
    identity.reach(PERMISSION)
    async with (
        database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        as_of = await FRESHNESS.as_of(connection)
        currency = request.currency or await _own_currency(connection, identity)
        yield Reading(connection, identity, request, currency, as_of)


async def _own_currency(connection: Connection, identity: Identity) -> str:
    currency: str | None = await connection.fetchval(
        "select currency from tenant_dimension where tenant = $1", identity.tenant
    )
    if currency is None:
        raise ProjectionBehind("the tenant is not known here yet")
    return currency
