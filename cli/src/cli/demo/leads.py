"""Strangers who fill in the form on the site today. What becomes of them is the platform's work."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from cli.demo.company import SALES_OFFICES, Office
from cli.demo.names import person_name, proper_name
from cli.demo.scenario import Scenario
from cli.imports.logins import login_of

DEALS_FOR_A_LEAD = 100
"""One lead for so many deals of the half-year, and at least `FEWEST`."""
FEWEST = 3

_WISHES = {
    "ru": (
        "Нужна машина в новую кофейню, открываемся через месяц.",
        "Сколько стоит обслуживание двух автоматов?",
        "Хотим кофе в офис на сорок человек.",
        "Можно приехать на дегустацию?",
    ),
    "en": (
        "We are opening a second café and need a machine.",
        "What does a year of service cost for two machines?",
        "Coffee for an office of forty, please call me.",
    ),
}


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody left on the form of an office."""

    key: str
    office: Office
    name: str
    email: str
    company_name: str | None
    message: str


def submissions(scenario: Scenario) -> list[Submission]:
    """Today's, in the order in which they come."""
    dice = scenario.dice("leads")
    count = max(FEWEST, scenario.deals // DEALS_FOR_A_LEAD)
    return [_submission(dice, number) for number in range(1, count + 1)]


def _submission(dice: Random, number: int) -> Submission:
    office = dice.choice(SALES_OFFICES)
    name = person_name(dice, office.language)
    return Submission(
        key=f"lead-{number:03}",
        office=office,
        name=f"{name.given} {name.family}",
        email=f"{login_of(f'{name.given} {name.family}')}.lead-{number}@post.example",
        company_name=proper_name(dice, office.language) if dice.random() < 0.6 else None,
        message=dice.choice(_WISHES[office.language]),
    )
