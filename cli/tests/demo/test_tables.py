"""The tables fit a terminal, also when there is nothing to show."""

from decimal import Decimal

import pytest
from rich.console import Console

from cli.demo.figures import (
    CycleTime,
    Figures,
    Forecast,
    ForecastMonth,
    ForecastTotal,
    Funnel,
    FunnelStage,
    FunnelTotals,
    MarketingGroup,
    MarketingReturn,
    MarketingSum,
    Reasons,
    ReasonsTotal,
    Revenue,
    RevenueMonth,
    RevenueTotal,
    Touches,
    WinRate,
)
from cli.demo.tables import tables
from events.values import Money

NOTHING = MarketingSum(Decimal(0), 0, 0, 0, Decimal(0), Decimal(0), None, None)
EMPTY = Figures(
    funnel=Funnel("2026-11-22T10:00:00Z", "RUB", [], FunnelTotals(0, 0, 0, 0)),
    revenue=Revenue([], RevenueTotal(0, Decimal(0))),
    channels=MarketingReturn([], NOTHING),
    campaigns=MarketingReturn([], NOTHING),
    losses=Reasons([], ReasonsTotal(0, Decimal(0))),
    forecast=Forecast([], ForecastTotal(0, Decimal(0), Decimal(0))),
    win_rate=WinRate(0, 0, None, []),
    cycle_time=CycleTime(0, None, None, []),
    touches=Touches([]),
)


def shown(figures: Figures) -> list[str]:
    console = Console(width=80)
    with console.capture() as capture:
        for table in tables(figures):
            console.print(table)
    return capture.get().splitlines()


def test_nothing_is_shown_as_nothing() -> None:
    text = "\n".join(shown(EMPTY))
    for title in ("Funnel", "Won revenue", "each channel", "lost", "Forecast", "Win rate"):
        assert title in text


@pytest.fixture
def rich_company() -> Figures:
    """Billions everywhere."""
    billions = Decimal("9876543210.99")
    money = MarketingSum(billions, 9_999, 9_999, 9_999, billions, billions, 31.65, billions)
    group = MarketingGroup(
        spend=billions,
        leads=9_999,
        deals_won=9_999,
        customers_won=9_999,
        revenue=billions,
        margin=-billions,
        romi=-0.5,
        acquisition_cost=Decimal(1),
        key=None,
        name="not recorded",
    )
    return Figures(
        funnel=Funnel(
            EMPTY.funnel.as_of,
            "RUB",
            [FunnelStage("Needs analysed", 99_999, 9_999, 9_999, 9_999, Money(billions, "RUB"))],
            FunnelTotals(99_999, 9_999, 9_999, 9_999),
        ),
        revenue=Revenue([RevenueMonth("2026-11", 9_999, billions)], RevenueTotal(9_999, billions)),
        channels=MarketingReturn([group], money),
        campaigns=MarketingReturn([group], money),
        losses=EMPTY.losses,
        forecast=Forecast(
            [ForecastMonth(deals=1, amount=billions, weighted=billions, month=None)],
            ForecastTotal(1, billions, billions),
        ),
        win_rate=EMPTY.win_rate,
        cycle_time=EMPTY.cycle_time,
        touches=EMPTY.touches,
    )


def test_billions_fit_eighty_columns_uncut(rich_company: Figures) -> None:
    lines = shown(rich_company)
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)
    assert any("9,876,543,211" in line for line in lines)


def test_what_belongs_to_no_campaign_and_no_month_is_named(rich_company: Figures) -> None:
    text = "\n".join(shown(rich_company))
    for name in ("no channel", "no campaign", "not said", "-50%", "+3165%"):
        assert name in text
