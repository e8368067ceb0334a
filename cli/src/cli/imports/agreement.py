"""What analytics says of the imported opportunities, once it has taken them all in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from meridian_client import AsyncMeridian


@dataclass(frozen=True)
class Figures:
    """The totals of one pipeline: deals by outcome, won revenue in `currency`."""

    as_of: str
    won: int
    lost: int
    open: int
    revenue: Decimal
    currency: str


async def figures(client: AsyncMeridian, pipeline: UUID) -> Figures:
    """Wait until analytics has applied all that `client` wrote, and read its totals."""
    funnel = await client.reports.funnel(pipeline=pipeline)
    revenue = await client.reports.revenue(pipeline=pipeline, by="month")
    return Figures(
        as_of=funnel.as_of,
        won=funnel.totals.won,
        lost=funnel.totals.lost,
        open=funnel.totals.open,
        revenue=revenue.total.revenue,
        currency=revenue.currency,
    )
