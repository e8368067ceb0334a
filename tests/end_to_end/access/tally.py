"""What came of asking: per route, role, reach and tenant, and every answer that was wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.end_to_end.access.reaches import Worker

Route = tuple[str, str]
"""The method and the path as the API's description has it."""


@dataclass
class Tally:
    """Every judgement. `wrong` says what should not have been, a leak first of all."""

    allowed: Counter[tuple[Route, str, str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[Route, str, str, str]] = field(default_factory=Counter)
    leaks: Counter[tuple[Route, str, str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def judge(
        self, route: Route, worker: Worker, far: str | None, *, expected: bool, got: bool, what: str
    ) -> None:
        """Count one answer, which gave something or did not."""
        place = (route, worker.role, far or "-", worker.company)
        if got and not expected:
            self.leaks[place] += 1
            self.wrong.append(f"leak: {' '.join(route)}: {worker} gets {what}")
        elif expected and not got:
            self.wrong.append(f"withheld: {' '.join(route)}: {worker} does not get {what}")
        elif expected:
            self.allowed[place] += 1
        else:
            self.refused[place] += 1

    def complain(self, route: Route, worker: Worker, what: str) -> None:
        self.wrong.append(f"wrong: {' '.join(route)}: {worker}: {what}")

    def routes(self) -> set[Route]:
        return {place[0] for counted in self._counted() for place in counted}

    def total(self, of: Counter[tuple[Route, str, str, str]], route: Route, role: str) -> int:
        return sum(n for place, n in of.items() if place[:2] == (route, role))

    def combined(self) -> str:
        """What was allowed, refused and leaked by role, reach and tenant, over all routes."""
        places = {place for counted in self._counted() for place in counted}
        tenants = sorted({place[3] for place in places})
        titles = ["role", "reach", "routes"]
        titles += [f"{tenant}: allowed, refused, leaks" for tenant in tenants]
        lines = [_row(titles), _row(["---"] * len(titles))]
        for kind in sorted({place[1:3] for place in places}):
            alike = {place for place in places if place[1:3] == kind}
            cells = [*kind, str(len({place[0] for place in alike}))]
            for tenant in tenants:
                own = [place for place in alike if place[3] == tenant]
                sums = [sum(counted[place] for place in own) for counted in self._counted()]
                cells.append(", ".join(map(str, sums)) if own else "-")
            lines.append(_row(cells))
        return "\n".join(lines)

    def table(self) -> str:
        """Routes, roles, reaches and tenants, with what was allowed, refused and leaked."""
        places = sorted({place for counted in self._counted() for place in counted})
        lines = ["| route | role | reach | tenant | allowed | refused | leaks |"]
        lines.append("|---|---|---|---|---|---|---|")
        lines += [
            f"| {' '.join(place[0])} | {' | '.join(place[1:])} | {self.allowed[place]} "
            f"| {self.refused[place]} | {self.leaks[place]} |"
            for place in places
        ]
        return "\n".join([self.combined(), "", *lines, "", self.summary()])

    def summary(self) -> str:
        sums = [sum(counted.values()) for counted in self._counted()]
        return f"{len(self.routes())} routes: {sums[0]} allowed, {sums[1]} refused, {sums[2]} leaks"

    def _counted(self) -> tuple[Counter[tuple[Route, str, str, str]], ...]:
        return self.allowed, self.refused, self.leaks


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
