"""Rounding and dividing, where SQL does not do it."""

from decimal import Decimal

import pytest

from analytics.reports.answers import cents, ratio


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("0.005", "0.00"), ("0.015", "0.02"), ("0.0250001", "0.03"), ("7", "7.00"), ("-1.5", "-1.50")],
)
def test_cents_are_rounded_half_to_even(amount: str, rounded: str) -> None:
    assert str(cents(Decimal(amount))) == rounded


def test_there_is_no_ratio_to_nothing() -> None:
    assert ratio(0, 0) is None
    assert ratio(Decimal(5), Decimal(0)) is None


def test_a_ratio_is_exact_to_the_last_bit() -> None:
    assert ratio(4238, 4238 + 2473) == 4238 / (4238 + 2473)
