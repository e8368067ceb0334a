"""How long a caller waits for an answer: what is still at work then is stopped.

The gateway says in `Meridian-Time-Left` how many milliseconds are left. A service
that has not begun to answer by then cancels what it does, which stops its
statement in the database and undoes its transaction, and answers 504.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.problems import DeadlinePassed, MalformedRequest, Problem
from chassis.web.problems import problem_response

TIME_LEFT = "meridian-time-left"
_TIME_LEFT = TIME_LEFT.encode()
_LONGEST = 9


def seconds_left(headers: Iterable[tuple[bytes, bytes]]) -> float | None:
    """How long the sender of `headers` waits; None when it does not say.

    Raises `MalformedRequest` for what is no number of milliseconds above zero.
    """
    for name, value in headers:
        if name == _TIME_LEFT:
            if not value.isdigit() or len(value) > _LONGEST or int(value) == 0:
                raise MalformedRequest("whole milliseconds, at least 1", field=TIME_LEFT)
            return int(value) / 1000
    return None


class Deadlined:
    """An ASGI application whose requests stop in time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def answering(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        problem: Problem
        try:
            seconds = seconds_left(scope["headers"])
            if seconds is None:
                await self._app(scope, receive, send)
                return
            async with asyncio.timeout(seconds) as timeout:
                await self._app(scope, receive, answering)
            return
        except MalformedRequest as malformed:
            problem = malformed
        except TimeoutError:
            if has_begun or not timeout.expired():
                raise
            problem = DeadlinePassed(
                "the time that the caller gave is over, and the work is given up"
            )
        await problem_response(problem)(scope, receive, send)
