"""How long it takes to win: days from a won deal's start to its close.

Only deals with both dates can tell; `undated` counts the others.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from analytics.reports.groupings import BY_WHOM, grouped
from analytics.reports.report import Report
from analytics.reports.store import Reading, Row


class CycleTimeGroup(Struct, frozen=True, kw_only=True):
    key: str | None
    name: str | None
    deals: int
    mean_days: float | None
    median_days: float | None
    undated: int


class CycleTimeReport(Struct, frozen=True, kw_only=True):
    """Days, the mean to four places; null where there is no deal. No items by `none`."""

    as_of: datetime
    deals: int
    mean_days: float | None
    median_days: float | None
    undated: int
    items: list[CycleTimeGroup]


_DAYS = "(d.closed_on - d.started_on)"
_MEASURES = f"""count({_DAYS}) as deals, round(avg({_DAYS}), 4) as mean_days,
    percentile_cont(0.5) within group (order by {_DAYS}) as median_days,
    count(*) - count({_DAYS}) as undated"""


async def cycle_time(reading: Reading) -> CycleTimeReport:
    request = reading.request
    won = f"d.status = 'won' and {request.period.covers('d.closed_on')}"
    won += f" and {reading.only_in_asked_currency}"
    (total,) = await grouped(reading, "none", _MEASURES, won)
    groups = [] if request.by == "none" else await grouped(reading, request.by, _MEASURES, won)
    return CycleTimeReport(
        as_of=reading.as_of,
        deals=total["deals"],
        mean_days=_mean(total),
        median_days=total["median_days"],
        undated=total["undated"],
        items=sorted(
            (
                CycleTimeGroup(
                    key=row["key"],
                    name=row["name"],
                    deals=row["deals"],
                    mean_days=_mean(row),
                    median_days=row["median_days"],
                    undated=row["undated"],
                )
                for row in groups
            ),
            key=lambda item: (-item.deals, item.name or "", item.key or ""),
        ),
    )


def _mean(row: Row) -> float | None:
    return None if row["mean_days"] is None else float(row["mean_days"])


CYCLE_TIME = Report(
    name="cycle-time",
    summary="How long it takes to win",
    answer=CycleTimeReport,
    make=cycle_time,
    counts=("deals.status", "deals.started_on", "deals.closed_on"),
    choices=(BY_WHOM,),
)
