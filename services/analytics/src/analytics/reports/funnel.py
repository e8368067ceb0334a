"""How far deals come: per stage, how many entered it, and where they stand now.

The report is about a set of deals: with a period, those that entered a stage on
a day in it; without one, all. `entered` counts the deals of the set that, in
the period, entered this stage or one after it in the pipeline's order, by their
history and, without a period, also by the stage they stand in. A won deal has
passed no more stages than these tell. Entries without a date count only when no
period is given.

`open`, `won` and `lost` say what became of the set's deals that stand in this
stage now, or ended from it; `amount` is the money of the open ones. They add up
to the totals. A stage that the pipeline does not have (any more, or yet) has no
name and no position.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from analytics.reports.answers import OtherCurrency
from analytics.reports.report import Report
from analytics.reports.store import Reading
from events.values import Money


class FunnelStage(Struct, frozen=True, kw_only=True):
    pipeline: UUID
    stage: UUID
    name: str | None
    position: int | None
    entered: int
    open: int
    won: int
    lost: int
    amount: Money


class FunnelTotals(Struct, frozen=True, kw_only=True):
    deals: int
    open: int
    won: int
    lost: int


class FunnelReport(Struct, frozen=True, kw_only=True):
    """Stages of all pipelines in order. `unvalued` counts open deals without an amount."""

    as_of: datetime
    currency: str
    items: list[FunnelStage]
    totals: FunnelTotals
    unvalued: int
    other_currencies: list[OtherCurrency]


_REACHED = """
select d.id, d.pipeline, d.stage, d.status, d.amount, d.currency, max(s.position) as furthest
from deals d
cross join lateral (
    select * from unnest(d.entered_stages, d.entered_on)
    union all
    select d.stage, null
) as entry(stage, entered_on)
left join stage_dimension s
     on s.tenant = :tenant and s.pipeline = d.pipeline and s.id = entry.stage
where {in_period}
group by d.id, d.pipeline, d.stage, d.status, d.amount, d.currency
"""

_STANDING = """
select pipeline, stage,
       count(*) filter (where status = 'open') as open,
       count(*) filter (where status = 'won') as won,
       count(*) filter (where status = 'lost') as lost,
       count(*) filter (where status = 'open' and amount is null) as unvalued,
       sum(amount) filter (where status = 'open' and currency = :currency) as amount
from reached group by pipeline, stage
"""

_FURTHEST = """
select pipeline, furthest as position, count(*) as deals from reached group by pipeline, furthest
"""

_STAGES = """
select coalesce(s.pipeline, n.pipeline) as pipeline, coalesce(s.id, n.stage) as stage,
       s.name, s.position,
       case when s.id is null then n.open + n.won + n.lost
            else (select coalesce(sum(f.deals), 0)::bigint from furthest f
                  where f.pipeline = s.pipeline and f.position >= s.position) end as entered,
       coalesce(n.open, 0) as open, coalesce(n.won, 0) as won, coalesce(n.lost, 0) as lost,
       coalesce(n.unvalued, 0) as unvalued, coalesce(n.amount, 0) as amount
from (select * from stage_dimension where tenant = :tenant and {of_pipeline}) s
full join standing n on n.pipeline = s.pipeline and n.stage = s.id
order by s.pipeline_name, 1, s.position, 2
"""

_OTHER_CURRENCIES = """
select currency, count(*) as deals, sum(amount) as amount
from reached where status = 'open' and currency <> :currency
group by currency order by currency
"""


async def funnel(reading: Reading) -> FunnelReport:
    request = reading.request
    in_period = request.period.covers("entry.entered_on")
    of_pipeline = "true" if request.pipeline is None else "pipeline = :pipeline"
    reached = (
        reading.deals(),
        reading.step("reached", _REACHED.format(in_period=in_period)),
    )
    stages = await reading.rows(
        _STAGES.format(of_pipeline=of_pipeline),
        *reached,
        reading.step("standing", _STANDING),
        reading.step("furthest", _FURTHEST),
    )
    others = await reading.rows(_OTHER_CURRENCIES, *reached)
    items = [
        FunnelStage(
            pipeline=row["pipeline"],
            stage=row["stage"],
            name=row["name"],
            position=row["position"],
            entered=row["entered"],
            open=row["open"],
            won=row["won"],
            lost=row["lost"],
            amount=Money(row["amount"], reading.currency),
        )
        for row in stages
    ]
    return FunnelReport(
        as_of=reading.as_of,
        currency=reading.currency,
        items=items,
        totals=FunnelTotals(
            deals=sum(item.open + item.won + item.lost for item in items),
            open=sum(item.open for item in items),
            won=sum(item.won for item in items),
            lost=sum(item.lost for item in items),
        ),
        unvalued=sum(row["unvalued"] for row in stages),
        other_currencies=[OtherCurrency(**dict(row)) for row in others],
    )


FUNNEL = Report(
    name="funnel",
    summary="How far deals come",
    answer=FunnelReport,
    make=funnel,
    counts=(
        "deals.status",
        "deals.pipeline",
        "deals.stage",
        "deals.history",
        "deals.amount",
        "pipelines.name",
        "pipelines.stages",
    ),
)
