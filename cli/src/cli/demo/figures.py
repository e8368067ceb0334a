"""What analytics says of the half-year: everything that the tables show."""

from __future__ import annotations

from msgspec import Struct

from meridian_client import AsyncMeridian
from meridian_client.models import (
    CycleTimeReport,
    ForecastReport,
    FunnelReport,
    MarketingReturnReport,
    ReasonsReport,
    RevenueReport,
    TouchesReport,
    WinRateReport,
)


class Figures(Struct, frozen=True):
    """One answer of each report."""

    funnel: FunnelReport
    revenue: RevenueReport
    channels: MarketingReturnReport
    campaigns: MarketingReturnReport
    losses: ReasonsReport
    forecast: ForecastReport
    win_rate: WinRateReport
    cycle_time: CycleTimeReport
    touches: TouchesReport


async def read(client: AsyncMeridian) -> Figures:
    """Read all reports, once analytics has applied everything that `client` knows was written."""
    reports = client.reports
    return Figures(
        # The cheapest report does the waiting.
        win_rate=await reports.win_rate(by="department"),
        funnel=await reports.funnel(),
        revenue=await reports.revenue(by="month"),
        channels=await reports.marketing_return(by="channel"),
        campaigns=await reports.marketing_return(by="campaign"),
        losses=await reports.reasons(outcome="lost"),
        forecast=await reports.forecast(),
        cycle_time=await reports.cycle_time(by="department"),
        touches=await reports.touches(by="channel"),
    )
