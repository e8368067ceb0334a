"""Requests counted in a Redis, by all gateways: together they grant each quota once.

One server is meant, or what looks like one: the buckets of requests that are counted
together are anywhere in it. It is asked for as long as it answers within a few
milliseconds. While it does not, whoever asks is told so, and counts by itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as BrokenOff
from redis.exceptions import RedisError

from chassis.problems import Unavailable
from gateway.edge.breaker import Breaker
from gateway.edge.limits.quota import Quota
from gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

ALONE = Counter(
    "meridian_edge_limits_alone_total",
    "Requests that this gateway counted by itself, for want of the shared counts",
)

_SCRIPT = (Path(__file__).parent / "add.lua").read_text()
_MOST_TOGETHER = 200
_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 1.0
_MICROSECONDS = 1_000_000
_FAILURES = (RedisError, OSError, TimeoutError, ValueError)

_Counted: TypeAlias = "asyncio.Future[list[float] | None]"
_Waiting: TypeAlias = tuple[Sequence[Quota], list[str], _Counted]


class SharedCounts:
    """How full the buckets are that all gateways of `settings.limits_url` fill together.

    What comes while an answer is on its way is asked next, all in one round trip.
    """

    def __init__(self, url: str, settings: GatewaySettings) -> None:
        """Describe the counts. Nothing is connected yet. ValueError for what is no URL of one."""
        self._redis = Redis.from_url(
            url,
            protocol=2,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
            # A connection that the server has closed meanwhile is no failure of the server.
            retry=Retry(NoBackoff(), 1, (BrokenOff,)),
        )
        self._add = self._redis.register_script(_SCRIPT)
        password = self._redis.connection_pool.connection_kwargs.get("password") or ""
        self._secret = hashlib.sha256(password.encode()).digest()
        self._seconds = settings.limits_seconds
        self._breaker = Breaker(
            "the limits' Redis", settings.breaker_failures, settings.breaker_seconds
        )
        self._waiting: list[_Waiting] = []
        self._asking: asyncio.Task[None] | None = None
        self._trouble: BaseException | None = None

    async def add(self, quotas: Sequence[Quota], keys: Sequence[object]) -> list[float] | None:
        """How full the buckets are with one more request, as `OwnCounts.add` tells it.

        None when that is not to be learnt now: then nothing is said of what was counted.
        """
        try:
            self._breaker.check()
            levels = await self._asked(quotas, keys)
        except Unavailable:
            levels = None
        if levels is None:
            ALONE.inc()
        return levels

    async def _asked(self, quotas: Sequence[Quota], keys: Sequence[object]) -> list[float] | None:
        counted: _Counted = asyncio.get_running_loop().create_future()
        buckets = [self._bucket(quota, key) for quota, key in zip(quotas, keys, strict=True)]
        self._waiting.append((quotas, buckets, counted))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        levels = None
        try:
            async with asyncio.timeout(self._seconds):
                levels = await counted
        except TimeoutError:
            self._trouble = TimeoutError(f"no answer within {self._seconds} s")
        self._note(levels is not None)
        return levels

    def _bucket(self, quota: Quota, key: object) -> str:
        """The name of a bucket. Addresses are personal data, so all that is counted is hashed.

        The server's password makes that one-way for whoever sees only the names: in a
        dump, a log, or a replica of it.
        """
        digest = hashlib.blake2b(
            str(key).encode("utf-8", "surrogatepass"), key=self._secret, digest_size=16
        )
        return f"meridian:limit:{quota.name}:{digest.hexdigest()}"

    def _note(self, is_well: bool) -> None:
        was_away = self._breaker.is_open
        if is_well:
            self._breaker.succeeded()
            if was_away:
                log.info("limits are counted together with other gateways again")
        else:
            self._breaker.failed()
            if self._breaker.is_open and not was_away:
                log.warning("limits are counted by this gateway alone: %s", self._trouble)

    async def _ask(self) -> None:
        batch: list[_Waiting] = []
        try:
            while batch := self._next():
                await self._count(batch)
        finally:
            self._asking = None
            _tell_nothing([*batch, *self._waiting])
            self._waiting.clear()

    def _next(self) -> list[_Waiting]:
        """Those that have waited longest, without those that wait no more."""
        waiting = [one for one in self._waiting if not one[2].done()]
        batch, self._waiting = waiting[:_MOST_TOGETHER], waiting[_MOST_TOGETHER:]
        return batch

    async def _count(self, batch: list[_Waiting]) -> None:
        names, numbers = [], []
        for quotas, buckets, _ in batch:
            names += buckets
            numbers.append(str(len(quotas)))
            for quota in quotas:
                numbers += str(quota.requests), repr(quota.interval * _MICROSECONDS)
        try:
            levels = [float(level) for level in await self._add(keys=names, args=numbers)]
            if len(levels) != len(names):
                raise ValueError(f"{len(levels)} levels of {len(names)} buckets")
        except _FAILURES as error:
            self._trouble = error
            _tell_nothing(batch)
            return
        for quotas, _, counted in batch:
            own, levels = levels[: len(quotas)], levels[len(quotas) :]
            if not counted.done():
                counted.set_result(own)

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])
        await self._redis.aclose()


def _tell_nothing(waiting: Sequence[_Waiting]) -> None:
    for _, _, counted in waiting:
        if not counted.done():
            counted.set_result(None)


@asynccontextmanager
async def sharing(settings: GatewaySettings) -> AsyncIterator[SharedCounts | None]:
    """The counts that gateways share, None where the settings name none."""
    if settings.limits_url is None:
        yield None
        return
    try:
        counts = SharedCounts(settings.limits_url.get_secret_value(), settings)
    except ValueError:
        # What it says of the URL may be a part of the password.
        raise ValueError("GATEWAY_LIMITS_URL is no redis:// or rediss:// URL") from None
    try:
        yield counts
    finally:
        await counts.close()
