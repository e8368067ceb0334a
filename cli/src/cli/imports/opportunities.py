"""`sales_pipeline.csv`: the opportunities, as deals with their history and their own dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from msgspec import Struct

from cli.imports import cleaning
from cli.imports.accounts import Account
from cli.imports.cleaning import Known, Notes, Rejected
from cli.imports.files import SALES_PIPELINE, Source
from cli.imports.identity import external_id, opportunity_id
from cli.imports.ledger import ImportedRow
from cli.imports.products import CURRENCY, Product, Products
from cli.imports.teams import Agent
from events.sales import DealLine, StageEntry
from events.values import CustomerRef, ExternalId, Money

PIPELINE_NAME = "Opportunities"
PROBABILITIES = {"Prospecting": 10, "Engaging": 40}
"""The open stages in their order, each with its chance of winning in percent."""
LONGEST_DEAL_NAME = 300
NOON = time(12)
ONE = Decimal(1)

Status = Literal["open", "won", "lost"]

_STAGES: dict[str, tuple[str, Status]] = {
    "prospecting": ("Prospecting", "open"),
    "engaging": ("Engaging", "open"),
    "won": ("Engaging", "won"),
    "lost": ("Engaging", "lost"),
}
"""What `deal_stage` says: the last open stage of the deal, and how it stands."""


class StageItem(Struct, frozen=True):
    """A stage of the pipeline; its id is always the same within a tenant."""

    id: UUID
    name: str
    probability: int


class PipelineItem(Struct, frozen=True):
    """What the platform is asked for."""

    name: str
    stages: tuple[StageItem, ...]
    external_ids: tuple[ExternalId]


class DealItem(Struct, frozen=True):
    """What the platform is asked for.

    An empty value is sent as null, so that a second import also takes away what
    the file no longer says. A reason is not sent: the file knows none.
    """

    name: str
    pipeline: UUID
    stage: UUID
    status: Status
    customer: CustomerRef | None
    owner: UUID
    department: UUID
    lines: tuple[DealLine]
    history: tuple[StageEntry]
    started_at: datetime | None
    started_on: date | None
    closed_at: datetime | None
    closed_on: date | None
    external_ids: tuple[ExternalId]


def pipeline_item(tenant: UUID) -> PipelineItem:
    """The one pipeline that all opportunities go through."""
    stages = tuple(
        StageItem(stage_id(tenant, name), name, chance) for name, chance in PROBABILITIES.items()
    )
    return PipelineItem(PIPELINE_NAME, stages, external_id("pipeline", PIPELINE_NAME))


def stage_id(tenant: UUID, name: str) -> UUID:
    """The id of a stage of the tenant's pipeline of opportunities."""
    return uuid5(tenant, f"opportunities:stage:{name}")


class Opportunities:
    """Makes deals of rows, knowing what the other files described."""

    def __init__(
        self,
        tenant: UUID,
        pipeline: UUID,
        agents: Known[Agent],
        products: Products,
        accounts: Known[Account],
    ) -> None:
        self._pipeline = pipeline
        self._stages = {name: stage_id(tenant, name) for name in PROBABILITIES}
        self._agents, self._products, self._accounts = agents, products, accounts
        self._seen: set[str] = set()

    def read(self, source: Source) -> Iterator[ImportedRow]:
        """The rows of `source` one by one, each with its item or rejected."""
        for line, cells, fault in source.rows():
            row = ImportedRow(SALES_PIPELINE.file, line, cells[0] if cells else "", [])
            try:
                row.item = self._item(cleaning.record(cells, fault), row.rules)
            except Rejected as rejected:
                row.reject(rejected)
            yield row

    def _item(self, cells: tuple[str, ...], notes: Notes) -> DealItem:
        number, sales_agent, product_, account_, deal_stage, engage, close, value = cells
        number = cleaning.required(number, "opportunity_id", notes)
        cleaning.refuse_seen(number, self._seen, "opportunity_id", number)
        stage, status = _stage(deal_stage, notes)
        agent = self._agents.find(cleaning.required(sales_agent, "sales_agent", notes), notes)
        product = self._products.find(cleaning.product_name(product_, notes), notes)
        account = self._account(account_, notes)
        engaged, closed = _days(engage, close, status, notes)
        worth = _worth(value, status, product, notes)
        zone = agent.time_zone
        started_at = None if engaged is None else _noon(engaged, zone)
        self._seen.add(number)
        return DealItem(
            name=_name(product, account),
            pipeline=self._pipeline,
            stage=self._stages[stage],
            status=status,
            customer=None if account is None else account.customer,
            owner=agent.user,
            department=agent.department,
            lines=(DealLine(product=product.id, quantity=ONE, price=Money(worth, CURRENCY)),),
            history=(
                StageEntry(stage=self._stages[stage], entered_at=started_at, entered_on=engaged),
            ),
            started_at=started_at,
            started_on=engaged,
            closed_at=None if closed is None else _noon(closed, zone),
            closed_on=closed,
            external_ids=opportunity_id(number),
        )

    def _account(self, value: str, notes: Notes) -> Account | None:
        name = cleaning.text(value, "account", notes)
        if name is None:
            notes.append("without_customer")
            return None
        return self._accounts.find(name, notes)


def _stage(value: str, notes: Notes) -> tuple[str, Status]:
    name = cleaning.required(value, "deal_stage", notes)
    found = _STAGES.get(name.casefold())
    if found is None:
        raise Rejected("unknown_stage", f"deal_stage is {name!r}")
    if not name.istitle():
        notes.append("letter_case")
    return found


def _days(engage: str, close: str, status: Status, notes: Notes) -> tuple[date | None, date | None]:
    """When the deal was engaged and closed; an open deal is not closed."""
    engaged = cleaning.day(engage, "engage_date", notes)
    closed = cleaning.day(close, "close_date", notes)
    if engaged is None:
        notes.append("without_date")
    if status == "open":
        if closed is not None:
            notes.append("close_date_not_kept")
        return engaged, None
    if closed is None:
        raise Rejected("closed_without_date", f"deal_stage is {status}, and close_date is empty")
    if engaged is not None and closed < engaged:
        raise Rejected("close_before_engage", f"close_date {closed} is before {engaged}")
    return engaged, closed


def _worth(value: str, status: Status, product: Product, notes: Notes) -> Decimal:
    """What the deal brought when it is won; else what was or is at stake."""
    amount = cleaning.money(value, "close_value", notes)
    if status == "won":
        if amount is None:
            raise Rejected("won_without_value", "deal_stage is Won, and close_value is empty")
        return amount
    notes.append("list_price")
    if amount:
        notes.append("value_not_kept")
    return product.price


def _name(product: Product, account: Account | None) -> str:
    name = product.name if account is None else f"{product.name} for {account.name}"
    return name[:LONGEST_DEAL_NAME]


@lru_cache(maxsize=32_768)
def _noon(day: date, zone: str) -> datetime:
    """Noon of a business day on the office's clock, in UTC."""
    return datetime.combine(day, NOON, ZoneInfo(zone)).astimezone(UTC)
