"""What a report is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from analytics.reports.request import Choice, ReportRequest
from analytics.reports.store import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Found at `/v1/reports/<name>`; `make` reads the facts and gives an `answer`.

    `counts` are the fields of records that every answer shows or counts by, as
    `deals.amount`: whoever does not see one of them gets no answer.
    """

    name: str
    summary: str
    answer: type
    make: Callable[[Reading], Awaitable[Any]]
    counts: tuple[str, ...]
    choices: tuple[Choice, ...] = ()

    def counts_by(self, asked: ReportRequest) -> Iterator[str]:
        """The fields that the answer to a request shows or counts by."""
        yield from self.counts
        for choice in self.choices:
            yield from choice.counts.get(asked.choices[choice.name], ())
        if asked.pipeline is not None:
            yield "deals.pipeline"
        if asked.currency is not None:
            yield "deals.amount"
