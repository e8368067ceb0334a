"""How many of the closed deals were won: won / (won + lost), by the day of closing."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from analytics.reports.answers import ratio
from analytics.reports.groupings import BY_WHOM, grouped
from analytics.reports.report import Report
from analytics.reports.store import Reading, Row


class WinRateGroup(Struct, frozen=True, kw_only=True):
    key: str | None
    name: str | None
    won: int
    lost: int
    win_rate: float | None


class WinRateReport(Struct, frozen=True, kw_only=True):
    """`win_rate` is between 0 and 1; null while nothing is closed. No items by `none`."""

    as_of: datetime
    won: int
    lost: int
    win_rate: float | None
    items: list[WinRateGroup]


_MEASURES = """count(*) filter (where d.status = 'won') as won,
    count(*) filter (where d.status = 'lost') as lost"""


async def win_rate(reading: Reading) -> WinRateReport:
    request = reading.request
    closed = f"d.status in ('won', 'lost') and {request.period.covers('d.closed_on')}"
    closed += f" and {reading.only_in_asked_currency}"
    (total,) = await grouped(reading, "none", _MEASURES, closed)
    groups = [] if request.by == "none" else await grouped(reading, request.by, _MEASURES, closed)
    return WinRateReport(
        as_of=reading.as_of,
        won=total["won"],
        lost=total["lost"],
        win_rate=_rate(total),
        items=sorted(
            (
                WinRateGroup(
                    key=row["key"],
                    name=row["name"],
                    won=row["won"],
                    lost=row["lost"],
                    win_rate=_rate(row),
                )
                for row in groups
            ),
            key=lambda item: (-(item.won + item.lost), item.name or "", item.key or ""),
        ),
    )


def _rate(row: Row) -> float | None:
    return ratio(row["won"], row["won"] + row["lost"])


WIN_RATE = Report(
    name="win-rate",
    summary="How many of the closed deals were won",
    answer=WinRateReport,
    make=win_rate,
    counts=("deals.status", "deals.closed_on"),
    choices=(BY_WHOM,),
)
