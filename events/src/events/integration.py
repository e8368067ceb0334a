"""What other systems report: facts about orders, money, stock and prices, through the gateway."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from events.values import ExternalId, Money, Number, Record, UtcTime, countable, growing

FactKind = Literal[
    "order_status_reported",
    "shipment_reported",
    "invoice_issued",
    "payment_received",
    "payment_reversed",
    "stock_counted",
    "price_set",
]
DocumentVersion = Annotated[
    int,
    Meta(
        ge=0,
        le=2**63 - 1,
        description="Grows with every change of the document in its system; a 64-bit integer",
    ),
]
TaxId = Annotated[
    str,
    Meta(pattern=r"^([0-9]{10}|[0-9]{12})(?!\n)$", description="ИНН, of 10 or 12 digits"),
]
Label = Annotated[str, Meta(min_length=1, max_length=200)]


class RecordRef(Struct, frozen=True, gc=False, kw_only=True):
    """A soft reference to one of our records, by our id or by what another system calls it."""

    id: UUID | None = None
    external_id: ExternalId | None = None


class PartyRef(Struct, frozen=True, gc=False, kw_only=True):
    """A soft reference to a customer: of several names the first that is given here counts."""

    id: UUID | None = None
    external_id: ExternalId | None = None
    tax_id: TaxId | None = None


class Quantity(Struct, frozen=True, gc=False):
    """So many of a unit, as the other system calls it: `12.5`, `kg`. Stock can be below nothing.

    A `ValueError` for what no reader could add up or store, as with money.
    """

    amount: Number
    unit: Annotated[str, Meta(min_length=1, max_length=50)]

    def __post_init__(self) -> None:
        if (amount := countable(self.amount)) is not self.amount:
            force_setattr(self, "amount", amount)


class FactLine(Struct, frozen=True, gc=False, kw_only=True):
    """A product on an order, a shipment or an invoice; `price` is that of one unit."""

    product: RecordRef
    quantity: Quantity
    price: Money | None = None


class Fact(Record, frozen=True, kw_only=True):
    """The newest version of a document of another system, and what it says.

    `document` names it, also among the `external_ids`; `document_version` is that system's own
    and leaves gaps, where `version` counts those that were accepted. `happened_on` is the local
    date. `payment` is the document of the payment that is reversed. What a kind does not speak
    of is null.
    """

    kind: Annotated[str, growing(FactKind)]
    document: ExternalId
    document_version: DocumentVersion
    happened_at: UtcTime
    happened_on: date
    received_at: UtcTime
    number: Annotated[str, Meta(max_length=100, description="As it is printed on it")] | None = None
    customer: PartyRef | None = None
    deal: RecordRef | None = None
    product: RecordRef | None = None
    payment: ExternalId | None = None
    status: Annotated[str, Meta(max_length=100)] | None = None
    amount: Money | None = None
    price: Money | None = None
    quantity: Quantity | None = None
    warehouse: Label | None = None
    price_list: Label | None = None
    lines: tuple[FactLine, ...] = ()
