"""What a deal is worth."""

from decimal import Decimal
from fractions import Fraction
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.sales import DealLine
from events.values import Money
from sales.deals.worth import (
    AmountBelowZero,
    AmountTooLarge,
    CurrenciesDiffer,
    QuantityNotPossible,
    amount,
    rounded,
    smallest_unit,
)

CURRENCIES = st.sampled_from(["USD", "RUB", "JPY", "KWD", "CLF"])
PRICES = st.decimals(min_value=0, max_value=10**8, places=6)
QUANTITIES = st.decimals(min_value=Decimal("0.000001"), max_value=10**5, places=6)


def line(quantity: str, price: str, currency: str = "USD") -> DealLine:
    return DealLine(
        product=uuid4(), quantity=Decimal(quantity), price=Money(Decimal(price), currency)
    )


def worth(*drafts: DealLine) -> Money:
    found = amount(None, drafts)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("currency", "unit"),
    [
        ("USD", "0.01"),
        ("RUB", "0.01"),
        ("JPY", "1"),
        ("KRW", "1"),
        ("KWD", "0.001"),
        ("XXX", "0.01"),
    ],
)
def test_every_currency_has_its_smallest_unit(currency: str, unit: str) -> None:
    assert smallest_unit(currency) == Decimal(unit)


def test_a_deal_is_worth_the_sum_of_its_lines() -> None:
    assert worth(line("2", "10.25"), line("0.5", "3")) == Money(Decimal("22.00"), "USD")


def test_halves_are_rounded_away_from_zero_and_only_once_for_the_sum() -> None:
    assert worth(line("1", "0.005")).amount == Decimal("0.01")
    assert worth(line("1", "0.004"), line("1", "0.004")).amount == Decimal("0.01")
    assert worth(line("1", "0.5", "JPY")).amount == Decimal(1)


def test_without_lines_it_is_worth_what_is_stated() -> None:
    assert amount(Money(Decimal("99.999"), "KWD"), ()) == Money(Decimal("99.999"), "KWD")
    assert amount(None, ()) is None


def test_the_sum_of_the_lines_counts_more_than_a_statement() -> None:
    stated = Money(Decimal(1), "USD")
    assert amount(stated, (line("1", "7"),)) == Money(Decimal(7), "USD")


def test_lines_and_a_new_statement_have_one_currency() -> None:
    with pytest.raises(CurrenciesDiffer) as broken:
        amount(None, (line("1", "7"), line("1", "7", "EUR")))
    assert broken.value.field == "lines[1].price.currency"
    with pytest.raises(CurrenciesDiffer):
        amount(Money(Decimal(1), "EUR"), (line("1", "7"),))


def test_a_former_amount_is_no_statement_when_the_lines_change_their_currency() -> None:
    former = Money(Decimal(1), "EUR")
    assert amount(former, (line("1", "7"),), former) == Money(Decimal(7), "USD")


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity", "1e12", "1e-13", "0.0000001"])
def test_a_quantity_is_a_number_above_zero_that_one_can_sell(quantity: str) -> None:
    with pytest.raises(QuantityNotPossible) as broken:
        amount(None, (line(quantity, "1"),))
    assert broken.value.field == "lines[0].quantity"


def test_neither_prices_nor_amounts_are_below_zero() -> None:
    with pytest.raises(AmountBelowZero):
        amount(None, (line("1", "-0.01"),))
    with pytest.raises(AmountBelowZero):
        rounded(Decimal("-0.01"), "USD")


def test_an_amount_stays_below_ten_to_the_fifteenth() -> None:
    with pytest.raises(AmountTooLarge):
        worth(line("1000", "999999999999999"))
    with pytest.raises(AmountTooLarge):
        rounded(Decimal("999999999999999.999"), "USD")


def test_nothing_has_no_sign() -> None:
    assert str(rounded(Decimal("-0"), "USD").amount) == "0.00"


@given(st.lists(st.tuples(QUANTITIES, PRICES), min_size=1, max_size=20), CURRENCIES)
def test_the_sum_is_exact_to_half_a_unit_whatever_the_order(
    sold: list[tuple[Decimal, Decimal]], currency: str
) -> None:
    drafts = tuple(
        DealLine(product=uuid4(), quantity=quantity, price=Money(price, currency))
        for quantity, price in sold
    )
    total = worth(*drafts)
    assert total == worth(*reversed(drafts))
    exact = sum(Fraction(quantity) * Fraction(price) for quantity, price in sold)
    assert abs(Fraction(total.amount) - exact) <= Fraction(smallest_unit(currency)) / 2
    assert total.amount.as_tuple().exponent == smallest_unit(currency).as_tuple().exponent


@given(PRICES, CURRENCIES)
def test_rounding_again_changes_nothing(price: Decimal, currency: str) -> None:
    once = rounded(price, currency)
    assert rounded(once.amount, once.currency) == once
