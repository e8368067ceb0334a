"""What the open deals may bring: their amounts, weighted by the chance of their stages.

By the month of the expected close; null is the month of deals without that date,
which count only when no period is given.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from analytics.reports.answers import OtherCurrency, cents
from analytics.reports.groupings import IN_CURRENCY, in_other_currencies
from analytics.reports.report import Report
from analytics.reports.store import Reading


class ForecastMonth(Struct, frozen=True, kw_only=True):
    """`weighted` is amount times probability, rounded to cents for the month as a whole.

    `unvalued` deals have no amount; `unweighted` ones stand in a stage whose
    probability is not known (yet): they are in `amount`, not in `weighted`.
    """

    month: str | None
    deals: int
    amount: Decimal
    weighted: Decimal
    unvalued: int
    unweighted: int


class ForecastTotal(Struct, frozen=True, kw_only=True):
    """`weighted` is rounded once, from the exact sum: months may differ by a cent."""

    deals: int
    amount: Decimal
    weighted: Decimal
    unvalued: int
    unweighted: int


class ForecastReport(Struct, frozen=True, kw_only=True):
    as_of: datetime
    currency: str
    items: list[ForecastMonth]
    total: ForecastTotal
    other_currencies: list[OtherCurrency]


_MONTHS = """
select to_char(d.expected_close_on, 'YYYY-MM') as month,
       count(*) as deals,
       coalesce(sum(d.amount), 0) as amount,
       coalesce(sum(d.amount * s.probability), 0) as percents,
       count(*) filter (where d.amount is null) as unvalued,
       count(*) filter (where d.amount is not null and s.probability is null) as unweighted
from deals d
left join stage_dimension s
     on s.tenant = :tenant and s.pipeline = d.pipeline and s.id = d.stage
where {open} and {in_currency}
group by 1 order by 1 nulls last
"""


async def forecast(reading: Reading) -> ForecastReport:
    open_ = f"d.status = 'open' and {reading.request.period.covers('d.expected_close_on')}"
    rows = await reading.rows(_MONTHS.format(open=open_, in_currency=IN_CURRENCY), reading.deals())
    others = await in_other_currencies(reading, open_)
    items = [
        ForecastMonth(
            month=row["month"],
            deals=row["deals"],
            amount=row["amount"],
            weighted=cents(row["percents"] / 100),
            unvalued=row["unvalued"],
            unweighted=row["unweighted"],
        )
        for row in rows
    ]
    return ForecastReport(
        as_of=reading.as_of,
        currency=reading.currency,
        items=items,
        total=ForecastTotal(
            deals=sum(item.deals for item in items),
            amount=sum((item.amount for item in items), Decimal(0)),
            weighted=cents(sum((row["percents"] for row in rows), Decimal(0)) / 100),
            unvalued=sum(item.unvalued for item in items),
            unweighted=sum(item.unweighted for item in items),
        ),
        other_currencies=[OtherCurrency(**dict(row)) for row in others],
    )


FORECAST = Report(
    name="forecast",
    summary="What the open deals may bring",
    answer=ForecastReport,
    make=forecast,
    counts=(
        "deals.status",
        "deals.pipeline",
        "deals.stage",
        "deals.expected_close_on",
        "deals.amount",
        "pipelines.stages",
    ),
)
