"""A cancellation that nobody asked for is a failure; one that was asked for is a cancellation."""

from __future__ import annotations

import asyncio

import pytest

from chassis.cancellation import no_strays, to_its_end


async def test_a_future_that_was_cancelled_elsewhere_is_a_failure_of_the_connection() -> None:
    answer = asyncio.get_running_loop().create_future()
    answer.cancel()
    with pytest.raises(ConnectionError), no_strays():
        await answer


async def test_who_is_cancelled_is_cancelled() -> None:
    async def wait() -> None:
        with no_strays():
            await asyncio.Event().wait()

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()


async def test_a_timeout_in_the_block_is_a_timeout() -> None:
    with pytest.raises(TimeoutError), no_strays():
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()


async def test_work_that_is_done_to_its_end_ends_before_its_cancellation_goes_on() -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await may_end.wait()
        ended.set()

    task = asyncio.create_task(to_its_end(work()))
    await begun.wait()
    task.cancel()
    asyncio.get_running_loop().call_soon(may_end.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_what_work_comes_to_is_passed_on() -> None:
    async def seven() -> int:
        return 7

    async def fail() -> int:
        raise ConnectionError("away")

    assert await to_its_end(seven()) == 7
    with pytest.raises(ConnectionError, match="away"):
        await to_its_end(fail())
