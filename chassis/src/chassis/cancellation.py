"""Cancellations: those that strayed here, and work that must not be cut short by them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

log = logging.getLogger(__name__)

Result = TypeVar("Result")

_END_SECONDS = 10.0


@contextmanager
def no_strays() -> Iterator[None]:
    """In this block a CancelledError that nobody asked this task for is a ConnectionError.

    aiokafka cancels futures of its own as a connection ends. Whoever awaits one of them would end
    as if cancelled too, and in a TaskGroup nobody would notice that.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        log.info("a cancellation strayed here", exc_info=error)
        raise ConnectionError("the broker's client gave a request up") from error


async def to_its_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Do `work` to its end even when cancelled, if that does not take long.

    A client of the broker that is cut short while it connects leaves a connection behind, which
    its `stop` knows nothing of.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    finally:
        await asyncio.wait({task}, timeout=_END_SECONDS)
        task.cancel()
