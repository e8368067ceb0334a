"""The whole half-year at once: who buys, what is sold, what is said, what is spent."""

from __future__ import annotations

from dataclasses import dataclass

from cli.demo.campaigns import Spend, spends
from cli.demo.customers import Company, Person, companies, people
from cli.demo.deals import Deal, deals
from cli.demo.leads import Submission, submissions
from cli.demo.scenario import Scenario
from cli.demo.touches import Touch, touches


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that a scenario amounts to, in the order in which it is to be told."""

    scenario: Scenario
    companies: list[Company]
    people: list[Person]
    deals: list[Deal]
    touches: list[Touch]
    spends: list[Spend]
    submissions: list[Submission]


def tell(scenario: Scenario) -> Story:
    """The story of a scenario, always the same one."""
    organisations = companies(scenario)
    persons = people(scenario, organisations)
    sold = list(deals(scenario, organisations, persons))
    return Story(
        scenario=scenario,
        companies=organisations,
        people=persons,
        deals=sold,
        touches=list(touches(scenario, sold)),
        spends=list(spends(scenario)),
        submissions=submissions(scenario),
    )
