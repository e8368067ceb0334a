"""By which channels Korvala is found, what it does over them, and what that costs each day.

Some campaigns earn their money back many times, some never do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from cli.demo.catalogue import CENT
from cli.demo.scenario import HALF_A_YEAR, Scenario
from events.marketing import ChannelKind


@dataclass(frozen=True, slots=True)
class Channel:
    """`weight`: how often a deal comes this way when no campaign brought it."""

    key: str
    name: str
    kind: ChannelKind
    weight: float


@dataclass(frozen=True, slots=True)
class Campaign:
    """Runs from the `begins`-th to the `ends`-th day of the half-year.

    `daily` roubles on an average day; `pull` is how many deals it brings compared
    to others, `quality` bends their chance of being won.
    """

    key: str
    name: str
    channel: str
    begins: int
    ends: int
    daily: int
    pull: float
    quality: float

    def runs_on(self, day: int) -> bool:
        """Whether it runs on the `day`-th day."""
        return self.begins <= day <= self.ends


@dataclass(frozen=True, slots=True)
class Spend:
    """What a campaign cost on a day, in roubles."""

    campaign: str
    day: date
    amount: Decimal


CHANNELS: Mapping[str, Channel] = {
    channel.key: channel
    for channel in (
        Channel("search", "Search · Поиск", "search", 0.6),
        Channel("display", "Banners · Баннеры", "display", 0.0),
        Channel("social", "Social · Соцсети", "social", 0.4),
        Channel("email", "E-mail · Почта", "email", 0.0),
        Channel("event", "Fairs · Выставки", "event", 0.0),
        Channel("content", "Blog · Блог", "content", 0.5),
        Channel("partner", "Partners · Партнёры", "partner", 0.4),
        Channel("referral", "Advice · Совет", "referral", 2.2),
        Channel("phone", "Calls · Звонки", "phone", 1.4),
        Channel("direct", "Direct · Напрямую", "direct", 1.8),
    )
}

CAMPAIGNS: Mapping[str, Campaign] = {
    campaign.key: campaign
    for campaign in (
        Campaign("brand", "Brand · «Корвала»", "search", 0, 181, 5_200, 1.5, 1.25),
        Campaign("machines", "Machines · Машины", "search", 0, 181, 21_000, 2.1, 1.0),
        Campaign("banners", "Morning · Утро", "display", 25, 95, 33_000, 0.8, 0.5),
        Campaign("baristas", "Baristas · Бариста", "social", 10, 150, 11_500, 1.3, 0.85),
        Campaign("newsletter", "Letter · Рассылка", "email", 0, 181, 1_400, 1.2, 1.2),
        Campaign("fair", "Fair · Выставка", "event", 60, 64, 460_000, 16.0, 1.15),
        Campaign("recipes", "Recipes · Рецепты", "content", 40, 181, 4_300, 0.7, 1.0),
        Campaign("roasters", "Roasters · Обжарщики", "partner", 30, 181, 9_000, 0.9, 1.1),
        Campaign("gifts", "Gifts · Подарки", "social", 130, 181, 17_500, 1.8, 0.9),
    )
}

_BY_WEEKDAY = (1.1, 1.15, 1.15, 1.1, 1.0, 0.75, 0.75)


def spends(scenario: Scenario) -> Iterator[Spend]:
    """What every campaign cost on every day that it has run so far."""
    dice = scenario.dice("spend")
    for campaign in CAMPAIGNS.values():
        for number in range(HALF_A_YEAR):
            if campaign.runs_on(number):
                day = scenario.first_day + timedelta(days=number)
                spent = campaign.daily * _BY_WEEKDAY[day.weekday()] * dice.uniform(0.8, 1.2)
                yield Spend(campaign.key, day, Decimal(spent).quantize(CENT))


def period(campaign: Campaign, scenario: Scenario) -> tuple[date, date]:
    """Its first and last day."""
    first = scenario.first_day
    return first + timedelta(days=campaign.begins), first + timedelta(days=campaign.ends)


def origin(dice: Random, day: int, *, is_first: bool) -> tuple[Channel, Campaign | None]:
    """How a deal of the `day`-th day came about; those who have bought before mostly return."""
    again = 1.0 if is_first else 4.0
    chances: dict[tuple[Channel, Campaign | None], float] = {
        (CHANNELS[campaign.channel], campaign): campaign.pull
        for campaign in CAMPAIGNS.values()
        if campaign.runs_on(day)
    }
    for channel in CHANNELS.values():
        chances[channel, None] = channel.weight * (again if channel.key == "direct" else 1.0)
    return dice.choices(list(chances), list(chances.values()))[0]
