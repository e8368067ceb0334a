"""Money on the wire: what is an amount, and what is refused before any rule sees it."""

from decimal import Decimal

import msgspec
import pytest

from events.values import Money


def decoded(amount: str) -> Money:
    return msgspec.json.decode(f'{{"amount":{amount},"currency":"RUB"}}', type=Money)


@pytest.mark.parametrize("amount", ['"5.25"', '"-1"', '"0"', "12", '"999999999999999.99"'])
def test_a_decimal_string_or_a_number_is_an_amount(amount: str) -> None:
    assert decoded(amount).amount == Decimal(amount.strip('"'))


@pytest.mark.parametrize(
    "amount",
    ['"NaN"', '"sNaN"', '"-Infinity"', "1e400", '"1e15"', '"1E+999999"', '"1e-31"', '"five"'],
)
def test_what_nobody_could_add_up_is_no_amount(amount: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        decoded(amount)
