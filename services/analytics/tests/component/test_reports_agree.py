"""Every report equals what plain Python makes of the same facts, whoever reads it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from events.values import Reach
from services.analytics.tests.component import figures
from services.analytics.tests.component.conftest import ClientOf
from services.analytics.tests.component.reached import Facts
from services.analytics.tests.component.world import World

REACHES: tuple[Reach, ...] = ("all", "department", "own")
PERIOD = {"from": "2026-01-10", "to": "2026-04-20"}


@dataclass
class Compared:
    """A report's name, the loops that it must equal, and the values of its own parameter."""

    name: str
    compute: Callable[[Facts], dict[str, Any]]
    own: str = ""
    values: tuple[str, ...] = ("",)


REPORTS = (
    Compared("funnel", figures.funnel),
    Compared(
        "revenue",
        figures.revenue,
        "by",
        ("month", "quarter", "channel", "department", "agent", "product", "customer"),
    ),
    Compared(
        "win-rate", figures.win_rate, "by", ("none", "agent", "department", "product", "channel")
    ),
    Compared(
        "cycle-time",
        figures.cycle_time,
        "by",
        ("none", "agent", "department", "product", "channel"),
    ),
    Compared("reasons", figures.reasons, "outcome", ("lost", "won")),
    Compared("forecast", figures.forecast),
    Compared("marketing-return", figures.marketing_return, "by", ("channel", "campaign")),
    Compared("touches", figures.touches, "by", ("channel", "agent", "department", "month")),
)


@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
async def test_a_report_equals_the_plain_computation(
    reported: World, reader_of: ClientOf, report: Compared, reach: Reach
) -> None:
    client = reader_of(reported, reach)
    for query in asked(reported):
        for value in report.values:
            own = {report.own: value} if value else {}
            answer = await client.get(f"/v1/reports/{report.name}", params=query | own)
            assert answer.status_code == 200, answer.text
            expected = report.compute(Facts(reported, reach, query | own))
            assert comparable(answer.json()) == comparable(expected), (query, own)


def asked(world: World) -> list[dict[str, str]]:
    """One query of each kind that readers ask."""
    return [
        {},
        PERIOD,
        {"from": "2026-03-01"},
        {"to": "2026-02-01", "currency": "USD"},
        {"currency": "CHF"},
        {"pipeline": str(world.pipelines[0].id)},
        {"department": str(world.departments["north"].id)},
        {"department": str(world.departments["south"].id), "owner": str(world.users[1].id)},
        {"owner": str(world.reader.id), **PERIOD},
    ]


def comparable(answer: dict[str, Any]) -> Any:
    """Without `as_of`; money as numbers, ratios to nine places, groups in one order."""
    return _plain({name: value for name, value in answer.items() if name != "as_of"})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return sorted((_plain(part) for part in value), key=repr)
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return Decimal(value).normalize()
    return value.normalize() if isinstance(value, Decimal) else value
