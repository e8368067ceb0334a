"""What is to be played: which half-year, how much of it, and by which throw of the dice.

The same scenario always gives the same company, customers and deals, to the cent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Self

HALF_A_YEAR = 182
SEED, CUSTOMERS, DEALS = 7, 2_400, 3_200

_WRITTEN = re.compile(r"seed (\d+), to (\d{4}-\d\d-\d\d), (\d+) customers, (\d+) deals")


@dataclass(frozen=True, slots=True)
class Scenario:
    """`last_day` is the day on which the demo was first asked for.

    `customers` counts companies and people together. What has been done was done
    on the days before `last_day`; from that day on there are plans.
    """

    last_day: date
    seed: int = SEED
    customers: int = CUSTOMERS
    deals: int = DEALS

    @property
    def first_day(self) -> date:
        """The day on which the story begins."""
        return self.last_day - timedelta(days=HALF_A_YEAR)

    @property
    def yesterday(self) -> date:
        """The last day on which anything was done."""
        return self.last_day - timedelta(days=1)

    def dice(self, part: str) -> Random:
        """The dice of one part of the story: changing one part leaves the others as they are."""
        return Random(f"{self.seed} {self.last_day} {part}")

    def written(self) -> str:
        """The scenario in one line, as `read` takes it back."""
        return (
            f"seed {self.seed}, to {self.last_day}, {self.customers} customers, {self.deals} deals"
        )

    @classmethod
    def read(cls, line: str) -> Self | None:
        """The scenario that `line` says; None when it says none."""
        match = _WRITTEN.fullmatch(line)
        if match is None:
            return None
        seed, last_day, customers, deals = match.groups()
        return cls(date.fromisoformat(last_day), int(seed), int(customers), int(deals))
