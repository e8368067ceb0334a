"""What analytics says of the half-year: everything that the tables show."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

from msgspec import Struct

from cli.client import Client
from events.values import Money


class FunnelStage(Struct, frozen=True):
    name: str | None
    entered: int
    open: int
    won: int
    lost: int
    amount: Money


class FunnelTotals(Struct, frozen=True):
    deals: int
    open: int
    won: int
    lost: int


class Funnel(Struct, frozen=True):
    as_of: str
    currency: str
    items: list[FunnelStage]
    totals: FunnelTotals


class RevenueMonth(Struct, frozen=True):
    key: str | None
    deals: int
    revenue: Decimal


class RevenueTotal(Struct, frozen=True):
    deals: int
    revenue: Decimal


class Revenue(Struct, frozen=True):
    items: list[RevenueMonth]
    total: RevenueTotal


class MarketingSum(Struct, frozen=True):
    """`romi`: what came back of each rouble spent, less that rouble; null without spend."""

    spend: Decimal
    leads: int
    deals_won: int
    customers_won: int
    revenue: Decimal
    margin: Decimal
    romi: float | None
    acquisition_cost: Decimal | None


class MarketingGroup(MarketingSum, frozen=True):
    """`key` is null for what belongs to no channel or campaign."""

    key: str | None
    name: str | None


class MarketingReturn(Struct, frozen=True):
    items: list[MarketingGroup]
    total: MarketingSum


class Reason(Struct, frozen=True):
    code: str | None
    name: str | None
    deals: int
    amount: Decimal


class ReasonsTotal(Struct, frozen=True):
    deals: int
    amount: Decimal


class Reasons(Struct, frozen=True):
    items: list[Reason]
    total: ReasonsTotal


class ForecastTotal(Struct, frozen=True):
    deals: int
    amount: Decimal
    weighted: Decimal


class ForecastMonth(ForecastTotal, frozen=True):
    month: str | None


class Forecast(Struct, frozen=True):
    items: list[ForecastMonth]
    total: ForecastTotal


class WinRateGroup(Struct, frozen=True):
    name: str | None
    won: int
    lost: int
    win_rate: float | None


class WinRate(Struct, frozen=True):
    won: int
    lost: int
    win_rate: float | None
    items: list[WinRateGroup]


class CycleTimeGroup(Struct, frozen=True):
    name: str | None
    deals: int
    mean_days: float | None
    median_days: float | None


class CycleTime(Struct, frozen=True):
    deals: int
    mean_days: float | None
    median_days: float | None
    items: list[CycleTimeGroup]


class TouchChannel(Struct, frozen=True):
    name: str | None
    done: int
    planned: int
    minutes: int


class Touches(Struct, frozen=True):
    items: list[TouchChannel]


class Figures(Struct, frozen=True):
    """One answer of each report."""

    funnel: Funnel
    revenue: Revenue
    channels: MarketingReturn
    campaigns: MarketingReturn
    losses: Reasons
    forecast: Forecast
    win_rate: WinRate
    cycle_time: CycleTime
    touches: Touches


Report = TypeVar("Report")


async def read(client: Client) -> Figures:
    """Read all reports, once analytics has applied everything that `client` knows was written."""

    async def ask(type_: type[Report], name: str, **query: str) -> Report:
        return (await client.get(f"/v1/reports/{name}", query)).read_as(type_)

    # The cheapest report does the waiting.
    await client.read_own_writes("/v1/reports/win-rate")
    return Figures(
        funnel=await ask(Funnel, "funnel"),
        revenue=await ask(Revenue, "revenue", by="month"),
        channels=await ask(MarketingReturn, "marketing-return", by="channel"),
        campaigns=await ask(MarketingReturn, "marketing-return", by="campaign"),
        losses=await ask(Reasons, "reasons", outcome="lost"),
        forecast=await ask(Forecast, "forecast"),
        win_rate=await ask(WinRate, "win-rate", by="department"),
        cycle_time=await ask(CycleTime, "cycle-time", by="department"),
        touches=await ask(Touches, "touches", by="channel"),
    )
