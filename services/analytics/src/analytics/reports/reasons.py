"""Why deals are lost, or won: closed deals by their managed reason."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from analytics.reports.answers import OtherCurrency
from analytics.reports.groupings import IN_CURRENCY, NOT_RECORDED, in_other_currencies
from analytics.reports.report import Report
from analytics.reports.request import Choice
from analytics.reports.store import Reading


class ReasonGroup(Struct, frozen=True, kw_only=True):
    """`reason` is null for deals that name none, and `code` until its name arrives."""

    reason: UUID | None
    code: str | None
    name: str | None
    deals: int
    amount: Decimal


class ReasonsTotal(Struct, frozen=True, kw_only=True):
    deals: int
    amount: Decimal


class ReasonsReport(Struct, frozen=True, kw_only=True):
    """The commonest first. `unvalued` deals have no amount."""

    as_of: datetime
    outcome: str
    currency: str
    items: list[ReasonGroup]
    total: ReasonsTotal
    unvalued: int
    other_currencies: list[OtherCurrency]


_REASONS = """
select g.reason, n.code, n.name, g.deals, g.amount, g.unvalued
from (
    select d.reason, count(*) as deals, coalesce(sum(d.amount), 0) as amount,
           count(*) filter (where d.amount is null) as unvalued
    from deals d where {closed} and {in_currency}
    group by d.reason
) g
left join reason_dimension n on n.tenant = :tenant and n.id = g.reason
order by g.deals desc, g.amount desc, n.name, g.reason
"""


async def reasons(reading: Reading) -> ReasonsReport:
    request = reading.request
    outcome = request.choices["outcome"]
    closed = f"d.status = '{outcome}' and {request.period.covers('d.closed_on')}"
    rows = await reading.rows(
        _REASONS.format(closed=closed, in_currency=IN_CURRENCY), reading.deals()
    )
    others = await in_other_currencies(reading, closed)
    items = [
        ReasonGroup(
            reason=row["reason"],
            code=row["code"],
            name=NOT_RECORDED if row["reason"] is None else row["name"],
            deals=row["deals"],
            amount=row["amount"],
        )
        for row in rows
    ]
    return ReasonsReport(
        as_of=reading.as_of,
        outcome=outcome,
        currency=reading.currency,
        items=items,
        total=ReasonsTotal(
            deals=sum(item.deals for item in items),
            amount=sum((item.amount for item in items), Decimal(0)),
        ),
        unvalued=sum(row["unvalued"] for row in rows),
        other_currencies=[OtherCurrency(**dict(row)) for row in others],
    )


REASONS = Report(
    name="reasons",
    summary="Why deals are lost, or won",
    answer=ReasonsReport,
    make=reasons,
    counts=(
        "deals.status",
        "deals.closed_on",
        "deals.reason",
        "deals.amount",
        "reasons.code",
        "reasons.name",
    ),
    choices=(Choice("outcome", ("lost", "won")),),
)
