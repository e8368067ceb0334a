"""Waiting for an event, or a while."""

from __future__ import annotations

import asyncio

import pytest

from chassis.transactions import wait_or_timeout


@pytest.mark.parametrize("turns", range(5))
async def test_who_is_cancelled_as_the_event_comes_is_cancelled(turns: int) -> None:
    """`asyncio.wait_for` of Python 3.11 forgets it: who waits in a loop would go on for ever."""
    event = asyncio.Event()
    waiting = asyncio.create_task(wait_or_timeout(event, 60))
    for _ in range(5):
        await asyncio.sleep(0)
    event.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    had_ended = waiting.done()
    waiting.cancel()
    await asyncio.wait({waiting})
    assert had_ended or waiting.cancelled()


async def test_an_event_that_does_not_come_is_waited_for_only_so_long() -> None:
    event = asyncio.Event()
    await wait_or_timeout(event, 0.01)
    event.set()
    await wait_or_timeout(event, 60)
    assert not event.is_set()
