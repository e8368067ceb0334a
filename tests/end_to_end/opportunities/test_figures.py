"""After an import, analytics says to the cent and to the row what the files say."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.opportunities import oracle
from tests.end_to_end.opportunities.company import OURS, Company, Rows, real_files
from tests.end_to_end.opportunities.oracle import Deal, Figures

CENT = Decimal("0.01")
REPORTS: dict[str, tuple[str, dict[str, str]]] = {
    "funnel": ("funnel", {}),
    "win rate": ("win-rate", {}),
    "cycle time": ("cycle-time", {}),
    "lost reasons": ("reasons", {"outcome": "lost"}),
    "won reasons": ("reasons", {"outcome": "won"}),
    "forecast": ("forecast", {}),
    "revenue by month": ("revenue", {"by": "month"}),
    "revenue by quarter": ("revenue", {"by": "quarter"}),
    "revenue by department": ("revenue", {"by": "department"}),
    "revenue by agent": ("revenue", {"by": "agent"}),
    "revenue by product": ("revenue", {"by": "product"}),
}


@dataclass(frozen=True)
class History:
    """One sales history: computed from its files, imported, and reported on."""

    figures: Figures
    rows: Rows
    reports: dict[str, Any]


@pytest.fixture(scope="module", params=["our own files", "the real files"])
def history(request: pytest.FixtureRequest, new_company: Callable[[], Company]) -> History:
    directory: Path | None = OURS if request.param == "our own files" else real_files()
    if directory is None:
        pytest.skip("the real files are not there; MERIDIAN_SHARED_DATA names their folder")
    company = new_company()

    async def imported() -> tuple[Rows, dict[str, Any]]:
        rows = await company.load(directory)
        return rows, {
            title: await company.report(name, **query) for title, (name, query) in REPORTS.items()
        }

    rows, reports = asyncio.run(imported())
    return History(oracle.read(directory), rows, reports)


def test_every_row_is_accepted_or_rejected_as_the_files_deserve(history: History) -> None:
    for file in ("accounts", "products", "sales_teams", "sales_pipeline"):
        counts = history.rows.files[f"{file}.csv"]
        assert counts["rejected"] == history.figures.rejected[file], file
        assert set(counts) <= {"created", "rejected"}, file
    assert history.rows.files["sales_pipeline.csv"]["created"] == len(history.figures.deals)


def test_the_platform_refuses_nothing_that_cleaning_let_pass(history: History) -> None:
    assert [row.why for row in history.rows.all if "refused" in row.rules] == []


def test_deals_by_stage(history: History) -> None:
    funnel, stages = history.reports["funnel"], history.figures.stages
    ours = {item["name"]: item for item in funnel["items"] if item["entered"]}
    assert funnel["totals"] == {
        "deals": stages.total(),
        "won": stages["Won"],
        "lost": stages["Lost"],
        "open": stages["Engaging"] + stages["Prospecting"],
    }
    prospecting, engaging = ours["Prospecting"], ours["Engaging"]
    assert prospecting["open"] == stages["Prospecting"]
    assert engaging["open"] == stages["Engaging"]
    assert (engaging["won"], engaging["lost"]) == (stages["Won"], stages["Lost"])
    # Whatever stands in Engaging, or ended there, has come past Prospecting.
    assert prospecting["entered"] == stages.total()
    assert engaging["entered"] == stages.total() - stages["Prospecting"]
    for item in (prospecting, engaging):
        at_stake = [d.amount for d in history.figures.open if d.stage == item["name"]]
        assert money(item["amount"]["amount"]) == sum(at_stake, Decimal(0))


@pytest.mark.parametrize(
    ("title", "key", "field"),
    [
        ("revenue by month", oracle.month, "key"),
        ("revenue by quarter", oracle.quarter, "key"),
        ("revenue by department", lambda deal: deal.office, "name"),
        ("revenue by agent", lambda deal: deal.agent, "name"),
        ("revenue by product", lambda deal: deal.product, "name"),
    ],
    ids=["month", "quarter", "department", "agent", "product"],
)
def test_won_revenue(history: History, title: str, key: Callable[[Deal], str], field: str) -> None:
    report = history.reports[title]
    found = {item[field]: (item["deals"], money(item["revenue"])) for item in report["items"]}
    assert found == history.figures.revenue_by(key)
    assert report["currency"] == "USD"
    assert report["total"]["deals"] == len(history.figures.won)
    assert money(report["total"]["revenue"]) == history.figures.revenue


def test_win_rate(history: History) -> None:
    report = history.reports["win rate"]
    assert (report["won"], report["lost"]) == (len(history.figures.won), len(history.figures.lost))
    assert report["win_rate"] == pytest.approx(float(history.figures.win_rate), abs=1e-9)


def test_cycle_time(history: History) -> None:
    report, cycles = history.reports["cycle time"], history.figures.cycles
    assert report["deals"] == len(cycles)
    assert report["mean_days"] == pytest.approx(history.figures.mean_days, abs=5.1e-5)
    assert report["median_days"] == history.figures.median_days


def test_every_closed_deal_has_the_reason_not_recorded(history: History) -> None:
    lost, won = history.reports["lost reasons"]["items"], history.reports["won reasons"]["items"]
    assert [(item["code"], item["deals"]) for item in lost] == [
        ("not_recorded", len(history.figures.lost))
    ]
    assert [(item["code"], item["deals"]) for item in won] == [
        ("not_recorded", len(history.figures.won))
    ]
    assert money(lost[0]["amount"]) == history.figures.lost_amount
    assert money(won[0]["amount"]) == history.figures.revenue


def test_weighted_forecast(history: History) -> None:
    total = history.reports["forecast"]["total"]
    assert total["deals"] == len(history.figures.open)
    assert money(total["amount"]) == history.figures.at_stake
    weighted = history.figures.weighted.quantize(CENT, ROUND_HALF_EVEN)
    assert money(total["weighted"]) == weighted


def test_every_report_says_as_of_when(history: History) -> None:
    assert all(report["as_of"] for report in history.reports.values())


def test_the_oracle_knows_the_real_files() -> None:
    directory = real_files()
    if directory is None:
        pytest.skip("the real files are not there; MERIDIAN_SHARED_DATA names their folder")
    stages = Counter({"Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500})
    assert oracle.read(directory).stages == stages


def money(amount: str) -> Decimal:
    """An amount as the API writes it: a decimal string, never a number."""
    assert isinstance(amount, str)
    return Decimal(amount)
