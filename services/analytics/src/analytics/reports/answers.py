"""What several reports' answers are made of."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from msgspec import Struct

CENT = Decimal("0.01")


class OtherCurrency(Struct, frozen=True, kw_only=True):
    """Deals whose amounts are in another currency than the answer's; nothing is converted."""

    currency: str
    deals: int
    amount: Decimal


def cents(amount: Decimal) -> Decimal:
    """`amount` in whole cents, half to even."""
    return amount.quantize(CENT, ROUND_HALF_EVEN)


def ratio(part: Decimal | int, whole: Decimal | int) -> float | None:
    """`part / whole`; None where there is no whole."""
    return float(part / whole) if whole else None
