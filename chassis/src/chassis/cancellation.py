"""Telling a cancellation that was meant from one that strayed here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


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
