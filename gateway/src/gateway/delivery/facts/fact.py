"""What a fact is: a version of a document of another system, which may be news, or not.

The versions of a document only go forward. What is older than the newest one is stale, the
newest once more is a duplicate, and what calls itself the same and says something else is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.merge import redrafted
from chassis.problems import Conflict, RuleBroken
from events.integration import (
    DocumentVersion,
    Fact,
    FactKind,
    FactLine,
    Label,
    PartyRef,
    Quantity,
    RecordRef,
)
from events.values import ExternalId, Money

LARGEST_CALL = 500
"""Facts in one request."""

Moment = Annotated[datetime, Meta(tz=True)]
ShortText = Annotated[str, Meta(min_length=1, max_length=100)]


class FactDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """What another system says of one version of a document.

    Without `happened_on` it is the date of `happened_at` at its own offset.
    """

    kind: FactKind
    document: ExternalId
    document_version: DocumentVersion
    happened_at: Moment
    happened_on: date | None = None
    number: ShortText | None = None
    customer: PartyRef | None = None
    deal: RecordRef | None = None
    product: RecordRef | None = None
    payment: ExternalId | None = None
    status: ShortText | None = None
    amount: Money | None = None
    price: Money | None = None
    quantity: Quantity | None = None
    warehouse: Label | None = None
    price_list: Label | None = None
    lines: Annotated[tuple[FactLine, ...], Meta(max_length=500)] = ()


class FactIncomplete(RuleBroken):
    title = "A fact of this kind says more"


class FieldOfAnotherKind(RuleBroken):
    title = "A fact of this kind says nothing of that"


class NobodyNamed(RuleBroken):
    title = "A reference names something"


class AmountNotPositive(RuleBroken):
    title = "What is paid or paid back is more than nothing"


class PriceNegative(RuleBroken):
    title = "A price is not below nothing"


class ReversesItself(RuleBroken):
    title = "What reverses a payment is another document than the payment"


class TimeOutOfRange(RuleBroken):
    title = "The time is beyond the calendar"


class VersionConflict(Conflict):
    title = "This version of the document says something else already"


class KindChanged(Conflict):
    title = "A document stays of its kind"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of fact has to say, and what it may say beside that and what all may."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


KINDS: Mapping[FactKind, Kind] = {
    "order_status_reported": Kind(("status",), ("amount", "lines")),
    "shipment_reported": Kind(("lines",), ("amount", "status", "warehouse")),
    "invoice_issued": Kind(("amount",), ("status", "lines")),
    "payment_received": Kind(("amount",)),
    "payment_reversed": Kind(("payment", "amount")),
    "stock_counted": Kind(("product", "quantity"), ("warehouse",)),
    "price_set": Kind(("product", "price"), ("price_list",)),
}
_OF_SOME_KINDS = tuple(
    sorted({field for kind in KINDS.values() for field in (*kind.required, *kind.optional)})
)


def stated(id: UUID, draft: FactDraft, now: datetime) -> Fact:
    """The fact as drafted, at version 0; raises the rule that forbids it."""
    _check_kind(draft)
    _check_names(draft)
    _check_amounts(draft)
    if draft.payment == draft.document:
        raise ReversesItself(f"{draft.document.id} is the payment", field="payment")
    try:
        at = draft.happened_at.astimezone(UTC)
    except OverflowError:
        raise TimeOutOfRange(
            f"{draft.happened_at} has no date in UTC", field="happened_at"
        ) from None
    return Fact(
        id=id,
        version=0,
        external_ids=(draft.document,),
        received_at=now,
        **redrafted(draft)
        | {"happened_at": at, "happened_on": draft.happened_on or draft.happened_at.date()},
    )


def judged(known: Fact | None, fact: Fact) -> Literal["accepted", "duplicate", "stale"]:
    """Whether `fact` is news to whoever knows the newest version of its document, or none.

    Raises `VersionConflict` and `KindChanged`.
    """
    if known is None:
        return "accepted"
    if fact.document_version < known.document_version:
        return "stale"
    if fact.document_version > known.document_version:
        if fact.kind != known.kind:
            raise KindChanged(f"it is known as {known.kind}", field="kind")
        return "accepted"
    field = _difference(known, fact)
    if field is not None:
        raise VersionConflict(
            f"version {fact.document_version} was accepted with another {field}", field=field
        )
    return "duplicate"


def following(known: Fact, fact: Fact) -> Fact:
    """`fact` as the next version of the same record as `known`."""
    return replace(fact, id=known.id, version=known.version)


_OURS = ("id", "version", "received_at")
"""What the other system does not say."""


def _difference(known: Fact, fact: Fact) -> str | None:
    """The first field in which two versions say something else."""
    said = (name for name in Fact.__struct_fields__ if name not in _OURS)
    return next((name for name in said if getattr(known, name) != getattr(fact, name)), None)


def _check_kind(draft: FactDraft) -> None:
    kind = KINDS[draft.kind]
    for field in kind.required:
        if not _says(draft, field):
            raise FactIncomplete(f"{draft.kind} needs {field}", field=field)
    for field in _OF_SOME_KINDS:
        if _says(draft, field) and field not in (*kind.required, *kind.optional):
            raise FieldOfAnotherKind(f"{draft.kind} has no {field}", field=field)


def _says(draft: FactDraft, field: str) -> bool:
    value: Any = getattr(draft, field)
    return value is not None and value != ()


def _check_names(draft: FactDraft) -> None:
    named: list[tuple[str, PartyRef | RecordRef | None]] = [
        ("customer", draft.customer),
        ("deal", draft.deal),
        ("product", draft.product),
        *((f"lines[{place}].product", line.product) for place, line in enumerate(draft.lines)),
    ]
    for field, reference in named:
        if reference is not None and reference in (RecordRef(), PartyRef()):
            raise NobodyNamed("give an id of ours or of yours", field=field)


def _check_amounts(draft: FactDraft) -> None:
    is_of_payment = draft.kind in ("payment_received", "payment_reversed")
    if is_of_payment and draft.amount is not None and draft.amount.amount <= 0:
        raise AmountNotPositive(f"{draft.amount.amount} is not", field="amount")
    prices = [
        ("price", draft.price),
        *((f"lines[{place}].price", line.price) for place, line in enumerate(draft.lines)),
    ]
    for field, price in prices:
        if price is not None and price.amount < 0:
            raise PriceNegative(f"{price.amount} is", field=field)
