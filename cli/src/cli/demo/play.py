"""Playing the half-year once: from its beginning, from where it was cut short, or not at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cli.client import Client
from cli.demo import bookmark
from cli.demo.load import Telling
from cli.demo.scenario import Scenario
from cli.demo.screen import Screen
from cli.demo.story import tell
from cli.demo.tenancy import enter


@dataclass(frozen=True, slots=True)
class Played:
    """The scenario that the platform holds now, and what this run did for it.

    `verdicts` counts records by what became of them; it is empty when all was
    there before.
    """

    scenario: Scenario
    verdicts: Counter[str] = field(default_factory=Counter)

    def in_words(self, asked: Scenario, seconds: float) -> str:
        """What happened, in a sentence or two; `asked` is what the user wanted to see."""
        if self.verdicts:
            counts = ", ".join(f"{count:,} {verdict}" for verdict, count in self.verdicts.items())
            return f"Played {self.scenario.written()}: {counts} in {seconds:.1f} s."
        said = f"The half-year is here already ({self.scenario.written()}): nothing was written."
        if (asked.seed, asked.customers, asked.deals) != (
            self.scenario.seed,
            self.scenario.customers,
            self.scenario.deals,
        ):
            said += " For another one, forget it first: ./meridian down --erase"
        return said


async def play(client: Client, bootstrap_token: str, scenario: Scenario, screen: Screen) -> Played:
    """Sign in, and play what is missing.

    A story that was begun is told to its end as it was begun, whatever is asked
    for now. Raises `NotOurs`, `Refused`, and what the client raises.
    """
    with screen.step("Signed in", 1):
        await enter(client, bootstrap_token)
        mark = await bookmark.find(client)
    if mark.scenario is not None and mark.is_told:
        return Played(mark.scenario)
    if mark.scenario is None:
        await bookmark.leave(client, mark.root, scenario, is_told=False)
    else:
        scenario = mark.scenario
    telling = Telling(client, tell(scenario), mark.root, screen)
    await telling.run()
    await bookmark.leave(client, mark.root, scenario, is_told=True)
    return Played(scenario, telling.verdicts)
