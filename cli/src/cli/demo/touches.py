"""Every talk, letter and visit with customers: done on the way of each deal, and planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Literal, TypedDict, Unpack

from cli.demo.campaigns import Campaign
from cli.demo.company import Office
from cli.demo.deals import Deal
from cli.demo.hours import later
from cli.demo.scenario import Scenario
from events.contacts import TouchChannel
from events.marketing import ChannelKind

Direction = Literal["inbound", "outbound"]
Status = Literal["planned", "done"]


@dataclass(frozen=True, slots=True)
class Touch:
    """One contact with a customer. `planned_for` and `done` are on the office's clock."""

    key: str
    channel: TouchChannel
    direction: Direction
    status: Status
    customer: str
    deal: str
    office: Office
    owner: str
    subject: str
    campaign: Campaign | None = None
    planned_for: datetime | None = None
    done: datetime | None = None
    minutes: int | None = None
    outcome: str | None = None


_FIRST: Mapping[ChannelKind, tuple[TouchChannel, Direction, str, str]] = {
    "search": ("web_form", "inbound", "Asked for a price on the site", "Запрос цены на сайте"),
    "display": ("ad", "outbound", "Saw a banner", "Увидел баннер"),
    "social": ("social", "inbound", "Wrote under a story", "Написал под публикацией"),
    "email": ("email", "inbound", "Answered the newsletter", "Ответ на рассылку"),
    "event": ("event", "inbound", "Met at the stand", "Знакомство на стенде"),
    "content": ("chat", "inbound", "Asked in the chat", "Вопрос в чате"),
    "partner": ("meeting", "inbound", "Came with a partner", "Пришёл с партнёром"),
    "referral": ("message", "inbound", "Wrote on a friend's advice", "Написал по совету"),
    "phone": ("call", "inbound", "Called", "Позвонил"),
    "direct": ("post", "inbound", "Sent a letter", "Прислал письмо"),
}

# What is done in each stage: over which channel, what about, how often.
_IN_STAGE: tuple[tuple[tuple[TouchChannel, str, str, float], ...], ...] = (
    (("call", "First call", "Первый звонок", 0.55), ("message", "Short note", "Сообщение", 0.15)),
    (
        ("meeting", "Tasting", "Дегустация", 0.3),
        ("call", "Questions", "Вопросы", 0.25),
        ("chat", "Which machine fits", "Подбор машины", 0.1),
    ),
    (
        ("email", "The proposal", "Коммерческое предложение", 0.6),
        ("post", "Catalogue", "Каталог", 0.06),
    ),
    (
        ("call", "About the terms", "Обсуждение условий", 0.4),
        ("meeting", "Contract", "Договор", 0.2),
        ("post", "Contract on paper", "Договор на бумаге", 0.08),
    ),
)  # fmt: skip
_OUTCOMES = (
    ("Interested", "Интересно"),
    ("Will think it over", "Подумает"),
    ("Asked to call back", "Перезвонить"),
    ("Not the right person", "Не тот человек"),
    ("Agreed", "Договорились"),
)
_MINUTES: Mapping[TouchChannel, tuple[int, int]] = {
    "call": (2, 25), "meeting": (30, 110), "event": (5, 40), "chat": (3, 20),
}  # fmt: skip

_PLANS: tuple[tuple[TouchChannel, str, str, int], ...] = (
    ("call", "Call as agreed", "Позвонить, как договорились", 40),
    ("email", "Send the proposal", "Отправить предложение", 18),
    ("meeting", "Tasting at their place", "Дегустация у клиента", 16),
    ("message", "Remind of the offer", "Напомнить о предложении", 8),
    ("chat", "Answer in the chat", "Ответить в чате", 4),
    ("social", "Answer under the story", "Ответить под публикацией", 4),
    ("event", "Invite to the open day", "Пригласить на день открытых дверей", 4),
    ("post", "Send samples", "Отправить образцы", 4),
    ("web_form", "Send the link to the order form", "Прислать ссылку на форму заказа", 3),
    ("ad", "Show the season's offer", "Показать сезонное предложение", 3),
)


_SHORTLY = timedelta(minutes=15)


class _Details(TypedDict, total=False):
    """What only some touches have."""

    campaign: Campaign | None
    planned_for: datetime
    done: datetime
    minutes: int | None
    outcome: str


def touches(scenario: Scenario, deals: Sequence[Deal]) -> Iterator[Touch]:
    """The touches of every deal, in the order of the deals."""
    dice = scenario.dice("touches")
    for deal in deals:
        yield from _Diary(dice, deal).entries()


class _Diary:
    """The touches of one deal, numbered as they come."""

    def __init__(self, dice: Random, deal: Deal) -> None:
        self._dice, self._deal = dice, deal
        self._is_russian = deal.office.language == "ru"
        self._number = 0

    def entries(self) -> Iterator[Touch]:
        """How it began, what was done in each stage, what comes next."""
        channel, direction, *subject = _FIRST[self._deal.channel.kind]
        began = self._deal.stages[0][1]
        yield self._done(channel, direction, subject, began, self._deal.campaign)
        for stage, entered in self._deal.stages:
            for channel, *subject, chance in _IN_STAGE[stage]:
                if self._dice.random() < chance:
                    yield self._in_stage(channel, subject, stage, entered)
        if self._deal.next_step_due is not None:
            yield self._planned(self._deal.next_step_due)

    def _in_stage(
        self, channel: TouchChannel, subject: Sequence[str], stage: int, entered: datetime
    ) -> Touch:
        until = self._end_of(stage)
        days = (until - entered) / timedelta(days=1)
        at = later(self._dice, entered, days * self._dice.uniform(0.1, 0.8))
        # What would come too late was done at once.
        if at >= until:
            at = entered + _SHORTLY  # what would come too late was done at once
        return self._done(channel, "outbound", subject, at)

    def _end_of(self, stage: int) -> datetime:
        """When the deal left a stage; the one it stands in, it came to only just now."""
        following = [at for number, at in self._deal.stages if number == stage + 1]
        return following[0] if following else self._deal.closed or self._deal.stages[-1][1]

    def _done(
        self,
        channel: TouchChannel,
        direction: Direction,
        subject: Sequence[str],
        at: datetime,
        campaign: Campaign | None = None,
    ) -> Touch:
        shortest, longest = _MINUTES.get(channel, (0, 0))
        return self._touch(
            channel,
            direction,
            "done",
            subject,
            campaign=campaign,
            done=at,
            minutes=self._dice.randint(shortest, longest) if longest else None,
            outcome=self._dice.choice(_OUTCOMES)[self._is_russian],
        )

    def _planned(self, due: datetime) -> Touch:
        ((channel, *subject, _),) = self._dice.choices(_PLANS, [plan[-1] for plan in _PLANS])
        return self._touch(channel, "outbound", "planned", subject, planned_for=due)

    def _touch(
        self,
        channel: TouchChannel,
        direction: Direction,
        status: Status,
        subject: Sequence[str],
        **details: Unpack[_Details],
    ) -> Touch:
        self._number += 1
        deal = self._deal
        return Touch(
            key=f"{deal.key}-{self._number}",
            channel=channel,
            direction=direction,
            status=status,
            customer=deal.customer,
            deal=deal.key,
            office=deal.office,
            owner=deal.owner,
            subject=subject[self._is_russian],
            **details,
        )
