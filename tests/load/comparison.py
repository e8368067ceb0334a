"""What is measured side by side, and the table that says so."""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import uvloop

from chassis.service import calm_garbage_collection
from cli.local.broker import BrokerKind
from tests.load.ground import Ground, ground


@dataclass
class Comparison:
    """Two figures of the same unit, taken in turn, and the ratio that is asked of them.

    Without a `target` the ratio is told and asked for nothing.
    """

    what: str
    unit: str
    target: float | None = None
    at_most: bool = False
    ours: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)

    def add(self, ours: float, peer: float) -> None:
        """The figures of one round."""
        self.ours.append(ours)
        self.peer.append(peer)

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.peer)

    @property
    def is_short(self) -> bool:
        """Whether the target is missed."""
        if self.target is None:
            return False
        return self.ratio > self.target if self.at_most else self.ratio < self.target

    def line(self) -> str:
        """One line of the table."""
        rounds = [ours / peer for ours, peer in zip(self.ours, self.peer, strict=True)]
        spread = f"({min(rounds):.2f} to {max(rounds):.2f})"
        sign = "≤" if self.at_most else "≥"
        wanted = f"{sign} {self.target:g}" if self.target is not None else "–"
        verdict = "" if self.target is None else "SHORT" if self.is_short else "ok"
        return (
            f"{self.what:56} {_figure(self.ours):>9} {_figure(self.peer):>9} {self.unit:3}"
            f" {self.ratio:7.2f} {spread:18} {wanted:>7}  {verdict}"
        )


def _figure(values: Sequence[float]) -> str:
    median = statistics.median(values)
    return f"{median:,.0f}" if median >= 100 else f"{median:,.2f}"


Measure: TypeAlias = Callable[[Ground, int, int], Coroutine[Any, Any, list[Comparison]]]
"""What a script does on a ground, with so many journal rows, in so many rounds."""


def run(description: str | None, *measures: Measure, rounds: int = 5) -> int:
    """The command line of a script: measure, print the table; 1 when a target is missed."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=rounds, help="of each side, in turn")
    parser.add_argument("--kafka", action="store_true", help="on Apache Kafka")
    parser.add_argument(
        "--journal", type=int, nargs="+", default=[10_000], help="rows that are there already"
    )
    given = parser.parse_args()
    # As every service does when it starts.
    calm_garbage_collection()
    compared: list[Comparison] = []
    with (
        ground(BrokerKind.KAFKA if given.kafka else BrokerKind.TANSU) as measured_on,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        for rows in given.journal:
            print(f"\n{measured_on.broker}, {os.cpu_count()} cores, journal of {rows:,} rows")
            print(
                f"{'median of rounds':56} {'ours':>9} {'peer':>9} {'':3}"
                f" {'ratio':>7} {'(of rounds)':18} {'target':>7}"
            )
            for measure in measures:
                for comparison in runner.run(measure(measured_on, rows, given.rounds)):
                    compared.append(comparison)
                    print(comparison.line(), flush=True)
    return int(any(comparison.is_short for comparison in compared))
