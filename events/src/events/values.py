"""Values that several aggregates share: money, references, external ids.

All structs are immutable and decode tolerantly: unknown fields are ignored, so
that an older reader understands a newer event of the same major version. A
`Literal` is closed for the life of a major; a vocabulary that may grow is a
string with `growing(...)`, which readers take as it comes.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

KNOWN_VALUES = "x-extensible-enum"
"""The JSON Schema annotation that lists the values of a growing vocabulary known so far."""


def growing(vocabulary: Any) -> Meta:
    """A string whose values may become more within a major: those of the `Literal` today.

    Readers compare with the values they know; any other is none of them.
    """
    return Meta(extra_json_schema={KNOWN_VALUES: list(get_args(vocabulary))})


UtcTime = Annotated[
    datetime,
    Meta(tz=True, description="RFC 3339, in UTC", extra_json_schema={"pattern": "Z$"}),
]
Language = Literal["en", "ru"]
Reach = Literal["all", "department", "own"]
"""How far a permission goes; `department` is one's own and every one below it."""
FieldRule = Literal["read_only", "masked", "hidden"]
"""What a role keeps from whoever has it: changing a field, seeing all of it, seeing any of it."""
LanguageTag = Annotated[
    str,
    Meta(
        pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(?!\n)$",
        description="BCP 47: a language, where it matters with script and region, as pt-BR",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=300)]
Text = Annotated[str, Meta(max_length=10_000)]
# `$` alone would also match before a last newline.
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}(?!\n)$", description="ISO 4217 code")]

_DIGITS = 15
_PLACES = 30
_SMALLEST = -6
"""Exponent of a millionth: what is smaller, `str` writes with an exponent."""
_WRITABLE = 28
"""Digits of a whole number that decimals keep by default."""


def plain(number: Decimal) -> Decimal:
    """The same number, so that JSON says it in digits alone: `1000`, where `str` has `1E+3`.

    Nothing can be done for numbers between zero and a millionth, and for those
    of more digits than anybody adds up: whoever declares an amount refuses them.
    """
    if not number.is_finite():
        return number
    if not number:
        return number if _SMALLEST <= number.adjusted() <= 0 else Decimal(0)
    is_short = int(number.as_tuple().exponent) > 0 and number.adjusted() < _WRITABLE
    return number.quantize(Decimal(1)) if is_short else number


Number = Annotated[
    Decimal,
    Meta(
        description="A decimal number in digits, never with an exponent",
        extra_json_schema={"pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"},
    ),
]


def countable(amount: Decimal) -> Decimal:
    """The same amount, in digits alone; a `ValueError` for what no reader could add up or store."""
    if not amount.is_finite() or amount.adjusted() >= _DIGITS:
        raise ValueError(f"an amount is a number of at most {_DIGITS} digits before the point")
    exponent = int(amount.as_tuple().exponent)
    if exponent < -_PLACES:
        raise ValueError(f"an amount has at most {_PLACES} places after the point")
    if amount.adjusted() < _SMALLEST and amount:
        raise ValueError("an amount is nothing, or at least a millionth")
    return plain(amount) if exponent > 0 or not amount else amount


class Money(Struct, frozen=True, gc=False):
    """An amount in one currency; JSON carries it as a decimal string.

    A `ValueError` for what no reader could add up or store: not a number, more
    than 15 digits before the point, more than 30 places after it, or less than
    a millionth and yet not nothing.
    """

    amount: Number
    currency: Currency

    def __post_init__(self) -> None:
        if (amount := countable(self.amount)) is not self.amount:
            force_setattr(self, "amount", amount)


class ExternalId(Struct, frozen=True, gc=False):
    """What another system calls this record; `(tenant, system, type, id)` is unique."""

    system: Annotated[str, Meta(min_length=1, max_length=100)]
    type: Annotated[str, Meta(min_length=1, max_length=100)]
    id: Annotated[str, Meta(min_length=1, max_length=200)]


class CustomerRef(Struct, frozen=True, gc=False):
    """A soft reference to a company or a person; it may arrive before its target."""

    type: Literal["company", "person"]
    id: UUID


class Record(Struct, frozen=True, gc=False, kw_only=True):
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
