"""Who was refused what: a log for operators, without a word that tells of a person.

Ids of tenant, user and session are in it, addresses and what was sent are not.
Changes need no such log: each is an event in its owner's journal, with its actor.
"""

from __future__ import annotations

import logging
import time

from prometheus_client import Counter
from starlette.types import Scope

from gateway.directory.sessions.session import Session

log = logging.getLogger(__name__)

REFUSALS = Counter(
    "meridian_edge_refusals_total", "Requests that the door refused", ("status", "problem")
)


class Refusals:
    """Writes refusals down, `a_second` of them at the most: a flood must not fill the disk."""

    def __init__(self, a_second: int) -> None:
        self._most = a_second
        self._second = 0
        self._written = 0
        self._left_out = 0

    def note(self, status: int, problem: str, scope: Scope, session: Session | None) -> None:
        """A request was refused with `status`; `problem` is the problem's name."""
        REFUSALS.labels(str(status), problem).inc()
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._written = second, 0
        if self._written >= self._most:
            self._left_out += 1
            return
        self._written += 1
        left_out, self._left_out = self._left_out, 0
        log.warning(
            "refused",
            extra={
                "status": status,
                "problem": problem,
                "method": scope["method"],
                "route": getattr(scope.get("route"), "path", "-"),
                **(_known(session) if session is not None else {}),
                **({"left_out_before": left_out} if left_out else {}),
            },
        )


def _known(session: Session) -> dict[str, object]:
    return {"tenant": session.tenant, "user": session.user, "session": session.id}
