"""Deals as other systems knew them: what is believed, what follows, what is refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.sales import Deal, StageEntry
from sales.deals.history import HistoryOutOfOrder
from sales.deals.imported import (
    ClosedBeforeStarted,
    ClosedNeedsDate,
    HistoryEndsElsewhere,
    Import,
    OpenDealHasNotEnded,
    carries_past,
    imported,
    newest_moment,
    read,
)
from sales.local_time import DateOutOfRange, LocalTime
from sales.pipelines.built_in import built_in_pipeline
from sales.pipelines.pipeline import StageNotOfPipeline
from sales.reasons.built_in import built_in_reasons
from sales.reasons.reason import ReasonOfOtherOutcome, Reasons, reason_id

TENANT, OFFICE = uuid4(), uuid4()
PIPELINE = built_in_pipeline(TENANT)
FIRST, SECOND, THIRD, _ = (str(stage.id) for stage in PIPELINE.stages)
LOCAL = LocalTime({OFFICE: "Asia/Vladivostok"})
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AGENT = uuid4()
REASONS = Reasons(TENANT, [], built_in_reasons(TENANT))
GIVEN = Import(REASONS, LOCAL, NOW, AGENT)

WON: dict[str, Any] = {
    "name": "GTX Pro for Acme",
    "department": str(OFFICE),
    "status": "won",
    "stage": SECOND,
    "started_at": "2017-01-10T20:00:00Z",
    "closed_on": "2017-03-01",
    "history": [{"stage": FIRST}, {"stage": SECOND, "entered_at": "2017-01-10T20:00:00Z"}],
}
OPEN: dict[str, Any] = {"name": "GTX Pro", "status": "open", "department": str(OFFICE)}


def brought(item: dict[str, Any], before: Deal | None = None, given: Import = GIVEN) -> Deal:
    id = before.id if before else uuid4()
    return imported(id, before, read(before, item), PIPELINE, given)


def without(item: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in fields}


def test_an_item_that_says_how_the_deal_stands_carries_a_past() -> None:
    assert carries_past({"name": "x", "status": "open"})
    assert carries_past({"name": "x", "started_on": "2017-01-01"})
    assert not carries_past({"name": "x", "stage": FIRST, "lines": []})


def test_a_moment_brings_its_local_date() -> None:
    deal = brought(WON)
    assert (deal.started_at, deal.started_on) == (
        datetime(2017, 1, 10, 20, tzinfo=UTC),
        date(2017, 1, 11),
    )
    assert deal.history[1].entered_on == date(2017, 1, 11)


def test_a_date_is_believed_without_its_moment() -> None:
    deal = brought(WON)
    assert (deal.closed_at, deal.closed_on) == (None, date(2017, 3, 1))


def test_the_same_item_again_changes_nothing() -> None:
    deal = brought(WON)
    assert brought(WON, deal) == deal


def test_a_date_stays_when_the_department_keeps_another_time_by_now() -> None:
    deal = brought(WON)
    moved = Import(REASONS, LocalTime({OFFICE: "America/New_York"}), NOW, AGENT)
    assert brought(WON, deal, moved) == deal


def test_what_an_item_does_not_mention_stays() -> None:
    deal = replace(brought(WON), campaign=uuid4(), reason_comment="сами пришли")
    assert brought({"status": "won"}, deal) == deal


def test_one_changed_field_changes_that_field_only() -> None:
    deal = brought(WON)
    after = brought(WON | {"closed_on": "2017-03-02"}, deal)
    assert after == replace(deal, closed_on=date(2017, 3, 2))


def test_another_moment_takes_its_former_date_along() -> None:
    after = brought({"started_at": "2017-01-12T20:00:00Z"}, brought(WON))
    assert after.started_on == date(2017, 1, 13)


def test_a_deal_without_customer_or_dates_is_accepted_and_its_start_stays_unknown() -> None:
    deal = brought(OPEN)
    assert (deal.customer, deal.started_at, deal.started_on) == (None, None, None)
    assert deal.history == (StageEntry(stage=PIPELINE.stages[0].id),)
    assert brought(OPEN, deal) == deal


def test_a_start_dates_the_first_stage_and_no_other() -> None:
    assert brought(OPEN | {"started_on": "2017-01-01"}).history[0].entered_on == date(2017, 1, 1)
    later = brought(OPEN | {"started_on": "2017-01-01", "stage": THIRD})
    assert later.history == (StageEntry(stage=UUID(THIRD)),)


def test_a_dated_history_says_when_the_deal_started() -> None:
    deal = brought(OPEN | {"history": [{"stage": FIRST, "entered_on": "2017-01-05"}]})
    assert deal.started_on == date(2017, 1, 5)


def test_the_history_says_where_the_deal_stands() -> None:
    deal = brought(WON)
    after = brought(
        {"history": [*WON["history"], {"stage": THIRD, "entered_on": "2017-02-01"}]}, deal
    )
    assert after.stage == UUID(THIRD)
    with pytest.raises(HistoryEndsElsewhere):
        brought(WON | {"stage": FIRST})


def test_a_stage_without_a_history_is_entered_now() -> None:
    deal = brought(OPEN)
    after = brought(OPEN | {"stage": SECOND}, deal)
    assert after.history == (
        *deal.history,
        StageEntry(stage=UUID(SECOND), entered_at=NOW, entered_on=NOW.date(), by=AGENT),
    )
    assert brought(OPEN | {"stage": SECOND}, after) == after


def test_the_stages_of_a_history_belong_to_the_pipeline() -> None:
    with pytest.raises(StageNotOfPipeline) as broken:
        brought(OPEN | {"history": [{"stage": str(uuid4())}, {"stage": FIRST}]})
    assert broken.value.field == "history[0].stage"


def test_a_stage_that_was_removed_since_stays_in_the_history() -> None:
    deal = brought(WON)
    shorter = replace(PIPELINE, stages=PIPELINE.stages[2:])
    assert imported(deal.id, deal, read(deal, WON), shorter, GIVEN) == deal


@pytest.mark.parametrize(
    "entries",
    [
        [{"entered_on": "2017-01-02"}, {"entered_on": "2017-01-01"}],
        [{"entered_on": "2017-01-02"}, {}],
        [{"entered_at": "2017-01-02T10:00:00Z"}, {"entered_at": "2017-01-02T09:59:59Z"}],
        [{"entered_at": "2017-01-02T20:00:00Z"}, {"entered_on": "2017-01-02"}],
    ],
)
def test_a_history_is_in_the_order_of_time_what_is_not_dated_first(
    entries: list[dict[str, str]],
) -> None:
    with pytest.raises(HistoryOutOfOrder):
        brought(OPEN | {"history": [{"stage": FIRST, **entry} for entry in entries]})


@given(st.integers(0, 3), st.lists(st.integers(0, 10**6), min_size=1, max_size=6))
def test_every_ordered_history_is_accepted_and_every_other_refused(
    undated: int, minutes: list[int]
) -> None:
    moments = [datetime(2017, 1, 1, tzinfo=UTC) + timedelta(minutes=n) for n in minutes]
    entries: list[dict[str, Any]] = [{"stage": FIRST}] * undated
    entries += [{"stage": FIRST, "entered_at": moment.isoformat()} for moment in moments]
    item = OPEN | {"history": entries}
    if moments == sorted(moments):
        deal = brought(item)
        assert [entry.entered_at for entry in deal.history[undated:]] == moments
        assert brought(item, deal) == deal
    else:
        with pytest.raises(HistoryOutOfOrder):
            brought(item)


def test_a_deal_that_ended_ended_on_some_day() -> None:
    with pytest.raises(ClosedNeedsDate):
        brought(without(WON, "closed_on"))


def test_a_deal_does_not_end_before_it_starts() -> None:
    with pytest.raises(ClosedBeforeStarted):
        brought(WON | {"closed_on": "2017-01-10"})
    assert brought(WON | {"closed_on": "2017-01-11"}).status == "won"


def test_a_date_that_no_calendar_knows_is_refused() -> None:
    with pytest.raises(DateOutOfRange):
        brought(WON | {"closed_on": "0001-01-01"})


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_deal_that_ended_for_no_known_reason_takes_not_recorded(outcome: Any) -> None:
    deal = brought(WON | {"status": outcome})
    assert deal.reason == reason_id(TENANT, outcome, "not_recorded")


def test_a_reason_that_was_recorded_since_stays() -> None:
    deal = replace(brought(WON), reason=reason_id(TENANT, "won", "speed"))
    assert brought(WON, deal) == deal


def test_a_reason_belongs_to_the_outcome() -> None:
    with pytest.raises(ReasonOfOtherOutcome):
        brought(WON | {"reason": str(reason_id(TENANT, "lost", "price"))})


def test_another_outcome_forgets_the_reason_of_the_former() -> None:
    deal = replace(brought(WON), reason=reason_id(TENANT, "won", "speed"))
    after = brought({"status": "lost"}, deal)
    assert after.reason == reason_id(TENANT, "lost", "not_recorded")


def test_a_deal_that_is_open_again_has_no_end() -> None:
    after = brought({"status": "open"}, brought(WON))
    assert (after.closed_on, after.reason) == (None, None)


def test_an_open_deal_has_not_ended() -> None:
    with pytest.raises(OpenDealHasNotEnded):
        brought(OPEN | {"closed_on": "2017-01-01"})
    with pytest.raises(OpenDealHasNotEnded):
        brought({"status": "open", "closed_on": "2018-01-01"}, brought(WON))


def test_its_event_happened_when_the_last_thing_happened_with_the_deal() -> None:
    midnight_in_vladivostok = datetime(2017, 2, 28, 14, tzinfo=UTC)
    assert newest_moment(brought(WON), LOCAL) == midnight_in_vladivostok
    entered = OPEN | {"history": [{"stage": FIRST, "entered_at": "2017-01-10T20:00:00Z"}]}
    assert newest_moment(brought(entered), LOCAL) == datetime(2017, 1, 10, 20, tzinfo=UTC)
    started = OPEN | {"started_at": "2016-12-01T00:00:00Z", "stage": SECOND}
    assert newest_moment(brought(started), LOCAL) == datetime(2016, 12, 1, tzinfo=UTC)
    assert newest_moment(brought(OPEN), LOCAL) is None


def test_a_department_that_is_not_known_keeps_utc() -> None:
    late = NOW.replace(hour=23)
    assert LOCAL.date_of(late, None) == late.date()
    assert LOCAL.date_of(late, uuid4()) == late.date()
    assert LOCAL.date_of(late, OFFICE) == late.date() + timedelta(days=1)
    assert LocalTime({OFFICE: "Mars/Olympus"}).date_of(late, OFFICE) == late.date()
