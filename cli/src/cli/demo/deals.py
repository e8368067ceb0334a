"""Six months of selling: deals with the history of their stages, wins, losses and what is open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import Literal

from cli.demo.campaigns import Campaign, Channel, origin
from cli.demo.catalogue import PRODUCTS, Appetite, Line, order, total
from cli.demo.company import Office
from cli.demo.customers import Company, Person
from cli.demo.hours import later, moment
from cli.demo.scenario import HALF_A_YEAR, Scenario

Status = Literal["open", "won", "lost"]


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal as it stands on the last day. All times are those of its office's clock.

    `stages` holds the position of every stage that it has entered, with the time;
    `reason` is the code of a managed reason, None for one that was not recorded.
    """

    key: str
    name: str
    customer: str
    office: Office
    owner: str
    lines: tuple[Line, ...]
    stages: tuple[tuple[int, datetime], ...]
    status: Status
    closed: datetime | None
    reason: str | None
    channel: Channel
    campaign: Campaign | None
    expected_close: date | None
    next_step: str | None
    next_step_due: datetime | None

    @property
    def amount(self) -> Decimal:
        """The sum of its lines, in roubles."""
        return total(self.lines)


@dataclass(slots=True)
class _Buyer:
    """A customer who may buy."""

    key: str
    name: str
    office: Office
    owner: str
    appetite: Appetite
    eagerness: float
    deals: int = field(default=0)


# Of the months, from January on: gifts in December, nobody at work in January and in summer.
_MONTHS = (0.62, 0.9, 1.08, 1.1, 0.82, 0.98, 0.76, 0.8, 1.12, 1.22, 1.2, 1.3)
_WEEKDAYS = (1.15, 1.2, 1.15, 1.1, 1.0, 0.18, 0.1)
_GROWTH = 0.25
"""How many more deals begin at the end of the half-year than at its start."""

_DAYS_IN_STAGE = (3.2, 5.5, 7.5, 6.0)
"""The median of each stage, in days. Private customers take a third of it."""
STAGES = len(_DAYS_IN_STAGE)
"""How many stages the pipeline needs to have."""
_LOST_IN_STAGE = (0.30, 0.27, 0.27, 0.16)
_CHANCE = {"bar": 0.37, "office": 0.33, "home": 0.46}

_LOST: tuple[dict[str | None, float], ...] = (
    {"unreachable": 6, "timing": 2, "no_budget": 2, None: 1},
    {"no_budget": 4, "timing": 3, "competitor": 2, "no_decision": 2, None: 0.8},
    {"price": 6, "competitor": 4, "no_budget": 2, "no_decision": 2, None: 0.6},
    {"price": 4, "competitor": 3, "no_decision": 3, "timing": 1, None: 0.4},
)
"""Why deals are lost, by the stage in which they are."""
_WON: dict[str | None, float] = {
    "product": 5, "price": 3, "relationship": 4, "speed": 2, None: 1.5,
}  # fmt: skip

_NEXT = (
    ("Call to learn what they need", "Позвонить, узнать потребности"),
    ("Visit and count the cups", "Приехать, посчитать чашки"),
    ("Send the proposal", "Отправить предложение"),
    ("Agree on delivery and payment", "Согласовать доставку и оплату"),
)
_NOT_PLANNED = 0.12
"""Open deals that nobody has planned anything for; there are such."""


def deals(
    scenario: Scenario, companies: Sequence[Company], people: Sequence[Person]
) -> Iterator[Deal]:
    """The deals in the order in which they began."""
    dice = scenario.dice("deals")
    buyers = _buyers(dice, companies, people)
    reach = list(accumulate(buyer.eagerness for buyer in buyers))
    for number, day in enumerate(_beginnings(dice, scenario), start=1):
        (buyer,) = dice.choices(buyers, cum_weights=reach)
        yield _deal(dice, scenario, f"deal-{number:05}", buyer, day)


def _buyers(dice: Random, companies: Sequence[Company], people: Sequence[Person]) -> list[_Buyer]:
    """Companies and private customers; some of them buy far more often than others."""
    buyers = [
        _Buyer(c.key, c.name, c.office, c.owner, c.appetite, dice.lognormvariate(0, 0.9))
        for c in companies
    ]
    buyers += [
        _Buyer(p.key, p.name, p.office, p.owner, "home", dice.lognormvariate(-0.5, 0.6))
        for p in people
        if p.company is None
    ]
    return buyers


def _beginnings(dice: Random, scenario: Scenario) -> list[int]:
    """The number of the day on which each deal begins, in order."""
    weights = []
    for number in range(HALF_A_YEAR):
        day = scenario.first_day + timedelta(days=number)
        growth = 1 + _GROWTH * number / HALF_A_YEAR
        weights.append(_MONTHS[day.month - 1] * _WEEKDAYS[day.weekday()] * growth)
    return sorted(dice.choices(range(HALF_A_YEAR), weights, k=scenario.deals))


def _deal(dice: Random, scenario: Scenario, key: str, buyer: _Buyer, day: int) -> Deal:
    is_first, buyer.deals = buyer.deals == 0, buyer.deals + 1
    channel, campaign = origin(dice, day, is_first=is_first)
    lines = order(dice, buyer.appetite, is_first=is_first)
    begins = moment(dice, scenario.first_day + timedelta(days=day))
    fate, lost_in = _fate(dice, buyer, campaign, is_first=is_first)
    entered, closes = _course(dice, begins, lost_in, buyer.appetite)
    midnight = datetime.combine(scenario.last_day, datetime.min.time())
    is_closed = closes < midnight
    stages = tuple((stage, at) for stage, at in enumerate(entered) if at < midnight)
    status: Status = fate if is_closed else "open"
    here = stages[-1][0]
    is_planned = not is_closed and dice.random() >= _NOT_PLANNED
    return Deal(
        key=key,
        name=f"{_headline(lines)} – {buyer.name}",
        customer=buyer.key,
        office=buyer.office,
        owner=buyer.owner,
        lines=lines,
        stages=stages,
        status=status,
        closed=closes if is_closed else None,
        reason=_reason(dice, status, here),
        channel=channel,
        campaign=campaign,
        expected_close=None if is_closed else _expected(dice, closes, midnight),
        next_step=_NEXT[here][buyer.office.language == "ru"] if is_planned else None,
        next_step_due=later(dice, midnight, dice.uniform(0, 9)) if is_planned else None,
    )


def _fate(
    dice: Random, buyer: _Buyer, campaign: Campaign | None, *, is_first: bool
) -> tuple[Literal["won", "lost"], int | None]:
    """How the deal will end once it does, and in which stage it is lost."""
    chance = _CHANCE[buyer.appetite] * buyer.office.skill
    chance *= campaign.quality if campaign else 1.05
    chance *= 1.0 if is_first else 1.35
    if dice.random() < min(chance, 0.92):
        return "won", None
    (stage,) = dice.choices(range(len(_LOST_IN_STAGE)), _LOST_IN_STAGE)
    return "lost", stage


def _course(
    dice: Random, begins: datetime, lost_in: int | None, appetite: Appetite
) -> tuple[list[datetime], datetime]:
    """When the deal enters each stage until it ends, and when it ends."""
    haste = 0.35 if appetite == "home" else 1.0
    last = len(_DAYS_IN_STAGE) - 1 if lost_in is None else lost_in
    entered, now = [], begins
    for stage in range(last + 1):
        entered.append(now)
        # Those who are about to be lost hesitate for longer.
        patience = 1.5 if stage == lost_in else 1.0
        days = _DAYS_IN_STAGE[stage] * haste * patience * dice.lognormvariate(0, 0.65)
        now = later(dice, now, days)
    return entered, now


def _reason(dice: Random, status: Status, stage: int) -> str | None:
    if status == "open":
        return None
    reasons = _WON if status == "won" else _LOST[stage]
    return dice.choices(list(reasons), list(reasons.values()))[0]


def _expected(dice: Random, closes: datetime, today: datetime) -> date | None:
    """When the agent thinks it will end: a guess, sometimes none, never in the past."""
    if dice.random() < 0.05:
        return None
    guess = closes + timedelta(days=dice.triangular(-6, 40, 4))
    return max(guess, today).date()


def _headline(lines: tuple[Line, ...]) -> str:
    """The dearest thing in the deal, by its English name."""
    dearest = max(lines, key=lambda line: line.price * line.quantity)
    name = PRODUCTS[dearest.sku].name.partition(" · ")[0]
    return name if dearest.quantity == 1 else f"{dearest.quantity} × {name}"
