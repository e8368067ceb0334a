"""Tax numbers that are well-formed and belong to nobody in particular."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

_ORGANISATION = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_SOLE_TRADER = ((7, 2, 4, 10, 3, 5, 9, 4, 6, 8), (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
_PORTUGUESE = (9, 8, 7, 6, 5, 4, 3, 2)


def inn_of_organisation(dice: Random, region: str) -> str:
    """An ИНН of 10 digits; `region` is the two digits of the tax region."""
    digits = _digits(region, dice, 9)
    return digits + str(_weighed(digits, _ORGANISATION) % 11 % 10)


def inn_of_sole_trader(dice: Random, region: str) -> str:
    """An ИНН of 12 digits, with its two check digits."""
    digits = _digits(region, dice, 10)
    for weights in _SOLE_TRADER:
        digits += str(_weighed(digits, weights) % 11 % 10)
    return digits


def nif_of_company(dice: Random) -> str:
    """A Portuguese NIPC of 9 digits, which begins with 5."""
    digits = _digits("5", dice, 8)
    check = 11 - _weighed(digits, _PORTUGUESE) % 11
    return digits + str(check if check < 10 else 0)


def _digits(beginning: str, dice: Random, length: int) -> str:
    return beginning + "".join(dice.choices("0123456789", k=length - len(beginning)))


def _weighed(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
