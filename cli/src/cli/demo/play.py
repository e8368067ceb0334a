"""Playing the half-year once: from its beginning, from where it was cut short, or not at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cli.demo import bookmark, figures
from cli.demo.figures import Figures
from cli.demo.load import Telling
from cli.demo.scenario import Scenario
from cli.demo.screen import Screen
from cli.demo.story import tell
from cli.demo.tenancy import enter
from meridian_client import AsyncMeridian


@dataclass(frozen=True, slots=True)
class Played:
    """The scenario that the platform holds now, its figures, and what this run did for it.

    `verdicts` counts records by what became of them; it is empty when all was
    there before.
    """

    scenario: Scenario
    figures: Figures
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


async def play(
    client: AsyncMeridian, bootstrap_token: str, scenario: Scenario, screen: Screen
) -> Played:
    """Sign in, play what is missing, and wait until analytics agrees.

    A story that was begun is told to its end as it was begun, whatever is asked
    for now. Raises `NotOurs`, `Refused`, and what the client raises.
    """
    with screen.step("Signed in", 1):
        await enter(client, bootstrap_token)
        mark = await bookmark.find(client)
    if mark.scenario is not None and mark.is_told:
        return Played(mark.scenario, await _agreed(client, screen))
    if mark.scenario is None:
        await bookmark.leave(client, mark.root, scenario, is_told=False)
    else:
        scenario = mark.scenario
    telling = Telling(client, tell(scenario), str(mark.root), screen)
    await telling.run()
    answered = await _agreed(client, screen)
    await bookmark.leave(client, mark.root, scenario, is_told=True)
    return Played(scenario, answered, telling.verdicts)


async def _agreed(client: AsyncMeridian, screen: Screen) -> Figures:
    with screen.step("Analytics agrees", 1):
        return await figures.read(client)
