"""What a deal is worth: the sum of its lines, in the smallest unit of their currency."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

from chassis.problems import RuleBroken
from events.sales import DealLine
from events.values import Money

# ISO 4217 gives the currencies that it does not name here two decimal places.
_PLACES = {
    **dict.fromkeys(
        (
            *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"),
            *("UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_UNITS = {places: Decimal(1).scaleb(-places) for places in (0, 2, 3, 4)}

# Wide enough for every product of a quantity and a price, and for their sum.
_EXACT = Context(prec=120, rounding=ROUND_HALF_UP)
_LIMIT = Decimal(10) ** 15
_QUANTITY_LIMIT = Decimal(10) ** 12
_QUANTITY_PLACES = 12
_LEAST_QUANTITY = Decimal("0.000001")
_ZERO = Decimal(0)


class QuantityNotPossible(RuleBroken):
    """It is at least a millionth, below 10^12, and has at most 12 decimal places."""

    title = "This quantity cannot be sold"


class AmountBelowZero(RuleBroken):
    title = "An amount or price cannot be below zero"


class AmountTooLarge(RuleBroken):
    title = "An amount stays below 10^15"


class CurrenciesDiffer(RuleBroken):
    title = "A deal has one currency"


def smallest_unit(currency: str) -> Decimal:
    """The smallest unit of a currency, as 0.01 for USD and 1 for JPY."""
    return _UNITS[_PLACES.get(currency, 2)]


def rounded(amount: Decimal, currency: str) -> Money:
    """`amount` in whole smallest units of its currency, halves away from zero.

    Raises `AmountBelowZero` and `AmountTooLarge`.
    """
    if amount < _ZERO:
        raise AmountBelowZero(f"the amount is {amount}", field="amount")
    # The limit comes first: beyond it a number may be too long to be written out.
    if amount >= _LIMIT:
        raise AmountTooLarge("the amount is 10^15 or more", field="amount")
    whole = amount.quantize(smallest_unit(currency), context=_EXACT).copy_abs()
    if whole >= _LIMIT:
        raise AmountTooLarge("the amount is 10^15 or more", field="amount")
    return Money(whole, currency)


def amount(
    stated: Money | None, of_lines: tuple[DealLine, ...], before: Money | None = None
) -> Money | None:
    """What the deal is worth: the sum of its lines when it has any, else what is stated.

    Raises `QuantityNotPossible`, `AmountBelowZero`, `AmountTooLarge`, and
    `CurrenciesDiffer` when the lines, or an amount stated anew beside them, are not
    in one currency.
    """
    _check_lines(of_lines)
    if not of_lines:
        return None if stated is None else rounded(stated.amount, stated.currency)
    currency = of_lines[0].price.currency
    if stated is not None and stated != before and stated.currency != currency:
        raise CurrenciesDiffer(
            f"the amount in {stated.currency}, the lines in {currency}", field="amount.currency"
        )
    total = _ZERO
    for line in of_lines:
        total = _EXACT.add(total, _EXACT.multiply(line.quantity, line.price.amount))
    return rounded(total, currency)


def _check_lines(lines: tuple[DealLine, ...]) -> None:
    """Raise a problem unless quantities are possible, no price is below zero, the currency one."""
    for place, line in enumerate(lines):
        _check(line, f"lines[{place}]")
        if line.price.currency != lines[0].price.currency:
            raise CurrenciesDiffer(
                f"lines in {lines[0].price.currency} and {line.price.currency}",
                field=f"lines[{place}].price.currency",
            )


def _check(line: DealLine, field: str) -> None:
    quantity = line.quantity
    if not quantity.is_finite() or not _LEAST_QUANTITY <= quantity < _QUANTITY_LIMIT:
        raise QuantityNotPossible(
            "it is at least 0.000001 and below 10^12", field=f"{field}.quantity"
        )
    if int(quantity.as_tuple().exponent) < -_QUANTITY_PLACES:
        raise QuantityNotPossible(
            f"it has at most {_QUANTITY_PLACES} decimal places", field=f"{field}.quantity"
        )
    if line.price.amount < _ZERO:
        raise AmountBelowZero(f"the price is {line.price.amount}", field=f"{field}.price")
