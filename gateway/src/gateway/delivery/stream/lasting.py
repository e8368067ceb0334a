"""Answers that last: what has been let in, and answered so far, goes on outside of the framework.

A request is a matter of a moment to it, with a deadline, and with much that is kept for
as long as it is answered: too much to be kept for each of thousands of streams.
"""

from __future__ import annotations

from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

_PLACE = "lasting"


class LastingAnswer(Protocol):
    """What goes on: `run` sends the rest of the body, `leave` is called when nobody listens.

    One of `run` and `close` is called, once.
    """

    async def run(self, send: Send) -> None: ...

    def leave(self) -> None: ...

    def close(self) -> None: ...


def go_on(scope: Scope, answer: LastingAnswer) -> None:
    """Have `answer` go on when the application has returned from this request."""
    scope["state"][_PLACE] = answer


class Lasting:
    """An application whose answers may go on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except BaseException:
            if answer := scope.get("state", {}).pop(_PLACE, None):
                answer.close()
            raise
        state = scope.get("state", {})
        answer = state.pop(_PLACE, None)
        if answer is not None:
            await _run(answer, state, send)


async def _run(answer: LastingAnswer, state: dict[str, object], send: Send) -> None:
    # As the gateway's listening tells who answers.
    state["on_leaving"] = answer.leave
    if state.get("has_left"):
        answer.leave()
    try:
        await answer.run(send)
    finally:
        state.pop("on_leaving", None)
