"""Gateways that count in one Redis: together they grant each quota once, and none waits for it."""

import asyncio
import logging
import re
import signal
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from chassis.problems import TooManyRequests
from cli.local.valkey import Valkey
from gateway.edge.addresses import household
from gateway.edge.limits.limits import Limits
from gateway.edge.limits.quota import Quota
from gateway.edge.limits.shared import sharing
from gateway.settings import GatewaySettings
from gateway.tests.component.limits.conftest import Clock, counted_alone, settings_for

ADDRESS = Quota("address", 4, 60)


async def grants(limits: Limits, keys: Sequence[object]) -> bool:
    try:
        await limits.take(keys)
    except TooManyRequests:
        return False
    return True


asked = st.tuples(st.integers(0, 1), st.sampled_from("wxyz"))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=st.lists(asked, max_size=40))
async def test_of_requests_at_the_same_time_so_many_are_granted_as_one_gateway_would(
    valkey: Valkey, share: Any, requests: list[tuple[int, str]]
) -> None:
    quotas = [Quota("tenant", 10, 60), Quota("user", 4, 60)]
    gateways = [Limits(quotas, await share(valkey)) for _ in range(2)]
    tenant, before = uuid4(), counted_alone()
    granted = await asyncio.gather(
        *(grants(gateways[gateway], (tenant, f"{tenant}{user}")) for gateway, user in requests)
    )
    of_users = Counter(user for (_, user), is_granted in zip(requests, granted, strict=True)
                       if is_granted)  # fmt: skip
    assert of_users.total() <= 10
    assert all(count <= 4 for count in of_users.values())
    for (_, user), is_granted in zip(requests, granted, strict=True):
        assert is_granted or of_users[user] == 4 or of_users.total() == 10
    assert counted_alone() == before


async def test_a_flood_on_both_gateways_is_granted_the_quota_once(
    valkey: Valkey, share: Any
) -> None:
    gateways = [Limits([Quota("tenant", 50, 60)], await share(valkey)) for _ in range(2)]
    tenant = uuid4()
    granted = await asyncio.gather(
        *(grants(gateways[number % 2], (tenant,)) for number in range(1_000))
    )
    assert sum(granted) == 50


async def test_what_is_counted_is_not_told_and_goes_when_it_is_over(
    valkey: Valkey, redis: Redis, share: Any, clock: Clock
) -> None:
    limits = Limits([ADDRESS], await share(valkey))
    for address in ("192.0.2.7", household("2001:db8::7"), "192.0.2.7"):
        await limits.take((address,))
    names = list(redis.scan_iter())
    assert len(names) == 2
    assert all(re.fullmatch(rb"meridian:limit:address:[0-9a-f]{32}", name) for name in names)
    assert all(0 < redis.pttl(name) <= 30_001 for name in names)
    clock.advance(31)
    assert redis.exists(*names) == 0


async def test_a_user_of_few_rights_is_enough_and_other_passwords_make_other_names(
    valkey: Valkey, redis: Redis, share: Any
) -> None:
    """Whoever sees names only cannot try all addresses: what they are made with is not there."""
    commands = ["+evalsha", "+script|load", "+time", "+get", "+set"]
    redis.acl_setuser(
        "gateways", enabled=True, passwords=["+p"], keys=["meridian:limit:*"], commands=commands
    )
    await Limits([ADDRESS], await share(valkey)).take(("192.0.2.7",))
    redis.script_flush()
    before = counted_alone()
    url = valkey.url.partition("@")[2]
    settings = GatewaySettings(
        database_url="", limits_url=f"redis://gateways:p@{url}", limits_seconds=30.0
    )
    async with sharing(settings) as shared:
        await Limits([ADDRESS], shared).take(("192.0.2.7",))
    redis.acl_deluser("gateways")
    assert counted_alone() == before
    assert len(list(redis.scan_iter())) == 2


@pytest.mark.parametrize(
    "foreign", ["", "x", "1", "x y", "nan nan", "inf 0", "-inf inf", "1e999 1e999", "9 9e99", "4 0"]
)
async def test_what_others_write_into_a_bucket_locks_nobody_out(
    valkey: Valkey, redis: Redis, share: Any, clock: Clock, foreign: str
) -> None:
    limits = Limits([ADDRESS], await share(valkey))
    await limits.take(("a",))
    (name,) = redis.scan_iter()
    redis.set(name, foreign)
    # At the worst the bucket is taken for full, and leaks from now on.
    await grants(limits, ("a",))
    clock.advance(16)
    assert await grants(limits, ("a",))
    redis.delete(name)
    redis.rpush(name, "no bucket")
    before = counted_alone()
    assert await grants(limits, ("a",))
    assert counted_alone() == before + 1


@pytest.mark.usefixtures("redis")
async def test_a_clock_that_is_put_back_locks_nobody_out(
    valkey: Valkey, share: Any, clock: Clock
) -> None:
    limits = Limits([ADDRESS], await share(valkey))
    assert [await grants(limits, ("a",)) for _ in range(5)] == [True] * 4 + [False]
    clock.advance(-86_400)
    assert not await grants(limits, ("a",))
    clock.advance(16)
    assert [await grants(limits, ("a",)) for _ in range(2)] == [True, False]


@pytest.mark.usefixtures("redis")
async def test_a_quota_made_smaller_holds_from_now_on(
    valkey: Valkey, share: Any, clock: Clock
) -> None:
    shared = await share(valkey)
    large, small = (Limits([Quota("address", most, 60)], shared) for most in (1_000, 2))
    for _ in range(100):
        await large.take(("a",))
    with pytest.raises(TooManyRequests) as refused:
        await small.take(("a",))
    assert refused.value.headers["Retry-After"] == "30"
    clock.advance(31)
    assert [await grants(small, ("a",)) for _ in range(2)] == [True, False]


async def until_shared(limits: Limits) -> None:
    """Ask for others until the server is asked again."""
    while True:
        before = counted_alone()
        await limits.take((uuid4(),))
        if counted_alone() == before:
            return


async def test_without_the_server_a_gateway_counts_by_itself_and_comes_back(
    own_valkey: Valkey, share: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="gateway.edge.limits.shared")
    one = Limits([ADDRESS], await share(own_valkey, breaker_failures=2))
    other = Limits([ADDRESS], await share(own_valkey, breaker_failures=2))
    assert [await grants(one, ("a",)) for _ in range(3)] == [True] * 3
    assert [await grants(other, ("a",)) for _ in range(2)] == [True, False]
    assert caplog.records == []
    own_valkey.kill()
    before = counted_alone()
    assert [await grants(one, ("a",)) for _ in range(6)] == [True] * 4 + [False] * 2
    assert counted_alone() == before + 6
    (record,) = caplog.records
    assert record.message.startswith("limits are counted by this gateway alone: ")
    assert "between gateways" not in caplog.text
    own_valkey.start()
    await until_shared(one)
    await until_shared(other)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    granted = [await grants(limits, ("b",)) for limits in (one, other, one, other, one)]
    assert granted == [True] * 4 + [False]


def answers_at_once(asking: Coroutine[Any, Any, object]) -> bool:
    """Whether what is asked has its answer without waiting for anything."""
    try:
        asking.send(None)
    except StopIteration:
        return True
    asking.close()
    return False


async def test_a_silent_server_is_waited_for_by_few(own_valkey: Valkey, share: Any) -> None:
    given = {"limits_seconds": 0.05, "breaker_failures": 2, "breaker_seconds": 3_600.0}
    limits = Limits([Quota("address", 100, 60)], await share(own_valkey, **given))
    await until_shared(limits)
    own_valkey.process.send_signal(signal.SIGSTOP)
    before = counted_alone()
    assert not answers_at_once(limits.take(("a",)))
    for _ in range(2):
        await limits.take(("a",))
    assert all(answers_at_once(limits.take(("a",))) for _ in range(20))
    assert counted_alone() == before + 22
    own_valkey.kill()


async def test_a_server_that_lets_nobody_in_is_as_good_as_none(
    own_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = own_valkey.url.replace("between", "among")
    settings = settings_for(own_valkey, breaker_failures=1).model_copy(
        update={"limits_url": GatewaySettings(database_url="", limits_url=wrong).limits_url}
    )
    async with sharing(settings) as shared:
        limits = Limits([ADDRESS], shared)
        assert [await grants(limits, ("a",)) for _ in range(5)] == [True] * 4 + [False]
    assert "among" not in caplog.text


@pytest.mark.parametrize("url", ["", "http://a", "redis://:se/cret@a:b", "redis://a:6379:cret"])
async def test_what_is_no_url_of_a_redis_is_refused_and_not_told(url: str) -> None:
    settings = GatewaySettings(database_url="", limits_url=url)
    with pytest.raises(ValueError, match="GATEWAY_LIMITS_URL") as refused:
        async with sharing(settings):
            pass
    assert "cret" not in str(refused.value)
