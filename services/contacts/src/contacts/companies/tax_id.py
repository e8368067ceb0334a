"""The Russian taxpayer number, ИНН: 10 digits of an organisation, 12 of a person in business."""

from __future__ import annotations

from chassis.problems import RuleBroken
from chassis.search import folded

_RUSSIA = frozenset(
    {"ru", "rus", "russia", "russian federation", "рф", "россия", "российская федерация"}
)
_OF_TEN = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_OF_ELEVEN = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_OF_TWELVE = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)


class TaxIdLength(RuleBroken):
    title = "A Russian ИНН has 10 or 12 digits"


class TaxIdCheckDigit(RuleBroken):
    title = "The check digit of the ИНН is wrong"


def is_russian(country: str | None) -> bool:
    """Whether a country, as people write it, is Russia."""
    return country is not None and folded([country]) in _RUSSIA


def check_inn(tax_id: str) -> None:
    """Raise `TaxIdLength` or `TaxIdCheckDigit` when `tax_id` cannot be an ИНН."""
    if not (tax_id.isascii() and tax_id.isdigit() and len(tax_id) in (10, 12)):
        raise TaxIdLength(f"{tax_id!r} does not", field="tax_id")
    digits = [int(digit) for digit in tax_id]
    checks = (_OF_TEN,) if len(digits) == 10 else (_OF_ELEVEN, _OF_TWELVE)
    for weights in checks:
        if digits[len(weights)] != check_digit(digits, weights):
            raise TaxIdCheckDigit(f"{tax_id} must have been mistyped", field="tax_id")


def check_digit(digits: list[int], weights: tuple[int, ...]) -> int:
    """What the digit after the weighted ones has to be."""
    return sum(d * w for d, w in zip(digits, weights, strict=False)) % 11 % 10
