"""Setting clocks wrong, and seeing that they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from random import Random

import aiohttp
import asyncpg

from cli.local.ports import LOOPBACK
from cli.torture.clocks import SERVERS
from cli.torture.nemesis.fault import Missed
from cli.torture.stage import Stage

_SEEN_SECONDS = 4.0
_TOLERANCE = 2.0


async def of_service(stage: Stage, dice: Random, seconds: float) -> str:
    """The clock of one process of a service jumps, to and fro."""
    name = dice.choice(stage.named("api", "worker", "all"))
    offset = _offset(dice, 86_400)

    async def told() -> float:
        timeout = aiohttp.ClientTimeout(total=1)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://{LOOPBACK}:{stage.ports[name]}/livez") as answer,
        ):
            return parsedate_to_datetime(answer.headers["Date"]).timestamp()

    return await _skewed(stage, name, offset, seconds, told)


async def of_postgres(stage: Stage, dice: Random, seconds: float) -> str:
    """The database's clock jumps, by which leases are counted."""
    # What was recorded within a day is sent again: that far the clock must be right.
    offset = _offset(dice, 3_600)

    async def told() -> float:
        connection = await asyncpg.connect(stage.addresses.databases["sales"], timeout=1)
        try:
            moment = await connection.fetchval("select clock_timestamp()", timeout=1)
            return float(moment.timestamp())
        finally:
            connection.terminate()

    return await _skewed(stage, SERVERS, offset, seconds, told)


def _offset(dice: Random, farthest: int) -> int:
    """Often within what identities forgive, sometimes far beyond."""
    far = dice.choice((3, 3, 30, 600, farthest))
    return dice.choice((far, -far))


async def _skewed(
    stage: Stage, name: str, offset: int, seconds: float, told: Callable[[], Awaitable[float]]
) -> str:
    try:
        stage.clocks.set(name, offset)
        seen = await _once_skewed(offset, told)
        await asyncio.sleep(seconds)
    finally:
        stage.clocks.set(name, 0)
    return f"{name} by {offset:+d} s for {seconds:.1f} s, seen {seen:+.0f} s"


async def _once_skewed(offset: int, told: Callable[[], Awaitable[float]]) -> float:
    """By how much the clock is wrong, once it is; `Missed` when that is not seen."""
    deadline = time.monotonic() + _SEEN_SECONDS
    while time.monotonic() < deadline:
        try:
            seen = await told() - time.time()
            if abs(seen - offset) <= _TOLERANCE:
                return seen
        except (aiohttp.ClientError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            pass
        await asyncio.sleep(0.1)
    raise Missed("nobody could be asked the time meanwhile")
