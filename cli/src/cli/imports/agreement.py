"""What analytics says of the imported opportunities, once it has taken them all in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from cli.client import Client


@dataclass(frozen=True)
class Figures:
    """The totals of one pipeline: deals by outcome, won revenue in `currency`."""

    as_of: str
    won: int
    lost: int
    open: int
    revenue: Decimal
    currency: str


async def figures(client: Client, pipeline: UUID) -> Figures:
    """Wait until analytics has applied all that `client` wrote, and read its totals."""
    query = {"pipeline": str(pipeline)}
    funnel = (await client.read_own_writes("/v1/reports/funnel", query)).json()
    revenue = (await client.get("/v1/reports/revenue", {**query, "by": "month"})).json()
    totals = funnel["totals"]
    return Figures(
        as_of=funnel["as_of"],
        won=totals["won"],
        lost=totals["lost"],
        open=totals["open"],
        revenue=Decimal(revenue["total"]["revenue"]),
        currency=revenue["currency"],
    )
