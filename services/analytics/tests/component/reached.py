"""The part of a world that a reader reaches and a query asks for, in plain Python."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from events.contacts import Touch
from events.marketing import Lead, Spend
from events.sales import Deal
from events.values import Reach
from services.analytics.tests.component.world import World


@dataclass
class Facts:
    """What a report is about: `reach` is that of the world's reader."""

    world: World
    reach: Reach
    query: dict[str, str]

    @property
    def currency(self) -> str:
        return self.query.get("currency", "RUB")

    def within(self, day: date | None) -> bool:
        first, last = self.query.get("from"), self.query.get("to")
        if first is None and last is None:
            return True
        return (
            day is not None
            and (first is None or day >= date.fromisoformat(first))
            and (last is None or day <= date.fromisoformat(last))
        )

    def asked(self, record: Any) -> bool:
        departments, query = self.world.departments, self.query
        own = record.owner == self.world.reader.id
        below = (departments["north"].id, departments["harbour"].id)
        reached = {"all": True, "department": own or record.department in below, "own": own}
        filtered = "owner" not in query or str(record.owner) == query["owner"]
        if "department" in query:
            filtered = filtered and any(
                record.department == department.id
                and query["department"] in map(str, department.path)
                for department in departments.values()
            )
        return reached[self.reach] and filtered

    @property
    def deals(self) -> list[Deal]:
        pipeline = self.query.get("pipeline")
        return [
            deal
            for deal in self.world.deals
            if self.asked(deal) and pipeline in (None, str(deal.pipeline))
        ]

    @property
    def spend(self) -> list[Spend]:
        return [spend for spend in self.world.spend if self.asked(spend)]

    @property
    def leads(self) -> list[Lead]:
        return [lead for lead in self.world.leads if self.asked(lead)]

    @property
    def touches(self) -> list[Touch]:
        return [touch for touch in self.world.touches if self.asked(touch)]

    def closed(self, *outcomes: str) -> list[Deal]:
        return [d for d in self.deals if d.status in outcomes and self.within(d.closed_on)]

    def counted(self, deals: Iterable[Deal]) -> list[Deal]:
        """Those whose money is in the report's currency, or not known."""
        return [d for d in deals if d.amount is None or d.amount.currency == self.currency]

    def in_asked_currency(self, deals: list[Deal]) -> list[Deal]:
        """For reports without money: the currency only when it was asked for."""
        currency = self.query.get("currency")
        if currency is None:
            return deals
        return [deal for deal in deals if deal.amount and deal.amount.currency == currency]

    def others(self, deals: Iterable[Deal]) -> dict[str, list[Deal]]:
        found: dict[str, list[Deal]] = {}
        for deal in deals:
            if deal.amount is not None and deal.amount.currency != self.currency:
                found.setdefault(deal.amount.currency, []).append(deal)
        return dict(sorted(found.items()))

    def local_day(self, record: Any, moment: datetime | None) -> date | None:
        zones = {d.id: d.time_zone for d in self.world.departments.values()}
        zone = ZoneInfo(zones.get(record.department, "UTC"))
        return None if moment is None else moment.astimezone(zone).date()

    def channel(self, record: Any) -> str | None:
        for campaign in self.world.campaigns:
            if campaign.id == record.campaign:
                return str(campaign.channel)
        return text(record.channel)

    def keys(self, deal: Deal, by: str) -> list[str | None]:
        if by == "product":
            return [*sorted({str(line.product) for line in deal.lines})] or [None]
        day = deal.closed_on
        return {
            "month": lambda: [f"{day:%Y-%m}" if day else None],
            "quarter": lambda: [f"{day.year}-Q{(day.month + 2) // 3}" if day else None],
            "channel": lambda: [self.channel(deal)],
            "department": lambda: [text(deal.department)],
            "agent": lambda: [text(deal.owner)],
            "customer": lambda: [text(deal.customer and deal.customer.id)],
        }[by]()

    def name(self, key: str | None) -> str | None:
        world = self.world
        named: list[Any] = [
            *world.departments.values(), *world.users, *world.customers, *world.products,
            *world.reasons, *world.channels, *world.campaigns,
        ]  # fmt: skip
        if key is None:
            return "not recorded"
        return {str(record.id): record.name for record in named}.get(key)

    def by(self, deals: Iterable[Deal], by: str) -> dict[str | None, list[Deal]]:
        groups: dict[str | None, list[Deal]] = {}
        for deal in deals:
            for key in self.keys(deal, by):
                groups.setdefault(key, []).append(deal)
        return groups


def text(value: object) -> str | None:
    return None if value is None else str(value)
