"""What was won: deals and their amounts, by the day on which they were closed.

By product, the money is that of the deal's lines; a deal counts once for each of
its products, and once in the total.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from analytics.reports.groupings import IN_CURRENCY, by, grouped, in_other_currencies
from analytics.reports.report import Report
from analytics.reports.store import Reading

_IN_TIME = ("month", "quarter")


class RevenueGroup(Struct, frozen=True, kw_only=True):
    """`key` is a month (`2026-01`), a quarter (`2026-Q1`) or an id; null if not recorded."""

    key: str | None
    name: str | None
    deals: int
    revenue: Decimal


class RevenueTotal(Struct, frozen=True, kw_only=True):
    deals: int
    revenue: Decimal


class OtherRevenue(Struct, frozen=True, kw_only=True):
    currency: str
    deals: int
    revenue: Decimal


class RevenueReport(Struct, frozen=True, kw_only=True):
    """Periods in order, other groups by falling revenue. `unvalued` deals have no amount."""

    as_of: datetime
    currency: str
    items: list[RevenueGroup]
    total: RevenueTotal
    unvalued: int
    other_currencies: list[OtherRevenue]


_MEASURES = """count(*) as deals, coalesce(sum({amount}), 0) as revenue,
    count(*) filter (where d.amount is null) as unvalued"""


async def revenue(reading: Reading) -> RevenueReport:
    request = reading.request
    won = f"d.status = 'won' and {request.period.covers('d.closed_on')}"
    counted = f"{won} and {IN_CURRENCY}"
    groups = await grouped(reading, request.by, _MEASURES, counted)
    (total,) = await grouped(reading, "none", _MEASURES, counted)
    others = await in_other_currencies(reading, won)
    return RevenueReport(
        as_of=reading.as_of,
        currency=reading.currency,
        items=_sorted(
            [
                RevenueGroup(
                    key=row["key"], name=row["name"], deals=row["deals"], revenue=row["revenue"]
                )
                for row in groups
            ],
            in_time=request.by in _IN_TIME,
        ),
        total=RevenueTotal(deals=total["deals"], revenue=total["revenue"]),
        unvalued=total["unvalued"],
        other_currencies=[
            OtherRevenue(currency=row["currency"], deals=row["deals"], revenue=row["amount"])
            for row in others
        ],
    )


def _sorted(items: list[RevenueGroup], *, in_time: bool) -> list[RevenueGroup]:
    """In time, or by falling revenue; what is not recorded comes last among equals."""
    if in_time:
        return sorted(items, key=lambda item: (item.key is None, item.key or ""))
    return sorted(
        items,
        key=lambda item: (-item.revenue, item.key is None, item.name or "", item.key or ""),
    )


REVENUE = Report(
    name="revenue",
    summary="What was won",
    answer=RevenueReport,
    make=revenue,
    counts=("deals.status", "deals.closed_on", "deals.amount"),
    choices=(by("month", "quarter", "channel", "department", "agent", "product", "customer"),),
)
