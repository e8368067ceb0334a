"""What a report understands of a query string."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.reports.request import (
    Choice,
    Period,
    PeriodEndsBeforeItBegins,
    ReportRequest,
    documented,
    parse,
)
from chassis.problems import InvalidRequest

BY = Choice("by", ("month", "agent"))


def outcome(name: str, text: str) -> ReportRequest | InvalidRequest:
    """What becomes of one parameter."""
    try:
        return parse({name: text}, [])
    except InvalidRequest as problem:
        return problem


def test_nothing_asked_is_everything_in_the_tenants_currency() -> None:
    request = parse({}, [])
    assert request.period == Period(None, None)
    assert (request.pipeline, request.department, request.owner) == (None, None, None)
    assert request.currency is None


def test_every_parameter_is_understood() -> None:
    ids = {name: uuid4() for name in ("pipeline", "department", "owner")}
    query = {**{name: str(id) for name, id in ids.items()}, "currency": "RUB", "by": "agent"}
    request = parse({**query, "from": "2026-01-01", "to": "2026-01-31"}, [BY])
    assert request.period == Period(date(2026, 1, 1), date(2026, 1, 31))
    assert {name: getattr(request, name) for name in ids} == ids
    assert (request.currency, request.by) == ("RUB", "agent")


def test_a_choice_has_a_default() -> None:
    assert parse({}, [BY]).by == "month"


@given(st.sampled_from(["from", "to"]), st.text(max_size=12))
def test_what_is_no_day_is_refused_and_a_day_is_taken(name: str, text: str) -> None:
    understood = outcome(name, text)
    if isinstance(understood, InvalidRequest):
        assert understood.field == name
    else:
        day = understood.period.first or understood.period.last
        assert day is not None
        assert day.isoformat() == text


@given(st.dates())
def test_every_day_of_the_calendar_can_be_asked_for(day: date) -> None:
    assert parse({"to": day.isoformat()}, []).period.last == day


@given(st.sampled_from(["pipeline", "department", "owner"]), st.text(max_size=40))
def test_what_is_no_id_is_refused(name: str, text: str) -> None:
    understood = outcome(name, text)
    if isinstance(understood, InvalidRequest):
        assert understood.field == name
    else:
        assert isinstance(getattr(understood, name), UUID)


def test_a_period_does_not_end_before_it_begins() -> None:
    with pytest.raises(PeriodEndsBeforeItBegins) as raised:
        parse({"from": "2026-01-02", "to": "2026-01-01"}, [])
    assert raised.value.field == "to"


def test_a_period_of_one_day_is_a_period() -> None:
    request = parse({"from": "2026-01-01", "to": "2026-01-01"}, [])
    assert request.period.first == request.period.last


@pytest.mark.parametrize(
    ("period", "condition"),
    [
        (Period(), "true"),
        (Period(first=date(2026, 1, 1)), "d.day >= :first_day"),
        (Period(last=date(2026, 1, 1)), "d.day <= :last_day"),
        (
            Period(date(2026, 1, 1), date(2026, 1, 2)),
            "d.day >= :first_day and d.day <= :last_day",
        ),
    ],
)
def test_only_a_period_leaves_out_what_has_no_date(period: Period, condition: str) -> None:
    assert period.covers("d.day") == condition


def test_every_parameter_that_is_understood_is_documented() -> None:
    described = {parameter.name: parameter.schema for parameter in documented([BY])}
    assert set(described) == {"from", "to", "pipeline", "department", "owner", "currency", "by"}
    assert described["by"] == {"type": "string", "enum": ["month", "agent"], "default": "month"}
