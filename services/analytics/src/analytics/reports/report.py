"""What a report is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from analytics.reports.request import Choice
from analytics.reports.store import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Found at `/v1/reports/<name>`; `make` reads the facts and gives an `answer`."""

    name: str
    summary: str
    answer: type
    make: Callable[[Reading], Awaitable[Any]]
    choices: tuple[Choice, ...] = ()
