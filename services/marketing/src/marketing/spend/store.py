"""Every query of spend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Date, Text, Uuid

from chassis.aggregates import AggregateStore
from chassis.paging import PageRequest
from chassis.problems import InvalidRequest
from chassis.schema import aggregate_table, metadata
from chassis.transactions import Transaction
from events.catalogue import SPEND
from events.marketing import Spend

TABLE = aggregate_table(
    "spend",
    metadata,
    Column("campaign", Uuid),
    Column("channel", Uuid),
    Column("day", Date),
    Column("currency", Text),
)


def columns(spend: Spend) -> dict[str, Any]:
    """What queries filter spend by."""
    return {
        "campaign": spend.campaign,
        "channel": spend.channel,
        "day": spend.day,
        "currency": spend.amount.currency,
    }


class SpendStore(AggregateStore[Spend]):
    """Spend, listed by a range of days, `from` and `to` included."""

    single = frozenset({"from", "to"})

    def conditions(self, page: PageRequest) -> list[ColumnElement[bool]]:
        first, last = _day(page, "from"), _day(page, "to")
        others = {k: v for k, v in page.filters.items() if k not in ("from", "to")}
        wanted = super().conditions(replace(page, filters=others))
        if first is not None:
            wanted.append(TABLE.c.day >= first)
        if last is not None:
            wanted.append(TABLE.c.day <= last)
        return wanted


def _day(page: PageRequest, name: str) -> date | None:
    if name not in page.filters:
        return None
    days: list[date] = page.values(name, date)
    if len(days) != 1:
        raise InvalidRequest("one day", field=name)
    return days[0]


spend = SpendStore(
    SPEND,
    TABLE,
    state=Spend,
    resource="spend",
    columns=columns,
    filters={"campaign": "campaign", "channel": "channel", "from": "day", "to": "day"},
)


async def currencies_of(transaction: Transaction, campaigns: Iterable[UUID]) -> dict[UUID, str]:
    """The currency of what was spent on each of `campaigns`, where anything was."""
    rows = await transaction.connection.fetch(
        """select named.campaign, spent.currency
           from unnest($2::uuid[]) as named(campaign), lateral (
               select currency from spend
               where tenant = $1 and spend.campaign = named.campaign limit 1) as spent""",
        transaction.tenant,
        list(campaigns),
    )
    return {row["campaign"]: row["currency"] for row in rows}
