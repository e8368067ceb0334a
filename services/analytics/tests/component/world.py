"""A company whose every fact is known."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID, uuid4

from chassis.testing import event
from events import catalogue
from events.contacts import Company, Touch
from events.directory import Department, Tenant, User
from events.envelope import Event
from events.marketing import Campaign, Channel, Lead, Spend
from events.sales import Deal, DealLine, Pipeline, Product, Reason, Stage, StageEntry
from events.topics import Aggregate
from events.values import CustomerRef, Money

KINDS: dict[type[Any], Aggregate] = {
    Tenant: catalogue.TENANT,
    Department: catalogue.DEPARTMENT,
    User: catalogue.USER,
    Company: catalogue.COMPANY,
    Pipeline: catalogue.PIPELINE,
    Product: catalogue.PRODUCT,
    Reason: catalogue.REASON,
    Channel: catalogue.CHANNEL,
    Campaign: catalogue.CAMPAIGN,
    Deal: catalogue.DEAL,
    Spend: catalogue.SPEND,
    Lead: catalogue.LEAD,
    Touch: catalogue.TOUCH,
}


@dataclass
class World:
    """A company: everything that its events say, and who looks at it.

    `reader` works in `north`, below which lies `harbour`; `south` is elsewhere. All
    ids but the tenant's are the same in every world: tenants must not meet in them.
    """

    random: Random
    tenant: UUID = field(init=False)
    departments: dict[str, Department] = field(default_factory=dict)
    users: list[User] = field(default_factory=list)
    customers: list[Company] = field(default_factory=list)
    pipelines: list[Pipeline] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    spend: list[Spend] = field(default_factory=list)
    leads: list[Lead] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tenant = uuid4()
        root, north = self.id(), self.id()
        paths = {
            "root": (root,),
            "north": (root, north),
            "harbour": (root, north, self.id()),
            "south": (root, self.id()),
        }
        zones = ("Europe/Moscow", "Asia/Vladivostok", "America/Chicago", "Europe/Kaliningrad")
        for (name, path), zone in zip(paths.items(), zones, strict=True):
            self.departments[name] = Department(
                id=path[-1], version=1, name=name, path=path, time_zone=zone
            )
        self.users = [
            User(
                id=self.id(),
                version=1,
                name=f"Агент {number}",
                login=f"agent{number}",
                status="active",
                roles=("agent",),
                department=self.some(list(self.departments.values())).id,
            )
            for number in range(6)
        ]
        self.customers = [
            Company(id=self.id(), version=1, name=f"ООО «Ромашка {n}»") for n in range(25)
        ]
        self._catalogues()
        self.deals = [self.deal() for _ in range(220)]
        self.spend = [self.spent() for _ in range(60)]
        self.leads = [self.lead() for _ in range(80)]
        self.touches = [self.touch() for _ in range(80)]

    @property
    def reader(self) -> User:
        return self.users[0]

    def states(self) -> list[Any]:
        """Every aggregate's state."""
        tenant = Tenant(id=self.tenant, version=1, name="Ромашка", slug="romashka", currency="RUB")
        return [
            tenant, *self.departments.values(), *self.users, *self.customers, *self.pipelines,
            *self.products, *self.reasons, *self.channels, *self.campaigns,
            *self.deals, *self.spend, *self.leads, *self.touches,
        ]  # fmt: skip

    def events(self) -> list[Event[Any]]:
        """An event for each state, in no order at all."""
        made = [self.event(state) for state in self.states()]
        self.random.shuffle(made)
        return made

    def event(self, state: Any) -> Event[Any]:
        aggregate = KINDS[type(state)]
        return event(aggregate, aggregate.verbs[0], state, tenant=self.tenant)

    # -- chance ---------------------------------------------------------------------

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def some(self, values: Iterable[Any]) -> Any:
        return self.random.choice(list(values))

    def perhaps(self, value: Any, chance: float = 0.8) -> Any:
        return value if self.random.random() < chance else None

    def day(self) -> date:
        return date(2025, 11, 1) + timedelta(days=self.random.randrange(240))

    def moment(self) -> datetime:
        minutes = self.random.randrange(240 * 24 * 60)
        return datetime(2025, 11, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    def money(self, currency: str = "") -> Money:
        cents = self.random.randrange(1, 9_999_999)
        return Money(Decimal(cents).scaleb(-2), currency or self.currency())

    def currency(self) -> str:
        return str(self.some(("RUB", "RUB", "RUB", "USD", "EUR")))

    def belonging(self) -> dict[str, Any]:
        department = self.some(self.departments.values()).id
        return {
            "owner": self.perhaps(self.some(self.users).id, 0.9),
            "department": self.perhaps(department, 0.9),
        }

    # -- what a company has ------------------------------------------------------------

    def _catalogues(self) -> None:
        self.pipelines = [
            Pipeline(
                id=self.id(),
                version=1,
                name=f"Воронка {number}",
                stages=tuple(
                    Stage(id=self.id(), name=f'{position}, "stage"\\', probability=position * 17)
                    for position in range(1, 5)
                ),
            )
            for number in range(2)
        ]
        costs = (Money(Decimal("12.34"), "RUB"), Money(Decimal(5), "USD"), None, None)
        self.products = [
            Product(id=self.id(), version=1, name=f"Товар {n}", price=self.money("RUB"), cost=cost)
            for n, cost in enumerate(costs)
        ]
        self.reasons = [
            Reason(
                id=self.id(),
                version=1,
                outcome="lost" if n < 3 else "won",
                code=f"code_{n}",
                name=f"Причина {n}",
            )
            for n in range(5)
        ]
        self.channels = [
            Channel(id=self.id(), version=1, name=f"Канал {n}", kind="search") for n in range(3)
        ]
        self.campaigns = [
            Campaign(
                id=self.id(), version=1, name=f"Кампания {n}", channel=self.some(self.channels).id
            )
            for n in range(4)
        ]

    def attributed(self) -> dict[str, Any]:
        """A channel and a campaign, known, unknown or none."""
        return {
            "channel": self.perhaps(self.some(self.channels).id, 0.6),
            "campaign": self.perhaps(self.perhaps(self.some(self.campaigns).id) or self.id(), 0.6),
        }

    def deal(self) -> Deal:
        pipeline = self.some(self.pipelines)
        stages = [stage.id for stage in pipeline.stages] + (
            [self.id()] if self.perhaps(1, 0.1) else []
        )
        status = self.some(("open", "won", "lost"))
        lines = tuple(
            DealLine(
                product=self.some(self.products).id,
                quantity=Decimal(self.random.randrange(1, 5000)).scaleb(-self.some((0, 3))),
                price=self.money("RUB"),
            )
            for _ in range(self.some((0, 0, 1, 2, 3)))
        )
        amount = self.perhaps(self.money())
        if lines:
            total = sum(line.quantity * line.price.amount for line in lines)
            amount = Money(Decimal(total).quantize(Decimal("0.01")), "RUB")
        return Deal(
            id=self.id(),
            version=self.random.randrange(1, 9),
            name="Сделка",
            pipeline=pipeline.id,
            stage=self.some(stages),
            status=status,
            customer=self.perhaps(CustomerRef("company", self.some(self.customers).id)),
            amount=amount,
            lines=lines,
            history=tuple(
                StageEntry(stage=self.some(stages), entered_on=self.perhaps(self.day()))
                for _ in range(self.random.randrange(4))
            ),
            started_on=self.perhaps(self.day()),
            closed_on=None if status == "open" else self.perhaps(self.day(), 0.9),
            expected_close_on=self.perhaps(self.day()),
            reason=self.perhaps(self.some(self.reasons).id),
            **self.attributed(),
            **self.belonging(),
        )

    def spent(self) -> Spend:
        campaign = self.some(self.campaigns)
        return Spend(
            id=self.id(),
            version=1,
            campaign=campaign.id,
            channel=campaign.channel,
            day=self.day(),
            amount=self.money(),
            **self.belonging(),
        )

    def lead(self) -> Lead:
        return Lead(
            id=self.id(),
            version=1,
            form=self.id(),
            captured_at=self.moment(),
            name="Посетитель",
            **self.attributed(),
            **self.belonging(),
        )

    def touch(self) -> Touch:
        status = self.some(("planned", "done", "cancelled"))
        return Touch(
            id=self.id(),
            version=1,
            channel=self.some(("call", "email", "meeting")),
            direction="outbound",
            status=status,
            customer=CustomerRef("company", self.some(self.customers).id),
            subject="Разговор",
            planned_for=self.moment(),
            done_at=self.moment() if status == "done" else None,
            duration_minutes=self.perhaps(self.random.randrange(1, 90)),
            **self.belonging(),
        )
