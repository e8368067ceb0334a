"""How many submissions a form lets through, whatever the rhythm of the attempts."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from marketing.leads.throttle import TokenBuckets


class Clock:
    """A clock that stands still until it is moved on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    pauses=st.lists(st.floats(0, 30), min_size=1, max_size=60),
    burst=st.integers(1, 5),
    per_second=st.floats(0.1, 3),
)
def test_no_stretch_of_time_lets_through_more_than_the_burst_and_the_rate(
    pauses: list[float], burst: int, per_second: float
) -> None:
    clock, key = Clock(), uuid4()
    buckets = TokenBuckets(clock)
    passed: list[float] = []
    for pause in pauses:
        clock.now += pause
        if buckets.wait(key, per_second=per_second, burst=burst) == 0:
            passed.append(clock.now)
    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            allowed = burst + (passed[last] - start) * per_second
            assert last - first + 1 <= allowed + 1e-6


def test_who_waits_as_long_as_told_passes() -> None:
    clock, key = Clock(), uuid4()
    buckets = TokenBuckets(clock)
    assert buckets.wait(key, per_second=0.5, burst=1) == 0
    seconds = buckets.wait(key, per_second=0.5, burst=1)
    assert seconds == 2.0
    clock.now += seconds
    assert buckets.wait(key, per_second=0.5, burst=1) == 0


def test_forms_do_not_share_a_bucket() -> None:
    buckets = TokenBuckets(Clock())
    assert buckets.wait(uuid4(), per_second=1, burst=1) == 0
    assert buckets.wait(uuid4(), per_second=1, burst=1) == 0
