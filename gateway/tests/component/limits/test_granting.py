"""How much one may ask, and what is said of it; the same wherever it is counted."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeAlias
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.problems import TooManyRequests
from gateway.edge.limits.limits import Limits
from gateway.edge.limits.own import OwnCounts
from gateway.edge.limits.quota import Quota
from gateway.tests.component.limits.conftest import Clock

NewLimits: TypeAlias = Callable[[Sequence[Quota]], Limits]


@pytest.fixture
def limits(new_limits: NewLimits) -> Limits:
    """Ten a minute for a tenant, four for a user."""
    return new_limits([Quota("tenant", 10, 60), Quota("user", 4, 60)])


async def left(limits: Limits, tenant: str, user: str) -> str:
    return dict(await limits.take((tenant, user)))[b"ratelimit"].decode()


async def test_the_nearest_limit_is_told(limits: Limits) -> None:
    assert dict(await limits.take(("t", "u")))[b"ratelimit-policy"] == (
        b'"tenant";q=10;w=60, "user";q=4;w=60'
    )
    assert await left(limits, "t", "u") == '"user";r=2;t=30'
    assert await left(limits, "t", "v") == '"user";r=3;t=15'
    for user in "wxyz":
        await left(limits, "t", user)
    assert await left(limits, "t", "0") == '"tenant";r=2;t=48'


async def test_a_full_bucket_may_be_emptied_at_once(limits: Limits) -> None:
    for _ in range(4):
        await limits.take(("t", "u"))
    with pytest.raises(TooManyRequests) as refused:
        await limits.take(("t", "u"))
    assert refused.value.headers["Retry-After"] == "15"
    assert refused.value.headers["RateLimit"] == '"user";r=0;t=15'
    assert refused.value.document()["violated-policies"] == ["user"]


async def test_it_fills_again_evenly(limits: Limits, clock: Clock) -> None:
    for _ in range(4):
        await limits.take(("t", "u"))
    clock.advance(16)
    assert await left(limits, "t", "u") == '"user";r=0;t=59'
    with pytest.raises(TooManyRequests):
        await limits.take(("t", "u"))
    clock.advance(3_600)
    assert await left(limits, "t", "u") == '"user";r=3;t=15'


async def test_one_user_does_not_use_up_what_another_has(limits: Limits) -> None:
    for _ in range(4):
        await limits.take(("t", "u"))
    assert await left(limits, "t", "v") == '"user";r=3;t=15'


async def test_a_refused_request_is_counted_nowhere(limits: Limits) -> None:
    for _ in range(4):
        await limits.take(("t", "u"))
    for _ in range(20):
        with pytest.raises(TooManyRequests):
            await limits.take(("t", "u"))
    for _ in range(4):
        await limits.take(("t", "v"))
    for _ in range(2):
        await limits.take(("t", "w"))
    with pytest.raises(TooManyRequests) as refused:
        await limits.take(("t", "w"))
    assert refused.value.document()["violated-policies"] == ["tenant"]


@pytest.mark.parametrize("requests", [1, 3, 7, 9, 11, 49])
async def test_all_requests_may_come_at_once_and_not_one_more(
    new_limits: NewLimits, requests: int
) -> None:
    limits = new_limits([Quota("address", requests, 60)])
    granted = [dict(await limits.take(("a",)))[b"ratelimit"] for _ in range(requests)]
    assert granted[-1] == b'"address";r=0;t=60'
    with pytest.raises(TooManyRequests):
        await limits.take(("a",))


# No whole number of seconds is a whole number of requests: what is granted does not hang on a
# server's microseconds.
TENANT, USER = Quota("tenant", 10, 61.7), Quota("user", 4, 61.7)
WINDOW = Fraction(617, 10)

asked = st.tuples(st.sampled_from("AB"), st.sampled_from("xyz"))
passed = st.integers(min_value=1, max_value=40)


class Reckoning:
    """What is granted, from what was: no stretch of time holds more than its length allows."""

    def __init__(self) -> None:
        self._granted: dict[tuple[Quota, str], list[int]] = {}

    def level(self, quota: Quota, key: str, now: int) -> Fraction:
        """How full a bucket is with a request at `now`, by the stretch that is fullest."""
        granted, share = self._granted.get((quota, key), []), WINDOW / quota.requests
        since = [len(granted) - place - (now - then) / share for place, then in enumerate(granted)]
        return 1 + max([Fraction(0), *since])

    def take(self, keys: tuple[str, str], now: int) -> str:
        """What the limits should say: the field RateLimit, or what is violated."""
        levels = [(quota, self.level(quota, key, now)) for quota, key in self._each(keys)]
        violated = [quota.name for quota, level in levels if level > quota.requests]
        if violated:
            return ",".join(violated)
        for place in self._each(keys):
            self._granted.setdefault(place, []).append(now)
        nearest, level = min(levels, key=lambda one: one[0].requests - one[1])
        whole = math.floor(nearest.requests - level)
        return f'"{nearest.name}";r={whole};t={math.ceil(level * WINDOW / nearest.requests)}'

    def _each(self, keys: tuple[str, str]) -> list[tuple[Quota, str]]:
        return list(zip((TENANT, USER), keys, strict=True))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(asked | asked | asked | passed, max_size=60))
async def test_what_is_granted_is_what_the_quotas_promise(
    new_limits: NewLimits, clock: Clock, steps: list[tuple[str, str] | int]
) -> None:
    limits, reckoning, story = new_limits([TENANT, USER]), Reckoning(), uuid4().hex
    for step in steps:
        if isinstance(step, int):
            clock.advance(step)
            continue
        tenant, user = step
        try:
            said = await left(limits, story + tenant, story + tenant + user)
        except TooManyRequests as refused:
            said = ",".join(refused.document()["violated-policies"])
        assert said == reckoning.take((tenant, tenant + user), int(clock()))


HOSTILE = ["", " ", "\0", "\r\nFLUSHALL\r\n", "{a}{b}", "*", "é", "\ud800", "0", "x" * 100_000]


async def test_whatever_a_key_holds_is_a_key_of_its_own(new_limits: NewLimits) -> None:
    limits = new_limits([Quota("address", 2, 60)])
    for _ in range(2):
        for key in HOSTILE:
            await limits.take((key,))
    for key in HOSTILE:
        with pytest.raises(TooManyRequests):
            await limits.take((key,))


def test_many_keys_take_no_more_memory() -> None:
    counts = OwnCounts([Quota("address", 1, 60)], lambda: 0.0)
    for number in range(OwnCounts.REMEMBERED + 100):
        counts.add((number,))
    ((_, buckets),) = counts._buckets
    assert len(buckets) == OwnCounts.REMEMBERED
