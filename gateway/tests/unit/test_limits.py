"""How much one may ask, and what is said of it."""

import pytest

from chassis.problems import TooManyRequests
from gateway.edge.limits import Limits, Quota


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> Limits:
    """Ten a minute for a tenant, four for a user."""
    return Limits([Quota("tenant", 10, 60), Quota("user", 4, 60)], clock)


def left(limits: Limits, tenant: str, user: str) -> str:
    return dict(limits.take((tenant, user)))[b"ratelimit"].decode()


def test_the_nearest_limit_is_told(limits: Limits) -> None:
    assert dict(limits.take(("t", "u")))[b"ratelimit-policy"] == (
        b'"tenant";q=10;w=60, "user";q=4;w=60'
    )
    assert left(limits, "t", "u") == '"user";r=2;t=30'
    assert left(limits, "t", "v") == '"user";r=3;t=15'
    for user in "wxyz":
        left(limits, "t", user)
    assert left(limits, "t", "0") == '"tenant";r=2;t=48'


def test_a_full_bucket_may_be_emptied_at_once(limits: Limits) -> None:
    for _ in range(4):
        limits.take(("t", "u"))
    with pytest.raises(TooManyRequests) as refused:
        limits.take(("t", "u"))
    assert refused.value.headers["Retry-After"] == "15"
    assert refused.value.headers["RateLimit"] == '"user";r=0;t=15'
    assert refused.value.document()["violated-policies"] == ["user"]


def test_it_fills_again_evenly(limits: Limits, clock: Clock) -> None:
    for _ in range(4):
        limits.take(("t", "u"))
    clock.now += 15.0
    assert left(limits, "t", "u") == '"user";r=0;t=60'
    with pytest.raises(TooManyRequests):
        limits.take(("t", "u"))
    clock.now += 3_600.0
    assert left(limits, "t", "u") == '"user";r=3;t=15'


def test_one_user_does_not_use_up_what_another_has(limits: Limits) -> None:
    for _ in range(4):
        limits.take(("t", "u"))
    assert left(limits, "t", "v") == '"user";r=3;t=15'


def test_a_refused_request_is_counted_nowhere(limits: Limits) -> None:
    for _ in range(4):
        limits.take(("t", "u"))
    for _ in range(20):
        with pytest.raises(TooManyRequests):
            limits.take(("t", "u"))
    for _ in range(4):
        limits.take(("t", "v"))
    for _ in range(2):
        limits.take(("t", "w"))
    with pytest.raises(TooManyRequests) as refused:
        limits.take(("t", "w"))
    assert refused.value.document()["violated-policies"] == ["tenant"]


def test_many_keys_take_no_more_memory(clock: Clock) -> None:
    quota = Quota("address", 1, 60)
    limits = Limits([quota], clock)
    for number in range(Quota.REMEMBERED + 100):
        limits.take((number,))
    assert len(quota._full_at) == Quota.REMEMBERED
