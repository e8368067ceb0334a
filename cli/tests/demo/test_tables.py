"""The tables fit a terminal, also when there is nothing to show."""

from decimal import Decimal
from uuid import UUID

import pytest
from msgspec.structs import replace
from rich.console import Console

from cli.demo.figures import Figures
from cli.demo.tables import tables
from meridian_client import models

ID = UUID(int=7)
AS_OF = "2026-11-22T10:00:00Z"


def marketing_sum(money: Decimal, count: int, romi: float | None) -> models.MarketingSum:
    return models.MarketingSum(
        spend=money,
        leads=count,
        deals_won=count,
        customers_won=count,
        revenue=money,
        cost=money,
        uncosted_revenue=money,
        margin=money,
        romi=romi,
        cost_per_lead=money if count else None,
        acquisition_cost=money if count else None,
    )


def marketing(
    total: models.MarketingSum, *groups: models.MarketingGroup
) -> models.MarketingReturnReport:
    return models.MarketingReturnReport(
        as_of=AS_OF,
        currency="RUB",
        items=list(groups),
        total=total,
        unvalued=0,
        other_currencies=[],
    )


def funnel(count: int, *stages: models.FunnelStage) -> models.FunnelReport:
    totals = models.FunnelTotals(deals=count, open=count, won=count, lost=count)
    return models.FunnelReport(
        as_of=AS_OF,
        currency="RUB",
        items=list(stages),
        totals=totals,
        unvalued=0,
        other_currencies=[],
    )


def revenue(total: models.RevenueTotal, *months: models.RevenueGroup) -> models.RevenueReport:
    return models.RevenueReport(
        as_of=AS_OF,
        currency="RUB",
        items=list(months),
        total=total,
        unvalued=0,
        other_currencies=[],
    )


def forecast(money: Decimal, *months: models.ForecastMonth) -> models.ForecastReport:
    total = models.ForecastTotal(
        deals=len(months), amount=money, weighted=money, unvalued=0, unweighted=0
    )
    return models.ForecastReport(
        as_of=AS_OF, currency="RUB", items=list(months), total=total, other_currencies=[]
    )


NOTHING = marketing_sum(Decimal(0), 0, None)
EMPTY = Figures(
    funnel=funnel(0),
    revenue=revenue(models.RevenueTotal(deals=0, revenue=Decimal(0))),
    channels=marketing(NOTHING),
    campaigns=marketing(NOTHING),
    losses=models.ReasonsReport(
        as_of=AS_OF,
        outcome="lost",
        currency="RUB",
        items=[],
        total=models.ReasonsTotal(deals=0, amount=Decimal(0)),
        unvalued=0,
        other_currencies=[],
    ),
    forecast=forecast(Decimal(0)),
    win_rate=models.WinRateReport(as_of=AS_OF, won=0, lost=0, win_rate=None, items=[]),
    cycle_time=models.CycleTimeReport(
        as_of=AS_OF, deals=0, mean_days=None, median_days=None, undated=0, items=[]
    ),
    touches=models.TouchesReport(as_of=AS_OF, items=[]),
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
    group = models.MarketingGroup(
        spend=billions,
        leads=9_999,
        deals_won=9_999,
        customers_won=9_999,
        revenue=billions,
        cost=billions,
        uncosted_revenue=billions,
        margin=-billions,
        romi=-0.5,
        cost_per_lead=Decimal(1),
        acquisition_cost=Decimal(1),
        key=None,
        name="not recorded",
    )
    returned = marketing(marketing_sum(billions, 9_999, 31.65), group)
    stage = models.FunnelStage(
        pipeline=ID,
        stage=ID,
        name="Needs analysed",
        position=0,
        entered=99_999,
        open=9_999,
        won=9_999,
        lost=9_999,
        amount=models.Money(amount=billions, currency="RUB"),
    )
    november = models.RevenueGroup(key="2026-11", name=None, deals=9_999, revenue=billions)
    some_month = models.ForecastMonth(
        month=None, deals=1, amount=billions, weighted=billions, unvalued=0, unweighted=0
    )
    return replace(
        EMPTY,
        funnel=funnel(99_999, stage),
        revenue=revenue(models.RevenueTotal(deals=9_999, revenue=billions), november),
        channels=returned,
        campaigns=returned,
        forecast=forecast(billions, some_month),
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
