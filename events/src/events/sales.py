"""What sales says: pipelines, products, reasons, and deals with their history."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from events.values import CustomerRef, Money, Name, Number, Record, Text, UtcTime, plain

Outcome = Literal["won", "lost"]
DealStatus = Literal["open", "won", "lost"]


class Stage(Struct, frozen=True, gc=False, kw_only=True):
    """A step of a pipeline; `probability` is the chance of winning, in percent."""

    id: UUID
    name: Name
    probability: Annotated[int, Meta(ge=0, le=100)]


class Pipeline(Record, frozen=True, kw_only=True):
    """An ordered list of stages that deals move through; won and lost end it."""

    name: Name
    stages: tuple[Stage, ...]
    is_default: bool = False
    is_active: bool = True


class Product(Record, frozen=True, kw_only=True):
    """Something sold; `cost` is what one unit costs the seller."""

    name: Name
    sku: Annotated[str, Meta(max_length=100)] | None = None
    category: Annotated[str, Meta(max_length=100)] | None = None
    price: Money
    cost: Money | None = None
    is_active: bool = True


class Reason(Record, frozen=True, kw_only=True):
    """A managed reason for winning or losing; `code` is its stable name."""

    outcome: Outcome
    code: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,60}(?!\n)$")]
    name: Name
    is_active: bool = True


class DealLine(Struct, frozen=True, gc=False, kw_only=True):
    """A product on a deal: `quantity` units at `price` each."""

    product: UUID
    quantity: Number
    price: Money

    def __post_init__(self) -> None:
        if (quantity := plain(self.quantity)) is not self.quantity:
            force_setattr(self, "quantity", quantity)


class StageEntry(Struct, frozen=True, gc=False, kw_only=True):
    """When a deal entered a stage, and who moved it there.

    `entered_on` is the local date in the deal's department; both are null where
    an imported history does not know them.
    """

    stage: UUID
    entered_at: UtcTime | None = None
    entered_on: date | None = None
    by: UUID | None = None


class NextStep(Struct, frozen=True, gc=False, kw_only=True):
    """What somebody will do next about a deal."""

    text: Name
    due_at: UtcTime | None = None
    assignee: UUID | None = None


class Deal(Record, frozen=True, kw_only=True):
    """An opportunity to sell, with the whole history of its stages.

    `amount` is the sum of the lines when there are any. `started_on`,
    `closed_on` are the local business dates by which reports count.
    """

    name: Name
    pipeline: UUID
    stage: UUID
    status: DealStatus = "open"
    customer: CustomerRef | None = None
    amount: Money | None = None
    lines: tuple[DealLine, ...] = ()
    history: tuple[StageEntry, ...] = ()
    started_at: UtcTime | None = None
    started_on: date | None = None
    expected_close_on: date | None = None
    closed_at: UtcTime | None = None
    closed_on: date | None = None
    reason: UUID | None = None
    reason_comment: Text = ""
    next_step: NextStep | None = None
    channel: UUID | None = None
    campaign: UUID | None = None
    lead: UUID | None = None
