"""Money on the wire: what is an amount, and what is refused before any rule sees it."""

from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.sales import DealLine
from events.values import Money, plain


def decoded(amount: str) -> Money:
    return msgspec.json.decode(f'{{"amount":{amount},"currency":"RUB"}}', type=Money)


@pytest.mark.parametrize("amount", ['"5.25"', '"-1"', '"0"', "12", '"999999999999999.99"'])
def test_a_decimal_string_or_a_number_is_an_amount(amount: str) -> None:
    assert decoded(amount).amount == Decimal(amount.strip('"'))


@pytest.mark.parametrize(
    "amount",
    [
        '"NaN"',
        '"sNaN"',
        '"-Infinity"',
        "1e400",
        '"1e15"',
        '"1E+999999"',
        '"1e-31"',
        '"1e-7"',
        '"five"',
    ],
)
def test_what_nobody_could_add_up_is_no_amount(amount: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        decoded(amount)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("1e3", "1000"),
        ('"12E+2"', "1200"),
        ('"1.50"', "1.50"),
        ('"0.000001"', "0.000001"),
        ('"0E-7"', "0"),
        ('"0E5"', "0"),
        ('"0.00"', "0.00"),
    ],
)
def test_an_amount_is_written_without_an_exponent(given: str, written: str) -> None:
    assert (
        msgspec.json.encode(decoded(given)) == f'{{"amount":"{written}","currency":"RUB"}}'.encode()
    )


def test_a_quantity_is_written_without_an_exponent() -> None:
    price = Money(Decimal(1), "RUB")
    line = DealLine(product=UUID(int=1), quantity=Decimal("1E+3"), price=price)
    assert msgspec.to_builtins(line)["quantity"] == "1000"
    assert line == DealLine(product=UUID(int=1), quantity=Decimal(1000), price=price)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_written_plainly_it_is_the_same_number(number: Decimal) -> None:
    assert plain(number) == number
    if not number or -6 <= number.adjusted() < 28:
        assert "E" not in str(plain(number))
