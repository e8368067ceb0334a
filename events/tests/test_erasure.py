"""By when topics have forgotten what newer events replace."""

from datetime import UTC, date, datetime

from events.erasure import forgotten_by
from events.topics import DAY_MS, PERSON, TOPICS, Topic

AT = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)


def topic(longest_days: int, shortest_days: int) -> Topic:
    settings = {
        "max.compaction.lag.ms": str(longest_days * DAY_MS),
        "min.compaction.lag.ms": str(shortest_days * DAY_MS),
    }
    return Topic("crm.test.thing", "test", 1, settings)


def test_the_slowest_topic_counts_with_both_its_lags() -> None:
    assert forgotten_by([topic(10, 2), topic(3, 1)], AT) == date(2026, 3, 14)


def test_all_topics_forget_within_ninety_days_and_one() -> None:
    assert forgotten_by(TOPICS, AT) == forgotten_by([PERSON], AT) == date(2026, 5, 31)
