"""Values that several aggregates share: money, references, external ids.

All structs are immutable and decode tolerantly: unknown fields are ignored, so
that an older reader understands a newer event of the same major version.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=300)]
Text = Annotated[str, Meta(max_length=10_000)]
# `$` alone would also match before a last newline.
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}(?!\n)$", description="ISO 4217 code")]

_DIGITS = 15
_PLACES = 30


class Money(Struct, frozen=True):
    """An amount in one currency; JSON carries it as a decimal string.

    A `ValueError` for what no reader could add up or store: not a number, more
    than 15 digits before the point, or more than 30 places after it.
    """

    amount: Decimal
    currency: Currency

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount.adjusted() >= _DIGITS:
            raise ValueError(f"an amount is a number of at most {_DIGITS} digits before the point")
        if int(self.amount.as_tuple().exponent) < -_PLACES:
            raise ValueError(f"an amount has at most {_PLACES} places after the point")


class ExternalId(Struct, frozen=True):
    """What another system calls this record; `(tenant, system, type, id)` is unique."""

    system: Annotated[str, Meta(min_length=1, max_length=100)]
    type: Annotated[str, Meta(min_length=1, max_length=100)]
    id: Annotated[str, Meta(min_length=1, max_length=200)]


class CustomerRef(Struct, frozen=True):
    """A soft reference to a company or a person; it may arrive before its target."""

    type: Literal["company", "person"]
    id: UUID


class Record(Struct, frozen=True, kw_only=True):
    """What every aggregate's state begins with.

    `version` counts the commands that changed the aggregate, from 1; `owner` is
    the responsible user and `department` the department that the record belongs
    to: access reaches are decided on these two.
    """

    id: UUID
    version: int
    owner: UUID | None = None
    department: UUID | None = None
    external_ids: tuple[ExternalId, ...] = ()
