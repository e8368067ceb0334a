"""The figures as tables that fit a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from cli.demo.figures import Figures
from meridian_client.models import MarketingGroup, MarketingReturnReport, MarketingSum

_BAR = 24
NONE = "–"


def tables(figures: Figures) -> Iterator[Table]:
    """Every table, in the order in which a head of sales would ask for them."""
    currency = figures.funnel.currency
    yield _funnel(figures, currency)
    yield _revenue(figures, currency)
    in_thousands = f"thousands of {currency}"
    yield _marketing(f"What each channel brought, {in_thousands}", figures.channels, "no channel")
    yield _marketing(
        f"What each campaign brought, {in_thousands}", figures.campaigns, "no campaign"
    )
    yield _losses(figures, currency)
    yield _forecast(figures, currency)
    yield _departments(figures)
    yield _touches(figures)


def _funnel(figures: Figures, currency: str) -> Table:
    table = _table("Funnel", "stage", "entered", "open", "won", "lost", f"open, {currency}")
    for stage in figures.funnel.items:
        _row(
            table,
            stage.name,
            f"{stage.entered:,}",
            f"{stage.open:,}",
            f"{stage.won:,}",
            f"{stage.lost:,}",
            _money(stage.amount.amount),
        )
    totals = figures.funnel.totals
    amount = sum((stage.amount.amount for stage in figures.funnel.items), Decimal(0))
    _total(
        table,
        f"{totals.deals:,}",
        f"{totals.open:,}",
        f"{totals.won:,}",
        f"{totals.lost:,}",
        _money(amount),
    )
    return table


def _revenue(figures: Figures, currency: str) -> Table:
    table = _table("Won revenue by month", "month", "deals", currency)
    table.add_column("", justify="left")
    most = max((month.revenue for month in figures.revenue.items), default=Decimal(0))
    for month in figures.revenue.items:
        _row(
            table,
            month.key,
            f"{month.deals:,}",
            _money(month.revenue),
            "█" * round(_BAR * month.revenue / most) if most else "",
        )
    total = figures.revenue.total
    _total(table, f"{total.deals:,}", _money(total.revenue), "")
    return table


def _marketing(title: str, returned: MarketingReturnReport, nobody: str) -> Table:
    table = _table(title, "", "spend", "won", "revenue", "margin", "return", "client")
    for group in returned.items:
        _row(table, group.name if group.key else nobody, *_marketing_cells(group))
    _total(table, *_marketing_cells(returned.total))
    return table


def _marketing_cells(sums: MarketingSum | MarketingGroup) -> Sequence[str | Text]:
    """In thousands; the last is what was spent for each newly won customer."""
    has_spend = sums.spend > 0
    return (
        _thousands(sums.spend) if has_spend else NONE,
        f"{sums.deals_won:,}",
        _thousands(sums.revenue),
        _thousands(sums.margin),
        _return(sums.romi),
        _thousands(sums.acquisition_cost) if has_spend and sums.acquisition_cost else NONE,
    )


def _losses(figures: Figures, currency: str) -> Table:
    table = _table("Why deals were lost", "reason", "deals", "share", currency)
    total = figures.losses.total
    for reason in figures.losses.items:
        _row(
            table,
            reason.name,
            f"{reason.deals:,}",
            _percent(reason.deals / total.deals if total.deals else None),
            _money(reason.amount),
        )
    _total(table, f"{total.deals:,}", "", _money(total.amount))
    return table


def _forecast(figures: Figures, currency: str) -> Table:
    table = _table(
        f"Forecast: open deals by expected close, weighted by stage, {currency}",
        "month", "deals", "amount", "weighted",
    )  # fmt: skip
    for month in figures.forecast.items:
        _row(
            table,
            month.month or "not said",
            f"{month.deals:,}",
            _money(month.amount),
            _money(month.weighted),
        )
    total = figures.forecast.total
    _total(table, f"{total.deals:,}", _money(total.amount), _money(total.weighted))
    return table


def _departments(figures: Figures) -> Table:
    table = _table(
        "Win rate and cycle time", "department", "won", "lost", "win rate", "mean days", "median"
    )
    days = {group.name: group for group in figures.cycle_time.items}
    for group in figures.win_rate.items:
        cycle = days.get(group.name)
        _row(
            table,
            group.name,
            f"{group.won:,}",
            f"{group.lost:,}",
            _percent(group.win_rate),
            _days(cycle.mean_days if cycle else None),
            _days(cycle.median_days if cycle else None),
        )
    all_of_them, cycle_time = figures.win_rate, figures.cycle_time
    _total(
        table,
        f"{all_of_them.won:,}",
        f"{all_of_them.lost:,}",
        _percent(all_of_them.win_rate),
        _days(cycle_time.mean_days),
        _days(cycle_time.median_days),
    )
    return table


def _touches(figures: Figures) -> Table:
    table = _table("Touches with customers", "channel", "done", "planned", "hours")
    for channel in figures.touches.items:
        _row(
            table,
            channel.name,
            f"{channel.done:,}",
            f"{channel.planned:,}",
            f"{channel.minutes / 60:,.0f}" if channel.minutes else NONE,
        )
    done = sum(channel.done for channel in figures.touches.items)
    planned = sum(channel.planned for channel in figures.touches.items)
    hours = sum(channel.minutes for channel in figures.touches.items) / 60
    _total(table, f"{done:,}", f"{planned:,}", f"{hours:,.0f}")
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False
    )
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _row(table: Table, name: str | None, *cells: str | Text) -> None:
    table.add_row(Text(name or "not recorded"), *cells)


def _total(table: Table, *cells: str | Text) -> None:
    table.add_section()
    table.add_row("together", *cells, style="bold")


def _money(amount: Decimal) -> str:
    return f"{amount:,.0f}"


def _thousands(amount: Decimal) -> str:
    return f"{amount / 1_000:,.0f}"


def _percent(share: float | None) -> str:
    return NONE if share is None else f"{share:.1%}"


def _days(days: float | None) -> str:
    return NONE if days is None else f"{days:.1f}"


def _return(romi: float | None) -> str | Text:
    if romi is None:
        return NONE
    return Text(f"{romi:+.0%}", style="green" if romi > 0 else "red")
