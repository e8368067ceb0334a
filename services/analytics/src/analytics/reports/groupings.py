"""Grouping deals, `d`: by a period, by somebody or something they belong to, by product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.reports.request import Choice
from analytics.reports.store import Reading, Row

NOT_RECORDED = "not recorded"
"""The name of the group of deals that lack what is grouped by; its key is null."""

IN_CURRENCY = "(d.currency = :currency or d.currency is null)"
"""The deals whose money a report counts. Those without an amount have no currency."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """`key` in SQL over a deal `d`; `names` is the dimension that its ids are named in.

    `counts` are the fields that the groups tell of. `join` multiplies the deal where it
    belongs to several groups, and `amount` is what it brings to each.
    """

    key: str
    names: str | None = None
    counts: tuple[str, ...] = ()
    join: str = ""
    amount: str = "d.amount"


# A deal's amount is the rounded sum of its lines: its largest product takes the
# difference, so that products add up to deals.
_PRODUCTS = """left join lateral (
    select p.product,
           case row_number() over (order by p.amount desc, p.product)
                when 1 then d.amount - (sum(p.amount) over () - p.amount)
                else p.amount end as amount
    from (
        select l.product, sum(l.quantity * l.price) as amount
        from unnest(d.line_products, d.line_quantities, d.line_prices)
             as l(product, quantity, price)
        group by l.product
    ) p
) line on true"""

ATTRIBUTION = ("deals.channel", "deals.campaign", "campaigns.channel", "channels.name")
"""What tells of a deal's channel: its campaign's, else its own."""

_CUSTOMERS = (
    "deals.customer",
    "companies.name",
    "people.given_name",
    "people.patronymic",
    "people.family_name",
)

GROUPINGS = {
    "none": Grouping("null::text"),
    "month": Grouping("to_char(d.closed_on, 'YYYY-MM')", counts=("deals.closed_on",)),
    "quarter": Grouping("to_char(d.closed_on, 'YYYY-\"Q\"Q')", counts=("deals.closed_on",)),
    "channel": Grouping("d.channel", "channel_dimension", ATTRIBUTION),
    "department": Grouping("d.department", "department_dimension"),
    "agent": Grouping("d.owner", "user_dimension"),
    "customer": Grouping("d.customer", "customer_dimension", _CUSTOMERS),
    "product": Grouping(
        "line.product",
        "product_dimension",
        ("deals.lines", "deals.amount", "products.name"),
        _PRODUCTS,
        "coalesce(line.amount, d.amount)",
    ),
}


def by(*groupings: str) -> Choice:
    """The choice between ways of grouping deals."""
    return Choice("by", groupings, {name: GROUPINGS[name].counts for name in groupings})


BY_WHOM = by("none", "agent", "department", "product", "channel")


_GROUPED = """
select g.group_key::text as key,
       case when g.group_key is null then '{not_recorded}' else {name} end as name, g.*
from (
    select {key} as group_key, {measures}
    from deals d {multiplied}
    where {condition} {group}
) g {named}
"""

_IN_OTHER_CURRENCIES = """
select d.currency, count(*) as deals, sum(d.amount) as amount
from deals d where {condition} and d.currency <> :currency
group by d.currency order by d.currency
"""


async def grouped(reading: Reading, by: str, measures: str, condition: str) -> Sequence[Row]:
    """`key`, `name` and `measures` of each group of the deals that meet `condition`.

    `measures` may name `{amount}`. By `none` there is exactly one row.
    """
    grouping = GROUPINGS[by]
    name, named = "g.group_key::text", ""
    if grouping.names is not None:
        name = "n.name"
        named = f"left join {grouping.names} n on n.tenant = :tenant and n.id = g.group_key"
    sql = _GROUPED.format(
        not_recorded=NOT_RECORDED,
        name=name,
        named=named,
        key=grouping.key,
        measures=measures.format(amount=grouping.amount),
        multiplied=grouping.join,
        condition=condition,
        group="" if by == "none" else "group by 1",
    )
    return await reading.rows(sql, reading.deals())


async def in_other_currencies(reading: Reading, condition: str) -> Sequence[Row]:
    """`currency`, `deals`, `amount` of the deals that a report's money leaves out."""
    sql = _IN_OTHER_CURRENCIES.format(condition=condition)
    return await reading.rows(sql, reading.deals())
