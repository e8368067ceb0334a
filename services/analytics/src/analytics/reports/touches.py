"""How customers are kept in touch with: touches planned, done and cancelled.

They count by the local day on which they were done, else are planned for.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from analytics.reports.groupings import NOT_RECORDED
from analytics.reports.report import Report
from analytics.reports.request import Choice
from analytics.reports.store import Reading


class TouchGroup(Struct, frozen=True, kw_only=True):
    """`minutes` is the known length of the touches that were done."""

    key: str | None
    name: str | None
    planned: int
    done: int
    cancelled: int
    minutes: int


class TouchesReport(Struct, frozen=True, kw_only=True):
    """Months in order, other groups by how much was done."""

    as_of: datetime
    items: list[TouchGroup]


# The key of a group in SQL, and the dimension that it is named in.
_GROUPINGS = {
    "channel": ("t.channel", None),
    "agent": ("t.owner", "user_dimension"),
    "department": ("t.department", "department_dimension"),
    "month": ("to_char(t.day, 'YYYY-MM')", None),
}

_COUNTS = """
select {key} as key,
       count(*) filter (where t.status = 'planned') as planned,
       count(*) filter (where t.status = 'done') as done,
       count(*) filter (where t.status = 'cancelled') as cancelled,
       coalesce(sum(t.duration_minutes) filter (where t.status = 'done'), 0) as minutes
from touches t where {in_period}
group by 1
"""

_NAMED = """
select g.key::text as key, {name} as name, g.planned, g.done, g.cancelled, g.minutes
from counts g {join} order by {order} nulls last
"""


async def touches(reading: Reading) -> TouchesReport:
    by = reading.request.by
    key, dimension = _GROUPINGS[by]
    counts = reading.step(
        "counts", _COUNTS.format(key=key, in_period=reading.request.period.covers("t.day"))
    )
    name, join = "g.key", ""
    if dimension is not None:
        name, join = "n.name", f"left join {dimension} n on n.tenant = :tenant and n.id = g.key"
    order = "g.key" if by == "month" else "g.done desc, g.planned desc, g.key"
    named = _NAMED.format(name=name, join=join, order=order)
    rows = await reading.rows(named, reading.touches(), counts)
    return TouchesReport(
        as_of=reading.as_of,
        items=[
            TouchGroup(**{**dict(row), "name": NOT_RECORDED if row["key"] is None else row["name"]})
            for row in rows
        ],
    )


TOUCHES = Report(
    name="touches",
    summary="How customers are kept in touch with",
    answer=TouchesReport,
    make=touches,
    counts=("touches.status", "touches.planned_for", "touches.done_at", "touches.duration_minutes"),
    choices=(
        Choice(
            "by", ("channel", "agent", "department", "month"), {"channel": ("touches.channel",)}
        ),
    ),
)
