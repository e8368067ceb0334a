"""What marketing brings: spend, leads and won deals by channel or campaign.

A deal or lead belongs to its campaign and to that campaign's channel; without a
campaign, to the channel that it names itself. Spend counts by its day, leads by
the local day on which they were captured, deals by the day of closing. The
filter `pipeline` concerns deals only: spend and leads have none.

Margin is revenue less the cost of the goods sold (quantity times the product's
cost), as far as costs are known: `uncosted_revenue` is the part of the revenue
whose cost is not. A customer counts as newly won with the first of their won
deals among those that the report covers at any time.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from analytics.reports.answers import cents, ratio
from analytics.reports.groupings import ATTRIBUTION, IN_CURRENCY, NOT_RECORDED
from analytics.reports.report import Report
from analytics.reports.request import Choice
from analytics.reports.store import Reading


class MarketingSum(Struct, frozen=True, kw_only=True):
    """What was spent and what came of it.

    `romi` is (margin - spend) / spend; null without spend. `cost_per_lead` and
    `acquisition_cost` (spend per newly won customer) are null without any.
    """

    spend: Decimal
    leads: int
    deals_won: int
    customers_won: int
    revenue: Decimal
    cost: Decimal
    uncosted_revenue: Decimal
    margin: Decimal
    romi: float | None
    cost_per_lead: Decimal | None
    acquisition_cost: Decimal | None


class MarketingGroup(MarketingSum, frozen=True, kw_only=True):
    key: str | None
    name: str | None


class OtherCurrencyReturn(Struct, frozen=True, kw_only=True):
    currency: str
    spend: Decimal
    deals_won: int
    revenue: Decimal


class MarketingReturnReport(Struct, frozen=True, kw_only=True):
    """By falling revenue, then spend. `unvalued` won deals have no amount."""

    as_of: datetime
    currency: str
    items: list[MarketingGroup]
    total: MarketingSum
    unvalued: int
    other_currencies: list[OtherCurrencyReturn]


_WON = """
select d.*,
       d.customer is not null
       and row_number() over (partition by d.customer order by d.closed_on, d.id) = 1 as is_first,
       coalesce(line.cost, 0) as cost,
       case when d.line_products = '{}' then d.amount else coalesce(line.uncosted, 0) end
       as uncosted_revenue
from deals d
cross join lateral (
    select sum(l.quantity * p.cost) filter (where p.cost_currency = d.currency) as cost,
           sum(l.quantity * l.price) filter (
               where p.cost_currency is distinct from d.currency) as uncosted
    from unnest(d.line_products, d.line_quantities, d.line_prices) as l(product, quantity, price)
    left join product_dimension p on p.tenant = :tenant and p.id = l.product
) line
where d.status = 'won'
"""

_SUMS = """
select g.key::text as key, n.name, g.spend, g.leads, g.deals_won, g.customers_won, g.unvalued,
       g.revenue, g.cost, g.uncosted_revenue
from (
    select key, sum(spend) as spend, sum(leads)::bigint as leads,
           sum(deals_won)::bigint as deals_won, sum(customers_won)::bigint as customers_won,
           sum(unvalued)::bigint as unvalued, sum(revenue) as revenue, sum(cost) as cost,
           sum(uncosted_revenue) as uncosted_revenue
    from (
        select s.{key} as key, s.amount as spend, 0 as leads, 0 as deals_won,
               0 as customers_won, 0 as unvalued, 0 as revenue, 0 as cost,
               0 as uncosted_revenue
        from spends s where s.currency = :currency and {spent_in_period}
        union all
        select l.{key}, 0, 1, 0, 0, 0, 0, 0, 0
        from leads l where {captured_in_period}
        union all
        select d.{key}, 0, 0, 1, d.is_first::integer, (d.amount is null)::integer,
               coalesce(d.amount, 0), d.cost, coalesce(d.uncosted_revenue, 0)
        from won d
        where {in_currency} and {won_in_period}
    ) parts
    group by key
) g
left join {by}_dimension n on n.tenant = :tenant and n.id = g.key
order by g.revenue desc, g.spend desc, n.name, g.key
"""

_OTHER_CURRENCIES = """
select currency, sum(spend) as spend, sum(deals_won)::bigint as deals_won,
       sum(revenue) as revenue
from (
    select s.currency, s.amount as spend, 0 as deals_won, 0 as revenue
    from spends s where {spent_in_period}
    union all
    select d.currency, 0, 1, d.amount
    from won d where {won_in_period}
) parts
where currency <> :currency
group by currency order by currency
"""

_COUNTED = ("leads", "deals_won", "customers_won")
_SUMMED = ("spend", "revenue", "cost", "uncosted_revenue")


async def marketing_return(reading: Reading) -> MarketingReturnReport:
    period, by = reading.request.period, reading.request.by
    in_period = {
        "spent_in_period": period.covers("s.day"),
        "captured_in_period": period.covers("l.captured_on"),
        "won_in_period": period.covers("d.closed_on"),
    }
    won = (reading.deals(), reading.step("won", _WON))
    rows = await reading.rows(
        _SUMS.format(by=by, key=by, in_currency=IN_CURRENCY, **in_period),
        *won,
        reading.spends(),
        reading.leads(),
    )
    others = await reading.rows(_OTHER_CURRENCIES.format(**in_period), *won, reading.spends())
    return MarketingReturnReport(
        as_of=reading.as_of,
        currency=reading.currency,
        items=[
            MarketingGroup(
                key=row["key"],
                name=NOT_RECORDED if row["key"] is None else row["name"],
                **_measures({name: row[name] for name in (*_COUNTED, *_SUMMED)}),
            )
            for row in rows
        ],
        total=MarketingSum(
            **_measures(
                {name: sum(row[name] for row in rows) for name in _COUNTED}
                | {name: sum((row[name] for row in rows), Decimal(0)) for name in _SUMMED}
            )
        ),
        unvalued=sum(row["unvalued"] for row in rows),
        other_currencies=[OtherCurrencyReturn(**dict(row)) for row in others],
    )


def _measures(sums: dict[str, Any]) -> dict[str, Any]:
    """`sums` with what follows from them."""
    spend, margin = sums["spend"], sums["revenue"] - sums["cost"]
    leads, customers = sums["leads"], sums["customers_won"]
    return {
        **sums,
        "margin": margin,
        "romi": ratio(margin - spend, spend),
        "cost_per_lead": cents(spend / leads) if leads else None,
        "acquisition_cost": cents(spend / customers) if customers else None,
    }


_OF_CAMPAIGNS = ("leads.campaign", "spend.campaign")

MARKETING_RETURN = Report(
    name="marketing-return",
    summary="What marketing brings",
    answer=MarketingReturnReport,
    make=marketing_return,
    counts=(
        "deals.status",
        "deals.closed_on",
        "deals.customer",
        "deals.amount",
        "deals.lines",
        "products.cost",
        "leads.captured_at",
        "spend.day",
        "spend.amount",
    ),
    choices=(
        Choice(
            "by",
            ("channel", "campaign"),
            {
                "channel": (*ATTRIBUTION, *_OF_CAMPAIGNS, "leads.channel", "spend.channel"),
                "campaign": ("deals.campaign", *_OF_CAMPAIGNS, "campaigns.name"),
            },
        ),
    ),
)
